import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import { formatBase64Json } from '../../../lib/json/base64-json.ts';
import {
  buildPaymentHeader,
  parsePaymentRequired,
  type PaymentChallenge,
} from '../../../lib/protocols/x402/payment-required.ts';
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

  test('is never for a resource of another origin', () => {
    for (const requestedUrl of [
      'https://other.example/data',
      'http://seller.example/data',
      'https://seller.example:8443/',
    ]) {
      expect(chooseOffer(challengeOf(entry), { requestedUrl }).ok).toBe(false);
    }
    const v1 = {
      version: '1',
      accepts: [{ ...entry, resource: 'https://other.example/' }],
      resource: undefined,
      extensions: undefined,
    } as const;
    expect(chooseOffer(v1, { requestedUrl: url }).ok).toBe(false);
  });

  const v1Of = (resource: unknown, own: unknown): PaymentChallenge => ({
    version: '1',
    accepts: [{ ...entry, resource: own }],
    resource,
    extensions: undefined,
  });
  const elsewhere = 'https://other.example/';

  test.each<[string, PaymentChallenge]>([
    ['names another origin in the place of the other version', v1Of({ url: elsewhere }, url)],
    ['names ours only in the place of the other version', v1Of({ url }, elsewhere)],
    ['names a resource that is no text', v1Of(undefined, { url })],
    ['names a resource that is no URL', v1Of(undefined, 'data')],
    ['is of version 2 and has a foreign resource in its entry', challengeOf({ ...entry, resource: elsewhere })],
    ['has a foreign resource as a text', { ...challengeOf(entry), resource: elsewhere }],
    [
      'hides a foreign host behind a user name',
      { ...challengeOf(entry), resource: { url: `${url.slice(0, 22)}@x.example` } },
    ],
  ])('is never one that %s', (_what, challenge) => {
    expect(chooseOffer(challenge, { requestedUrl: url })).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('another origin') as string },
    });
  });

  test.each<[string, PaymentChallenge]>([
    ['names no resource', v1Of(undefined, undefined)],
    ['has null for its resource', v1Of(null, null)],
    ['names the resource in both places', v1Of({ url }, url)],
    ['has the resource as a text', { ...challengeOf(entry), resource: url }],
    ['has something else by that name in its entry', challengeOf({ ...entry, resource: { url: elsewhere } })],
  ])('may be one that %s', (_what, challenge) => {
    expect(chooseOffer(challenge, { requestedUrl: url }).ok).toBe(true);
  });

  test('is never for a page without an origin', () => {
    const opaque = { ...challengeOf(entry), resource: { url: 'data:text/plain,x' } };
    expect(chooseOffer(opaque, { requestedUrl: 'about:blank' }).ok).toBe(false);
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

  test('is chosen or refused whatever the seller writes, and never by an error', () => {
    const anything = fc.oneof(fc.jsonValue(), fc.constantFrom(url, entry, null, '2'));
    const offered = fc.oneof(
      anything,
      fc
        .tuple(fc.constantFrom(...Object.keys(entry), 'resource'), anything)
        .map(([at, value]) => ({ ...entry, [at]: value })),
    );
    let chosen = 0;
    fc.assert(
      fc.property(
        fc.array(offered, { maxLength: 4 }),
        anything,
        fc.constantFrom(1, 2),
        (accepts, resource, x402Version) => {
          const source = required({ x402Version, accepts, resource });
          const parsed = parsePaymentRequired({ headers: source, body: '' });
          if (!parsed.ok || parsed.value === null) return;
          const choice = chooseOffer(parsed.value, { requestedUrl: url });
          if (!choice.ok) {
            expect(choice.error.message).toMatch(/^[\x20-\x7e]+$/);
            return;
          }
          chosen += 1;
          expect(typeof buildPaymentHeader(parsed.value, choice.value, {}).value).toBe('string');
        },
      ),
      { numRuns: 500 },
    );
    expect(chosen).toBeGreaterThan(0);
  });

  test('is on a network that the caller allows', () => {
    expect(chooseOffer(challengeOf(entry), { requestedUrl: url, networks: new Set(['eip155:8453']) }).ok).toBe(false);
  });
});
