import {
  decodePaymentSignatureHeader,
  encodePaymentRequiredHeader,
  encodePaymentResponseHeader,
} from '@x402/core/http';
import { PaymentPayloadV1Schema, PaymentPayloadV2Schema } from '@x402/core/schemas';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatBase64Json, parseBase64Json } from '../../../lib/json/base64-json.ts';
import {
  buildPaymentHeader,
  parsePaymentRequired,
  parseSettlement,
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

  test('is read as the official server writes it', () => {
    const header = encodePaymentRequiredHeader(document as never);
    expect(read({ headers: headers({ 'PAYMENT-REQUIRED': header }), body: '{}' }).accepts).toEqual([entry]);
  });

  test('of version 1 may stand in the header, and of version 2 in the body', () => {
    expect(read({ headers: required({ x402Version: 1, accepts: [entry] }), body: '' }).version).toBe('1');
    expect(read({ headers: headers({}), body: JSON.stringify(document) })).toMatchObject({
      version: '2',
      resource: { url },
    });
  });

  test.each(['', '<html>', '{}', '{"error":"pay us"}', '[]', '{"a":1,"a":2}', '<p>"x402Version"</p>'])(
    'with the body %j and no header is not x402',
    (body) => {
      expect(parsePaymentRequired({ headers: headers({}), body })).toEqual({ ok: true, value: null });
    },
  );

  test.each([
    ['a header that is no base64', headers({ 'payment-required': '%%%' })],
    ['a header that is no JSON', headers({ 'payment-required': btoa('nope') })],
    ['an unknown version', required({ ...document, x402Version: 3 })],
    ['an unknown version as text', required({ ...document, x402Version: '2.0' })],
    ['a version that is an object', required({ ...document, x402Version: { toString: 1, valueOf: 2 } })],
    ['offers that are no list', required({ ...document, accepts: { 0: entry } })],
    ['more offers than anybody needs', required({ ...document, accepts: Array.from({ length: 1_001 }, () => 0) })],
    ['no version', required({ accepts: [entry] })],
    [
      'a header that is no UTF-8',
      headers({ 'payment-required': btoa('{"x402Version":2,"accepts":[{}],"error":"\xff"}') }),
    ],
    ['a header of a megabyte', headers({ 'payment-required': 'A'.repeat(1_000_000) })],
    ['a header nested deeply', headers({ 'payment-required': btoa('['.repeat(40_000)) })],
    ['a name twice', headers({ 'payment-required': btoa('{"x402Version":2,"x402Version":2,"accepts":[{}]}') })],
    ['a prototype', headers({ 'payment-required': btoa('{"x402Version":2,"accepts":[{"__proto__":{}}]}') })],
  ])('with %s is refused', (_what, source) => {
    expect(parsePaymentRequired({ headers: source, body: '' })).toMatchObject({
      ok: false,
      error: { reason: 'unreadable' },
    });
  });

  test.each([
    ['a name twice', '{"x402Version":1,"x402Version":1,"accepts":[{}]}'],
    ['blanks before it', ' \n{"x402Version":1,"accepts":['],
    ['its end cut off', '{"x402Version":1,"accepts":[{"scheme":"exact"'],
    ['a version as other text', '{"x402Version":"one","accepts":[{}]}'],
    ['more than it may hold', `{"x402Version":1,"accepts":["${'x'.repeat(256 * 1024)}"]}`],
  ])('is refused for a body that means x402 with %s', (_what, body) => {
    expect(parsePaymentRequired({ headers: headers({}), body })).toMatchObject({
      ok: false,
      error: { reason: 'unreadable' },
    });
  });

  test('is read with as many offers as are allowed', () => {
    const accepts = Array.from({ length: 1_000 }, () => 0);
    expect(read({ headers: required({ ...document, accepts }), body: '' }).accepts).toHaveLength(1_000);
    expect(parsePaymentRequired({ headers: required({ ...document, accepts: [...accepts, 0] }), body: '' })).toEqual({
      ok: false,
      error: { reason: 'unreadable', message: 'accepts holds more than 1000 offers' },
    });
  });

  test('may say its version as text', () => {
    expect(read({ headers: required({ ...document, x402Version: '2' }), body: '' }).version).toBe('2');
    expect(read({ headers: headers({}), body: JSON.stringify({ ...document, x402Version: '1' }) }).version).toBe('1');
  });

  test('is read from the body where the header is blank', () => {
    const body = JSON.stringify({ x402Version: 1, accepts: [entry] });
    for (const blank of ['', '  ']) expect(read({ headers: { get: () => blank }, body }).version).toBe('1');
  });

  test.each<[string, unknown, string]>([
    ['says why', { error: 'Subscribe first', accepts: [] }, ', and says: Subscribe first'],
    ['says so elsewhere alone', { error: '', message: 'no token' }, ', and says: no token'],
    ['says nothing in many words', { error: '', message: '' }, ''],
    ['says so elsewhere', { error: { code: 1 }, message: 'no\ntoken' }, ', and says: no?token'],
    ['says nothing', { accepts: null }, ''],
  ])('that makes no offer and %s is told from one that cannot be read', (_what, said, quoted) => {
    const refused = { ok: false, error: { reason: 'no_offers', message: `the seller's 402 makes no offer${quoted}` } };
    const value = { x402Version: 2, ...(said as object) };
    expect(parsePaymentRequired({ headers: required(value), body: '' })).toEqual(refused);
    expect(parsePaymentRequired({ headers: headers({}), body: JSON.stringify(value) })).toEqual(refused);
  });

  test('may hold names and nesting that are only sent back', () => {
    const deep: unknown = JSON.parse(`${'{"constructor":'.repeat(120)}{"prototype":[]}${'}'.repeat(120)}`);
    const offered = { ...entry, outputSchema: deep };
    expect(read({ headers: required({ ...document, accepts: [offered] }), body: '' }).accepts).toEqual([offered]);
  });

  test('may be any bytes, and any nesting, without making the reader throw or wait', () => {
    const deep = fc
      .tuple(fc.constantFrom('[', '{"a":', '{"x402Version":1,"accepts":['), fc.constantFrom(0, 130, 20_000, 100_000))
      .map(([open, levels]) => Buffer.from(`{"x402Version":2,"accepts":[${open.repeat(levels)}`).subarray(0, 600_000));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 4_096 }), deep), (bytes) => {
        const [header, body] = [Buffer.from(bytes).toString('base64'), Buffer.from(bytes).toString('latin1')];
        const source = { get: (name: string) => (name === 'payment-required' ? header : null) };
        const started = performance.now();
        expect(typeof parsePaymentRequired({ headers: source, body }).ok).toBe('boolean');
        expect(typeof parsePaymentRequired({ headers: headers({}), body }).ok).toBe('boolean');
        expect(typeof parseSettlement(source).ok).toBe('boolean');
        expect(performance.now() - started).toBeLessThan(2_000);
      }),
      { numRuns: 300 },
    );
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

