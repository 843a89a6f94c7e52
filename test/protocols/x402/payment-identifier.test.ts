import { extractAndValidatePaymentIdentifier } from '@x402/extensions/payment-identifier';
import { describe, expect, test } from 'vitest';
import { parseBase64Json } from '../../../lib/json/base64-json.ts';
import { memberOf } from '../../../lib/json/record.ts';
import { buildPaymentHeader, type PaymentChallenge } from '../../../lib/protocols/x402/payment-required.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';
import { chooseOffer } from '../../support/x402.ts';

const url = 'https://seller.example/data';
const entry = {
  scheme: 'exact',
  network: BASE_SEPOLIA.id,
  amount: '10000',
  asset: BASE_SEPOLIA.usdc.address,
  payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
  maxTimeoutSeconds: 60,
};
const proof = { signature: `0x${'5a'.repeat(65)}`, authorization: { nonce: `0x${'ab'.repeat(32)}` } };
const other = { ...proof, authorization: { nonce: `0x${'ac'.repeat(32)}` } };
const OWN_PATTERN = '^[a-zA-Z0-9_-]+$';

function challengeOf(declared: unknown, version: '1' | '2' = '2'): PaymentChallenge {
  return { version, accepts: [entry], resource: { url }, extensions: { 'payment-identifier': declared, x: { a: 1 } } };
}

/** The extensions that go back to the seller; the reason where nothing is paid. */
async function sendBack(declared: unknown, payload: object = proof): Promise<unknown> {
  const challenge = challengeOf(declared);
  const chosen = chooseOffer(challenge, { requestedUrl: url });
  if (!chosen.ok) return chosen.error.message;
  const sent = parseBase64Json((await buildPaymentHeader(challenge, chosen.value, payload)).value);
  return sent.ok ? memberOf(sent.value, 'extensions') : 'unreadable';
}

function idOf(extensions: unknown): unknown {
  return memberOf(memberOf(memberOf(extensions, 'payment-identifier'), 'info'), 'id');
}

const schemaOf = (id: object) => ({ properties: { required: { type: 'boolean' }, id: { type: 'string', ...id } } });

describe('a seller that wants a payment identifier gets one', () => {
  test.each([
    ['that it insists on', { info: { required: true } }],
    ['that it only has a place for', { info: { required: false } }],
    ['by the schema of x402', { info: { required: true }, schema: schemaOf({ minLength: 16, pattern: OWN_PATTERN }) }],
    ['beside a null', { info: { required: true, id: null } }],
  ])('%s', async (_what, declared) => {
    const sent = await sendBack(declared);
    expect(idOf(sent)).toMatch(/^pay_[0-9a-f]{32}$/);
    expect(sent).toMatchObject({ x: { a: 1 }, 'payment-identifier': { info: { required: declared.info.required } } });
  });

  test.each([OWN_PATTERN, '^[A-Za-z0-9_-]+$', '^[a-zA-Z0-9_-]{16,128}$', '^[A-Za-z0-9_-]{16,128}$', undefined])(
    'of the pattern %s, and as long as ours is',
    async (pattern) => {
      for (const length of [{ minLength: 36 }, { maxLength: 36 }, { maxLength: 128 }]) {
        const declared = { info: { required: true }, schema: schemaOf({ ...length, pattern }) };
        expect(idOf(await sendBack(declared))).toMatch(/^pay_[0-9a-f]{32}$/);
      }
    },
  );

  test('which is the same whenever a proof is presented, and another for another proof', async () => {
    const declared = { info: { required: true } };
    const [id, again, anotherId] = await Promise.all(
      [proof, structuredClone(proof), other].map(async (each) => idOf(await sendBack(declared, each))),
    );
    expect(again).toBe(id);
    expect(anotherId).not.toBe(id);
  });

  test('which the official seller reads', async () => {
    const extensions = await sendBack({ info: { required: true }, schema: {} });
    const read = extractAndValidatePaymentIdentifier({ x402Version: 2, extensions } as never);
    expect(read).toMatchObject({ id: idOf(extensions), validation: { valid: true } });
  });

  test('of its own making, where it brought one', async () => {
    expect(idOf(await sendBack({ info: { required: true, id: 'order_0123456789abcdef' } }))).toBe(
      'order_0123456789abcdef',
    );
  });
});

describe('nothing is signed for a seller that insists on an identifier', () => {
  test.each([
    ['shorter than ours', { info: { required: true }, schema: schemaOf({ maxLength: 35 }) }],
    ['longer than ours', { info: { required: true }, schema: schemaOf({ minLength: 37 }) }],
    ['of its own pattern', { info: { required: true }, schema: schemaOf({ pattern: '^(([a-z])+.)+[A-Z]([a-z])+$' }) }],
  ])('%s', async (_what, declared) => {
    expect(await sendBack(declared)).toBe(
      'offer 0: it wants a payment-identifier of a form that is not the one of x402',
    );
    expect(await sendBack({ ...declared, info: { required: false } })).toMatchObject({ x: { a: 1 } });
    expect(idOf(await sendBack({ ...declared, info: { required: false } }))).toBeUndefined();
  });

  test.each(['short', '0123456789abcde', 'x'.repeat(129), '!0123456789abcdef', '0123456789abcdef!', 16])(
    'and brought one that is none: %j',
    async (id) => {
      expect(await sendBack({ info: { required: true, id } })).toBe(
        'offer 0: its payment-identifier comes with an id that is none',
      );
    },
  );

  test.each(['0123456789abcdef', 'x'.repeat(128)])('unless it brought one that is: %s', async (id) => {
    expect(idOf(await sendBack({ info: { required: true, id } }))).toBe(id);
  });
});

test('whatever else stands by that name goes back as it came', async () => {
  for (const declared of [null, 5, [], {}, { info: 5 }, { info: {} }, { info: { required: 'yes' } }]) {
    expect(await sendBack(declared)).toEqual({ 'payment-identifier': declared, x: { a: 1 } });
  }
});

test('a seller of version 1 has no place for an identifier, and is paid without', async () => {
  expect(chooseOffer(challengeOf({ info: { required: true, id: 'short' } }, '1'), { requestedUrl: url }).ok).toBe(true);
});
