import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { VerifiedClaims } from '../../lib/domain/tenants/jwt-authorizer.ts';
import { TOKEN_CLAIMS_DEPTH_MAX, TOKEN_CLAIMS_MEMBERS_MAX } from '../../lib/domain/limits.ts';
import { checkClaims, formatClaims, parseClaims } from '../../lib/jwt/claims-text.ts';
import { parseStrictJson } from '../../lib/json/strict-json.ts';

const CLAIMS: VerifiedClaims = { iss: 'https://issuer.example', sub: 'alice', exp: 1_790_000_000 };

test('reads what it wrote', () => {
  const claims = {
    ...CLAIMS,
    aud: ['a', 'b'],
    scope: 'x y',
    name: 'Zoë "Ω" \u2028',
    nested: { list: [1, null, true] },
  };
  expect(parseClaims(formatClaims(claims))).toEqual(claims);
});

test('reads any claims that were verified, and refuses any text without throwing', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (extra) => {
      const text = JSON.stringify({ ...extra, ...CLAIMS });
      const parsed = parseStrictJson(text, { maxDepth: TOKEN_CLAIMS_DEPTH_MAX, maxMembers: TOKEN_CLAIMS_MEMBERS_MAX });
      const checked = parsed.ok ? checkClaims(parsed.value as object) : parsed;
      if (checked.ok) expect(parseClaims(formatClaims(checked.value))).toEqual(checked.value);
    }),
  );
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
      expect(parseClaims(text)).toBeNull();
    }),
  );
});

test('takes claims of 6144 bytes and refuses one byte more', () => {
  const filler = 6_144 - formatClaims({ ...CLAIMS, x: '' }).length;
  const [fits, over] = [filler, filler + 1].map((length) => ({ ...CLAIMS, x: 'x'.repeat(length) }));
  expect(checkClaims(fits!).ok).toBe(true);
  expect(parseClaims(formatClaims(fits!))).toEqual(fits);
  expect(checkClaims(over!)).toMatchObject({ ok: false, error: { reason: 'claims' } });
  expect(parseClaims(formatClaims(over!))).toBeNull();
});

test('counts bytes, not characters', () => {
  expect(checkClaims({ ...CLAIMS, x: 'é'.repeat(2_900) }).ok).toBe(true);
  expect(checkClaims({ ...CLAIMS, x: 'é'.repeat(3_100) }).ok).toBe(false);
});

test.each([
  ['no claims', '{}'],
  ['a list', '[]'],
  ['no user', JSON.stringify({ ...CLAIMS, sub: undefined })],
  ['a user that is empty', JSON.stringify({ ...CLAIMS, sub: '' })],
  ['a time as a string', JSON.stringify({ ...CLAIMS, exp: '1790000000' })],
  ['no issuer', JSON.stringify({ ...CLAIMS, iss: undefined })],
  ['a user twice', JSON.stringify(CLAIMS).replace('"sub"', '"sub":"bob","sub"')],
])('refuses %s', (_, text) => {
  expect(parseClaims(text)).toBeNull();
});
