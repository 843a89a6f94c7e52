import { describe, expect, test } from 'vitest';
import {
  WALLET_LINK_PREFIX,
  WALLET_LINK_SECRET,
  WALLET_PAGE_PREFIX,
  WALLET_PAGE_TOKEN,
} from '../../../lib/domain/tenants/wallet-page.ts';

// Of 32 bytes in base64url.
const SECRET = 'AZaz09-_'.padEnd(43, 'x');

test('secrets of links and tokens of pages are told apart by how they begin', () => {
  expect([WALLET_LINK_PREFIX, WALLET_PAGE_PREFIX]).toEqual(['bwl_', 'bwp_']);
  expect(WALLET_LINK_SECRET.test(`bwp_${SECRET}`)).toBe(false);
  expect(WALLET_PAGE_TOKEN.test(`bwl_${SECRET}`)).toBe(false);
});

describe.each([
  ['of a link', WALLET_LINK_PREFIX, WALLET_LINK_SECRET],
  ['of a page', WALLET_PAGE_PREFIX, WALLET_PAGE_TOKEN],
])('the secret %s', (_what, prefix, form) => {
  test('is what 32 bytes are in base64url', () => {
    expect(form.test(`${prefix}${SECRET}`)).toBe(true);
    expect(form.test(`${prefix}${Buffer.alloc(32, 0xfb).toString('base64url')}`)).toBe(true);
  });

  test('is that alone', () => {
    const whole = `${prefix}${SECRET}`;
    for (const other of [
      SECRET,
      whole.slice(0, -1),
      `${whole}x`,
      ` ${whole}`,
      `${whole}\n`,
      `${whole.slice(0, -1)}.`,
    ]) {
      expect(form.test(other)).toBe(false);
    }
  });
});
