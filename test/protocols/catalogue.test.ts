import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePaymentInput, protocolOf } from '../../lib/protocols/catalogue.ts';
import { BASE_SEPOLIA } from '../support/payments.ts';

const allowed = { networks: new Set<string>([BASE_SEPOLIA.id]) };
const payload = {
  scheme: 'exact',
  network: BASE_SEPOLIA.id,
  amount: '10000',
  asset: BASE_SEPOLIA.usdc.address,
  payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
  maxTimeoutSeconds: 60,
  extra: { name: 'USDC', version: '2' },
};
const cryptoX402 = { version: '2', payload };
const SORTING_WORDS = /budget|insufficient|expired|instrument|inactive|session not found/i;

describe('a payment input', () => {
  test('is read by the protocol that its payment type names', async () => {
    const parsed = await parsePaymentInput('CRYPTO_X402', { cryptoX402 }, allowed);
    expect(parsed).toMatchObject({ ok: true, value: { protocol: 'x402', amount: 10_000n } });
    if (parsed.ok) expect(protocolOf(parsed.value).inputName).toBe('cryptoX402');
  });

  test.each<[string, unknown, string]>([
    [
      'an allowance limit, which goes with another scheme',
      { ...cryptoX402, permit2AllowanceLimit: '1' },
      'permit2AllowanceLimit',
    ],
    ['a limit of null', { ...cryptoX402, permit2AllowanceLimit: null }, 'permit2AllowanceLimit'],
    ['no version', { payload }, 'version'],
    ['no payload', { version: '2' }, 'payload'],
    ['a list', [cryptoX402], ''],
    ['a text', JSON.stringify(cryptoX402), ''],
    ['null', null, ''],
    ['nothing', undefined, ''],
  ])('is refused with %s in its place', async (_what, input, field) => {
    const refused = await parsePaymentInput('CRYPTO_X402', { cryptoX402: input }, allowed);
    expect(refused).toMatchObject({ ok: false, error: { reason: 'invalid_challenge', field } });
  });

  test('says of an allowance limit what AWS says of it', async () => {
    const input = { cryptoX402: { ...cryptoX402, permit2AllowanceLimit: '1' } };
    expect(await parsePaymentInput('CRYPTO_X402', input, allowed)).toMatchObject({
      error: {
        code: 'allowance_without_upto',
        message: "permit2AllowanceLimit is only supported for payment scheme 'upto'. Received scheme: exact",
      },
    });
  });

  const ceiling = {
    ...payload,
    scheme: 'upto',
    extra: { ...payload.extra, facilitatorAddress: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' },
  };
  test.each([
    ['1', 'sent', true],
    ['9'.repeat(78), 'sent', true],
    ['9'.repeat(79), 'sent', false],
    ['', 'sent', false],
    ['1.5', 'sent', false],
    [7, 'sent', false],
    [null, 'sent', false],
    ['1', null, false],
  ] as const)('takes an allowance limit %j of upto where approvals are %j: %j', async (limit, approvals, taken) => {
    const input = { cryptoX402: { version: '2', payload: ceiling, permit2AllowanceLimit: limit } };
    const parsed = await parsePaymentInput('CRYPTO_X402', input, { ...allowed, approvals });
    expect(parsed.ok).toBe(taken);
    if (!parsed.ok)
      expect(parsed.error).toMatchObject({ code: 'allowance_unsupported', field: 'permit2AllowanceLimit' });
  });

  test('is refused with two members, of which only one can be meant', async () => {
    const both = { cryptoX402, mpp: { version: '1' } };
    expect(await parsePaymentInput('CRYPTO_X402', both, allowed)).toMatchObject({
      error: { code: 'ambiguous_input', field: '' },
    });
    expect((await parsePaymentInput('CRYPTO_X402', { cryptoX402, mpp: null }, allowed)).ok).toBe(true);
  });

  test.each([
    [
      'AWS_BILLING_X402',
      { awsBillingX402: {} },
      'it charges an account through AWS Marketplace, which Bursar does not',
    ],
  ])('says of %s that it is not enabled, and why', async (paymentType, input, why) => {
    const refused = await parsePaymentInput(paymentType, input, allowed);
    expect(refused).toMatchObject({ error: { code: 'unsupported_payment_type', field: 'paymentType' } });
    if (refused.ok) throw new Error('accepted');
    expect(refused.error.message).toContain(`${why}. Enabled: CRYPTO_X402, MPP`);
    // AWS's own tests take these words in an answer for a fault of the wire.
    expect(refused.error.message).not.toMatch(/paymenttype|paymentinput|unknown parameter/i);
    expect(refused.error.message).not.toMatch(SORTING_WORDS);
  });

  test.each(['', 'toString', '__proto__', 'crypto_x402', 'x'.repeat(10_000), 'Budget expired', 'session not found'])(
    'is refused with the payment type %j',
    async (paymentType) => {
      const refused = await parsePaymentInput(paymentType, { cryptoX402 }, allowed);
      if (refused.ok) throw new Error('accepted');
      expect(refused.error).toMatchObject({ code: 'unsupported_payment_type', field: 'paymentType' });
      expect(refused.error.message).not.toMatch(SORTING_WORDS);
      expect(refused.error.message.length).toBeLessThan(200);
    },
  );

  test('may be anything without making the parser throw', async () => {
    const type = fc.oneof(fc.constant('CRYPTO_X402'), fc.string({ unit: 'binary' }));
    const input = fc.oneof(
      fc.anything(),
      fc.record({ cryptoX402: fc.anything() }),
      fc.dictionary(fc.string(), fc.jsonValue()),
    );
    await fc.assert(
      fc.asyncProperty(type, input, async (paymentType, paymentInput) => {
        const refused = await parsePaymentInput(paymentType, paymentInput, allowed);
        if (refused.ok) throw new Error('accepted');
        expect(refused.error.message).not.toMatch(SORTING_WORDS);
      }),
      { numRuns: 500 },
    );
  });
});
