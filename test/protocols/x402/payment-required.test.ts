import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatBase64Json, parseBase64Json } from '../../../lib/protocols/x402/base64-json.ts';
import {
  buildPaymentHeader,
  chooseOffer,
  parsePaymentRequired,
  parseSettlement,
  type PaymentChallenge,
} from '../../../lib/protocols/x402/payment-required.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';

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
const document = { x402Version: 2, resource: { url }, accepts: [entry], extensions: { a: { info: 1 } } };
const headers = (values: Record<string, string>) => new Headers(values);
const required = (value: unknown) => headers({ 'PAYMENT-REQUIRED': formatBase64Json(value) });

function read(source: Parameters<typeof parsePaymentRequired>[0]): PaymentChallenge {
  const parsed = parsePaymentRequired(source);
  if (!parsed.ok || parsed.value === null) throw new Error('not a challenge');
  return parsed.value;
}

describe("a seller's 402", () => {
  test('is read from the header, before the body', () => {
    const challenge = read({ headers: required(document), body: '{"x402Version":1,"accepts":[{}]}' });
    expect(challenge).toEqual({ version: '2', accepts: [entry], resource: { url }, extensions: { a: { info: 1 } } });
  });

  test('is read from the body where there is no header', () => {
    expect(read({ headers: headers({}), body: JSON.stringify({ x402Version: 1, accepts: [entry] }) }).version).toBe(
      '1',
    );
  });

  test('is read in either base64 alphabet, with and without padding', () => {
    const standard = formatBase64Json({ text: '¿ÿ~~?' });
    const urlSafe = standard.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
    expect(parseBase64Json(urlSafe)).toEqual(parseBase64Json(standard));
    expect(parseBase64Json(standard).ok).toBe(true);
  });

  test.each(['', '<html>', '{}', '{"error":"pay us"}', '[]'])('with the body %j and no header is not x402', (body) => {
    expect(parsePaymentRequired({ headers: headers({}), body })).toEqual({ ok: true, value: null });
  });

  test.each([
    ['a header that is no base64', headers({ 'payment-required': '%%%' })],
    ['a header that is no JSON', headers({ 'payment-required': btoa('nope') })],
    ['an unknown version', required({ ...document, x402Version: 3 })],
    ['a version as text', required({ ...document, x402Version: '2' })],
    ['no offers', required({ ...document, accepts: [] })],
    ['offers that are no list', required({ ...document, accepts: { 0: entry } })],
    ['more offers than anybody needs', required({ ...document, accepts: Array.from({ length: 33 }, () => entry) })],
  ])('with %s is refused', (_what, source) => {
    expect(parsePaymentRequired({ headers: source, body: '' })).toMatchObject({ ok: false });
  });

  test('may hold anything without making the parser throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (header, body) => {
        const source = { get: (name: string) => (name === 'payment-required' ? header : null) };
        expect(typeof parsePaymentRequired({ headers: source, body }).ok).toBe('boolean');
        expect(typeof parsePaymentRequired({ headers: headers({}), body }).ok).toBe('boolean');
        expect(typeof parseSettlement(source).ok).toBe('boolean');
      }),
    );
  });
});

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

  test('is on a network that the caller allows', () => {
    expect(chooseOffer(challengeOf(entry), { requestedUrl: url, networks: new Set(['eip155:8453']) }).ok).toBe(false);
  });
});

describe('the payment header', () => {
  const payload = { signature: '0x', authorization: {} };
  const decode = (value: string) => JSON.parse(atob(value)) as unknown;

  test('of version 1 names scheme and network as the seller spelt them', () => {
    const v1Entry = { ...entry, network: 'base-sepolia' };
    const challenge: PaymentChallenge = {
      version: '1',
      accepts: [v1Entry],
      resource: undefined,
      extensions: undefined,
    };
    const chosen = chooseOffer(challenge, { requestedUrl: url });
    if (!chosen.ok) throw new Error(chosen.error.message);
    const header = buildPaymentHeader(challenge, chosen.value, payload);
    expect(header.name).toBe('X-PAYMENT');
    expect(decode(header.value)).toEqual({ x402Version: 1, scheme: 'exact', network: 'base-sepolia', payload });
  });

  test('of version 2 echoes the accepted entry, the resource and the extensions', () => {
    const challenge = read({ headers: required(document), body: '' });
    const chosen = chooseOffer(challenge, { requestedUrl: url });
    if (!chosen.ok) throw new Error(chosen.error.message);
    const header = buildPaymentHeader(challenge, chosen.value, payload);
    expect(header.name).toBe('PAYMENT-SIGNATURE');
    expect(decode(header.value)).toEqual({
      x402Version: 2,
      resource: { url },
      accepted: entry,
      extensions: { a: { info: 1 } },
      payload,
    });
  });
});

describe('the settlement header', () => {
  test.each(['PAYMENT-RESPONSE', 'X-PAYMENT-RESPONSE'])('%s is read', (name) => {
    const settlement = { success: true, transaction: '0xabc', network: 'eip155:84532', payer: '0x1' };
    expect(parseSettlement(headers({ [name]: formatBase64Json(settlement) }))).toEqual({
      ok: true,
      value: { ...settlement, errorReason: null },
    });
  });

  test('is null where there is none, and refused where it cannot be read', () => {
    expect(parseSettlement(headers({}))).toEqual({ ok: true, value: null });
    expect(parseSettlement(headers({ 'payment-response': 'e30=' })).ok).toBe(false);
    expect(parseSettlement(headers({ 'payment-response': '%' })).ok).toBe(false);
  });
});