describe('the payment header', () => {
  const payload = { signature: '0x', authorization: {} };
  const decode = (value: string) => JSON.parse(atob(value)) as unknown;

  test('of version 1 names scheme and network as the seller spelt them', async () => {
    const v1Entry = { ...entry, network: 'base-sepolia' };
    const challenge: PaymentChallenge = {
      version: '1',
      accepts: [v1Entry],
      resource: undefined,
      extensions: undefined,
    };
    const chosen = chooseOffer(challenge, { requestedUrl: url });
    if (!chosen.ok) throw new Error(chosen.error.message);
    const header = await buildPaymentHeader(challenge, chosen.value, payload);
    expect(header.name).toBe('X-PAYMENT');
    const expected = { x402Version: 1, scheme: 'exact', network: 'base-sepolia', payload };
    expect(atob(header.value)).toBe(JSON.stringify(expected));
    expect(PaymentPayloadV1Schema.safeParse(decode(header.value)).error).toBeUndefined();
  });

  test('of version 2 echoes the accepted entry, the resource and the extensions', async () => {
    const challenge = read({ headers: required(document), body: '' });
    const chosen = chooseOffer(challenge, { requestedUrl: url });
    if (!chosen.ok) throw new Error(chosen.error.message);
    const header = await buildPaymentHeader(challenge, chosen.value, payload);
    expect(header.name).toBe('PAYMENT-SIGNATURE');
    const expected = {
      x402Version: 2,
      resource: { url },
      accepted: entry,
      extensions: { a: { info: 1 } },
      payload,
    };
    expect(atob(header.value)).toBe(JSON.stringify(expected));
    expect(PaymentPayloadV2Schema.safeParse(decode(header.value)).error).toBeUndefined();
    expect(decodePaymentSignatureHeader(header.value)).toEqual(expected);
  });

  test('of version 2 has empty extensions where the seller has none, and no resource where there is none', async () => {
    const challenge = read({ headers: required({ x402Version: 2, accepts: [entry] }), body: '' });
    const chosen = chooseOffer(challenge, { requestedUrl: url });
    if (!chosen.ok) throw new Error(chosen.error.message);
    expect(decode((await buildPaymentHeader(challenge, chosen.value, payload)).value)).toEqual({
      x402Version: 2,
      accepted: entry,
      extensions: {},
      payload,
    });
  });

  test('echoes what no parser of ours knows, outside ASCII too', async () => {
    const odd = { ...entry, extra: { ...entry.extra, memo: '¿ÿ 😀' }, unknown: [null, { deep: 1.5 }] };
    const challenge = read({ headers: required({ ...document, accepts: [odd] }), body: '' });
    const chosen = chooseOffer(challenge, { requestedUrl: url });
    if (!chosen.ok) throw new Error(chosen.error.message);
    const { value } = await buildPaymentHeader(challenge, chosen.value, payload);
    expect(JSON.stringify(decodePaymentSignatureHeader(value).accepted)).toBe(JSON.stringify(odd));
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

  test('is read as the official server writes it', () => {
    const settlement = { success: true, transaction: '0xabc', network: 'eip155:84532', payer: '0x1' } as const;
    const header = encodePaymentResponseHeader(settlement);
    expect(parseSettlement(headers({ 'PAYMENT-RESPONSE': header }))).toMatchObject({ value: settlement });
  });

  const settled = (members: object) =>
    parseSettlement(headers({ 'payment-response': formatBase64Json({ success: false, ...members }) }));

  test.each(['transaction', 'network', 'payer'])('names its %s in at most 128 printable characters', (name) => {
    expect(settled({ [name]: 'x'.repeat(128) })).toMatchObject({ value: { [name]: 'x'.repeat(128) } });
    expect(settled({ [name]: 'x'.repeat(129) }).ok).toBe(false);
    expect(settled({ [name]: '\u001b[2J' }).ok).toBe(false);
    expect(settled({ [name]: '0xabc\n' }).ok).toBe(false);
  });

  test('gives its reason as it stands, but short and printable', () => {
    expect(settled({ errorReason: 'insufficient_funds' })).toMatchObject({
      value: { errorReason: 'insufficient_funds' },
    });
    expect(settled({ errorReason: `\u001b[2J${'x'.repeat(3_000)}` })).toMatchObject({
      value: { errorReason: `?[2J${'x'.repeat(252)}...` },
    });
  });

  test.each([
    ['no end', { success: 'yes' }],
    ['two words for a name', { transaction: 'two words' }],
  ])('with %s is refused', (_what, members) => {
    expect(settled(members)).toEqual({ ok: false, error: 'unreadable' });
  });

  test('is null where there is none, and refused where it cannot be read', () => {
    expect(parseSettlement(headers({}))).toEqual({ ok: true, value: null });
    expect(parseSettlement(headers({ 'payment-response': 'e30=' })).ok).toBe(false);
    expect(parseSettlement(headers({ 'payment-response': '%' })).ok).toBe(false);
  });
});
