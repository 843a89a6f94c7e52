import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { formatBase64Json } from '../../../lib/json/base64-json.ts';
import {
  buildPaymentHeader,
  parsePaymentRequired,
  payableOffers,
  type PaymentChallenge,
} from '../../../lib/protocols/x402/payment-required.ts';
import { X402_SCHEMES } from '../../../lib/protocols/x402/schemes/catalogue.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';
import { chooseOffer } from '../../support/x402.ts';

const url = 'https://seller.example/data?q=1';
const entry = {
  scheme: 'exact',
  network: BASE_SEPOLIA.id,
  amount: '10000',
  asset: BASE_SEPOLIA.usdc.address,
  payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
  maxTimeoutSeconds: 60,
  extra: { name: 'USDC', version: '2' },
};
const required = (value: unknown) => new Headers({ 'PAYMENT-REQUIRED': formatBase64Json(value) });

describe('the offer that is paid', () => {
  const challengeOf = (...accepts: unknown[]): PaymentChallenge => ({
    version: '2',
    accepts,
    resource: { url },
    extensions: undefined,
  });

  test('is the cheapest, not the first', () => {
    const chosen = chooseOffer(challengeOf({ ...entry, amount: '30000' }, entry, { ...entry, amount: '20000' }), {
      requestedUrl: url,
    });
    expect(chosen).toMatchObject({ ok: true, value: { index: 1, entry } });
  });

  test('is found behind offers that cannot be paid, and the reasons are told where none can', () => {
    const foreign = { ...entry, network: 'solana' };
    expect(chooseOffer(challengeOf(foreign, null, entry), { requestedUrl: url })).toMatchObject({
      value: { index: 2 },
    });
    const none = chooseOffer(challengeOf(foreign, null), { requestedUrl: url });
    expect(none).toMatchObject({ ok: false, error: { reason: 'no_payable_offer' } });
    expect(none.ok ? '' : none.error.message).toMatch(
      /offer 0: Network mismatch 'solana'.*; offer 1: it is not an object/,
    );
  });

  test('is not refused one by one where there are many that cannot be paid', () => {
    const refused = chooseOffer(challengeOf(...Array.from({ length: 40 }, () => ({}))), { requestedUrl: url });
    expect(refused.ok ? '' : refused.error.message).toMatch(/offer 7: [^;]*; and 32 more$/);
    const eight = chooseOffer(challengeOf(...Array.from({ length: 8 }, () => ({}))), { requestedUrl: url });
    expect(eight.ok ? '' : eight.error.message).toMatch(/; offer 7: Payment scheme is required$/);
  });

  test('costs at most what the caller allows, to the last unit', () => {
    const atMost = (micros: bigint) =>
      chooseOffer(challengeOf(entry), { requestedUrl: url, maxAmount: toMicroUsd(micros) });
    expect(atMost(10_000n).ok).toBe(true);
    expect(atMost(9_999n)).toMatchObject({
      error: { message: 'offer 0: it costs USD 0.01, more than the USD 0.009999 that may be paid' },
    });
  });

  test('is the first of two that cost the same', () => {
    const onBase = {
      ...entry,
      network: 'eip155:8453',
      asset: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913',
      extra: { name: 'USD Coin', version: '2' },
    };
    expect(chooseOffer(challengeOf(onBase, entry), { requestedUrl: url })).toMatchObject({ value: { index: 0 } });
    expect(chooseOffer(challengeOf(entry, onBase), { requestedUrl: url })).toMatchObject({ value: { index: 0 } });
  });

  test('is chosen or refused whatever the seller writes, and never by an error', async () => {
    const anything = fc.oneof(fc.jsonValue(), fc.constantFrom(url, entry, null, '2'));
    const offered = fc.oneof(
      anything,
      fc
        .tuple(fc.constantFrom(...Object.keys(entry), 'resource'), anything)
        .map(([at, value]) => ({ ...entry, [at]: value })),
    );
    let chosen = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(offered, { maxLength: 4 }),
        anything,
        fc.constantFrom(1, 2),
        async (accepts, resource, x402Version) => {
          const source = required({ x402Version, accepts, resource });
          const parsed = parsePaymentRequired({ headers: source, body: '' });
          if (!parsed.ok || parsed.value === null) return;
          const choice = chooseOffer(parsed.value, { requestedUrl: url });
          if (!choice.ok) {
            expect(choice.error.message).toMatch(/^[\x20-\x7e]+$/);
            return;
          }
          chosen += 1;
          expect(typeof (await buildPaymentHeader(parsed.value, choice.value, {})).value).toBe('string');
        },
      ),
      { numRuns: 500 },
    );
    expect(chosen).toBeGreaterThan(0);
  });

  test('comes before those that cost more, which follow in order', () => {
    const amounts = ['30000', '10000', '40000', '10000', '20000'];
    const accepts = amounts.map((amount, index) => ({ ...entry, amount, index }));
    const payable = payableOffers(challengeOf(...accepts), { requestedUrl: url, schemes: X402_SCHEMES });
    expect(payable.ok && payable.value.map(({ index }) => index)).toEqual([1, 3, 4, 0, 2]);
  });

  test('is on a network that the caller allows', () => {
    expect(chooseOffer(challengeOf(entry), { requestedUrl: url, networks: new Set(['eip155:8453']) }).ok).toBe(false);
  });
});
