import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MPP_CHALLENGE_MAX_CHARS, MPP_ID_MAX_CHARS } from '../../../lib/domain/limits.ts';
import { schemeOf } from '../../../lib/protocols/catalogue.ts';
import { parseAuthenticate } from '../../../lib/protocols/mpp/auth-params.ts';
import { formatChallenge, readCharges } from '../../../lib/protocols/mpp/charges.ts';
import { parseMppInput } from '../../../lib/protocols/mpp/index.ts';
import { encodeRequest, MPP_REQUEST, mppHeader, mppPayment } from '../../support/mpp.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';

const allowed = { networks: new Set<string>([BASE_SEPOLIA.id]) };
const SORTING_WORDS = /budget|insufficient|expired|instrument|inactive|session not found/i;
const read = (header: string) => {
  return parseMppInput(mppPayment(header).paymentInput, allowed);
};
const encode = (text: string) => Buffer.from(text).toString('base64url');
const withRequest = (request: object) =>
  mppHeader({ id: 'one', request: encodeRequest({ ...MPP_REQUEST, ...request }) });
const withDetails = (details: object) => withRequest({ methodDetails: { ...MPP_REQUEST.methodDetails, ...details } });
const request = encodeRequest(MPP_REQUEST);
const json = Buffer.from(request, 'base64url').toString();
const clean = mppHeader({ id: 'one' });

describe('a hostile challenge is refused by its code', () => {
  const PARAMETER = 'invalid_challenge_parameter';
  const REQUEST = 'invalid_challenge_request';
  const HEADER = 'invalid_www_authenticate';
  const cases: readonly (readonly [string, string, string])[] = [
    ...['id', 'realm', 'method', 'intent', 'request'].flatMap((name) => [
      [`without ${name}`, mppHeader({ [name]: undefined }), PARAMETER] as const,
      [`with an empty ${name}`, mppHeader({ [name]: '' }), PARAMETER] as const,
      [`with ${name} twice`, `${clean}, ${name}="x"`, HEADER] as const,
      [`with ${name} again in capitals`, `${clean}, ${name.toUpperCase()}="x"`, HEADER] as const,
      [`with a control character in ${name}`, mppHeader({ [name]: 'a\u0007b' }), HEADER] as const,
      [`with a written control character in ${name}`, clean.replace(`${name}="`, `${name}="\\u0007`), HEADER] as const,
      [`with a letter beyond ASCII in ${name}`, mppHeader({ [name]: 'é' }), PARAMETER] as const,
      [`with a line break in ${name}`, mppHeader({ [name]: 'a\r\nSet-Cookie: b' }), HEADER] as const,
    ]),
    ['that is empty', '', HEADER],
    ['of blanks', '   ', HEADER],
    ['of commas', ',,,,', HEADER],
    ['without parameters', 'Payment', PARAMETER],
    ['with a blob for parameters', 'Payment eyJpZCI6MX0=', PARAMETER],
    ['of another scheme', 'Bearer realm="x"', HEADER],
    ['beside another scheme', `Basic realm="x", ${clean}`, HEADER],
    ['before another scheme', `${clean}, Basic realm="x"`, HEADER],
    ['beside another of its kind', `${clean}, ${mppHeader({ id: 'two' })}`, HEADER],
    ['whose quote does not end', clean.slice(0, -1), HEADER],
    ['whose parameters lack commas', clean.replaceAll(', ', ' '), HEADER],
    ['with semicolons', clean.replaceAll(', ', '; '), HEADER],
    ['with a parameter without value', `${clean}, digest`, HEADER],
    ['with text after its end', `${clean} trailing`, HEADER],
    ['with an id of 513 characters', mppHeader({ id: 'x'.repeat(MPP_ID_MAX_CHARS + 1) }), PARAMETER],
    ['with a blank in its id', mppHeader({ id: 'a b' }), PARAMETER],
    ['with a realm of 257 characters', mppHeader({ realm: 'x'.repeat(257) }), PARAMETER],
    [
      'longer than is kept',
      mppHeader({ description: 'x'.repeat(MPP_CHALLENGE_MAX_CHARS) }),
      'invalid_challenge_length',
    ],
    ['longer than a header', mppHeader({ description: 'x'.repeat(17_000) }), 'invalid_challenge_length'],
    ['with forty parameters', `${clean}${Array.from({ length: 40 }, (_, n) => `, p${n}="x"`).join('')}`, HEADER],
    ['of half a character', clean.replace('realm="', 'realm="\\ud800'), HEADER],
    ['with a method in capitals', mppHeader({ method: 'EVM' }), PARAMETER],
    ...[
      'tempo',
      'solana',
      'stripe',
      'lightning',
      'card',
      'usdc',
      'hedera',
      'stellar',
      'nearintents',
      'evm2',
      'constructor',
    ].map((method) => [`by the method ${method}`, mppHeader({ method }), 'unsupported_method'] as const),
    ...['session', 'subscription', 'authorize', 'constructor'].map(
      (intent) => [`of the intent ${intent}`, mppHeader({ intent }), 'unsupported_intent'] as const,
    ),
    ...[
      '2026-13-45T00:00:00Z',
      'tomorrow',
      '2026-12-01',
      '1764547500',
      '2026-12-01T00:05:00',
      '+012026-12-01T00:05:00Z',
    ].map((expires) => [`that ends at ${expires}`, mppHeader({ expires }), PARAMETER] as const),
    ['with a digest of another kind', mppHeader({ digest: 'md5=abc' }), PARAMETER],
    ['with opaque data that is padded', mppHeader({ opaque: 'e30=' }), PARAMETER],
    ['with opaque data in the other alphabet', mppHeader({ opaque: 'ab+/' }), PARAMETER],
    ['with opaque data that has bits to spare', mppHeader({ opaque: 'e31' }), PARAMETER],
    ...['Cookie', 'Host', 'X-PAYMENT', 'authorization ', 'Payment_Authorization'].map(
      (header) => [`for the header ${header}`, mppHeader({ header }), 'unsupported_credential_header'] as const,
    ),
    ['with a padded request', mppHeader({ request: `${request}=` }), PARAMETER],
    ['with a request in the other alphabet', mppHeader({ request: `${request.slice(0, -4)}+/+/` }), PARAMETER],
    ['with a request of bits to spare', mppHeader({ request: 'e31' }), PARAMETER],
    ['with a request that is no JSON', mppHeader({ request: encode('amount=1') }), REQUEST],
    ['with a request that is a list', mppHeader({ request: encode('[]') }), REQUEST],
    ['with a request that is null', mppHeader({ request: encode('null') }), REQUEST],
    [
      'with a request that is no UTF-8',
      mppHeader({ request: Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url') }),
      REQUEST,
    ],
    ['with a byte order mark in its request', mppHeader({ request: encode(`\ufeff${json}`) }), REQUEST],
    ['with blanks in its request', mppHeader({ request: encode(json.replace(':', ': ')) }), REQUEST],
    [
      'with members out of order',
      mppHeader({ request: encode(JSON.stringify(MPP_REQUEST).replace('{', '{"z":1,')) }),
      REQUEST,
    ],
    ['with an amount twice', mppHeader({ request: encode(json.replace('{', '{"amount":"1",')) }), REQUEST],
    [
      'with a written letter in its request',
      mppHeader({ request: encode(json.replace('"amount"', '"\\u0061mount"')) }),
      REQUEST,
    ],
    ['with a chain id as 84532.0', mppHeader({ request: encode(json.replace('84532', '84532.0')) }), REQUEST],
    ['with a prototype in its request', mppHeader({ request: encode(json.replace('{', '{"__proto__":{},')) }), REQUEST],
    ['with a deep request', withRequest({ z: JSON.parse('['.repeat(12) + ']'.repeat(12)) as unknown }), REQUEST],
    ['without details', withRequest({ methodDetails: undefined }), REQUEST],
    ['with details that are a list', withRequest({ methodDetails: [] }), REQUEST],
    ['without a chain', withDetails({ chainId: undefined }), 'network_missing'],
    ...[8453, 1, 0, -1, 84_532.5, '84532', null, {}, 2 ** 60].map(
      (chainId) =>
        [`on the chain ${JSON.stringify(chainId)}`, withDetails({ chainId }), 'unsupported_network'] as const,
    ),
    ...[
      undefined,
      [],
      ['permit2'],
      ['transaction'],
      ['hash'],
      ['proof', 'Authorization'],
      'authorization',
      { 0: 'authorization' },
    ].map(
      (types) =>
        [
          `for credentials ${JSON.stringify(types)}`,
          withDetails({ credentialTypes: types }),
          'unsupported_credential_type',
        ] as const,
    ),
    ['with splits', withDetails({ splits: [{ amount: '1', recipient: MPP_REQUEST.recipient }] }), 'unsupported_splits'],
    ['with splits that are no list', withDetails({ splits: 'x' }), 'unsupported_splits'],
    ['with eighteen decimals', withDetails({ decimals: 18 }), 'invalid_amount'],
    ['without an amount', withRequest({ amount: undefined }), 'amount_missing'],
    ...['0', '-1', '1.5', '1e6', '0x10', '', ' 1', '01', '+1', 500_000, null, ['1'], '١'].map(
      (amount) => [`for the amount ${JSON.stringify(amount)}`, withRequest({ amount }), 'invalid_amount'] as const,
    ),
    ['for an amount beyond the books', withRequest({ amount: '9'.repeat(31) }), 'amount_too_large'],
    ['for an amount beyond uint256', withRequest({ amount: '9'.repeat(79) }), 'invalid_amount'],
    ['without a currency', withRequest({ currency: undefined }), 'asset_missing'],
    ...['USDC', '0x1234', null, 5, `${MPP_REQUEST.currency}0`].map(
      (currency) =>
        [`in the currency ${JSON.stringify(currency)}`, withRequest({ currency }), 'invalid_asset'] as const,
    ),
    ['in another token', withRequest({ currency: `0x${'1'.repeat(40)}` }), 'unsupported_asset'],
    [
      'in the token of another chain',
      withRequest({ currency: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913' }),
      'unsupported_asset',
    ],
    ['without a recipient', withRequest({ recipient: undefined }), 'pay_to_missing'],
    ...['seller', `0x${'0'.repeat(40)}`, MPP_REQUEST.currency, null, '0x209693bC6afc0C5328bA36FaF03C514EF312287C'].map(
      (recipient) => [`to ${JSON.stringify(recipient)}`, withRequest({ recipient }), 'invalid_pay_to'] as const,
    ),
  ];

  test('in more than a hundred ways', () => {
    expect(cases.length).toBeGreaterThan(130);
    expect(read(clean).ok).toBe(true);
  });

  test.each(cases)('%s', (_what, header, code) => {
    const refused = read(header);
    expect(refused).toMatchObject({ ok: false, error: { reason: 'invalid_challenge', code, input: 'mpp' } });
    if (refused.ok) throw new Error('accepted');
    expect(refused.error.message).not.toMatch(SORTING_WORDS);
    expect(refused.error.message.length).toBeLessThan(500);
  });
});

describe('a strange challenge that is clear', () => {
  const coveredBy = (header: string) => {
    const parsed = read(header);
    if (!parsed.ok) throw new Error(parsed.error.message);
    return schemeOf(parsed.value).covered(parsed.value);
  };

  test.each<[string, string]>([
    ['in other words', mppHeader({ id: 'one', description: 'Buy “now”', digest: 'sha-256=:abc:', opaque: 'e30' })],
    ['with parameters that nobody knows', `${clean}, color="red", version=3`],
    [
      'with its parameters in another order',
      `Payment ${clean.slice('Payment '.length).split(', ').toReversed().join(', ')}`,
    ],
    ['with names in capitals', clean.replace('realm=', 'REALM=').replace('Payment', 'PAYMENT')],
    [
      'with blanks where HTTP allows them',
      clean
        .replaceAll(', ', ' ,\t ')
        .replaceAll('=', ' = ')
        .replace(/" *= *"/g, '"="'),
    ],
    ['with commas at both ends', `, ${clean} ,,`],
    ['with its id unquoted', clean.replace('id="one"', 'id=one')],
    ['with quoted letters that need no quote', clean.replace('id="one"', String.raw`id="\o\n\e"`)],
    ['that names the usual header', mppHeader({ id: 'one', header: 'authorization' })],
  ])('is signed as the clean one: %s', (_what, header) => {
    expect(coveredBy(header)).toEqual(coveredBy(clean));
  });
});

describe('the challenges of a response', () => {
  test('are read one by one, in one header or joined, beside other schemes', () => {
    const both = `Basic realm="a, Payment id=\\"x\\"", ${mppHeader({ method: 'tempo' })}, Negotiate YII=, ${clean}, Bearer`;
    const charges = readCharges(both);
    expect(charges.map(({ flaw }) => flaw?.code ?? null)).toEqual(['unsupported_method', null]);
    expect(charges[1]?.offer).toMatchObject({ protocol: 'mpp', amount: 500_000n });
  });

  test('are none where the header speaks of other schemes, however broken it is', () => {
    expect(readCharges('Bearer realm="x')).toEqual([]);
    expect(readCharges('PaymentX id="1"')).toEqual([]);
  });

  test('are one that is refused where the header as a whole cannot be read', () => {
    expect(readCharges(`Basic realm="x, ${clean}`).map(({ flaw }) => flaw?.code)).toEqual(['invalid_www_authenticate']);
  });

  test('are refused beyond a bound, and in time that grows with the length alone', () => {
    const many = Array.from({ length: 40 }, (_, n) => `Payment id="${n}"`).join(', ');
    expect(readCharges(many).map(({ flaw }) => flaw?.code)).toEqual(['invalid_www_authenticate']);
    const began = performance.now();
    for (const hostile of ['\\u0041', '\\"', 'a, ', 'a=', '= ', ', ,', 'Payment ']) {
      readCharges(`Payment id="${hostile.repeat(60_000 / hostile.length)}`);
      readCharges(`Payment ${hostile.repeat(60_000 / hostile.length)}`);
    }
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  test('may be any text without making the parser throw', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.constantFrom('Payment ', 'Basic ', 'id', '=', '"', ',', ' ', '\\', '\\u00', 'x', 'request', clean))
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (header) => {
        parseAuthenticate(header);
        for (const { offer, flaw } of readCharges(header)) expect((offer === null) === (flaw !== null)).toBe(true);
        read(header);
      }),
      { numRuns: 1_000 },
    );
  });

  test('are read back as they were written, whatever their texts are', () => {
    const words = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(words, words, fc.string({ unit: 'grapheme', maxLength: 40 }), (id, realm, description) => {
        const [charge] = readCharges(mppHeader({ id: id.replaceAll(' ', '_'), realm, description }));
        if (charge?.entry == null) return;
        expect(charge.entry.realm).toBe(realm);
        expect(readCharges(formatChallenge(charge.entry))[0]?.entry).toEqual(charge.entry);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the member mpp', () => {
  const mpp = { version: '1', wwwAuthenticateHeaders: [clean] };

  test.each<[string, unknown, string, string]>([
    ['no headers', { version: '1' }, 'invalid_www_authenticate', 'wwwAuthenticateHeaders'],
    ['an empty list', { ...mpp, wwwAuthenticateHeaders: [] }, 'invalid_www_authenticate', 'wwwAuthenticateHeaders'],
    [
      'two headers',
      { ...mpp, wwwAuthenticateHeaders: [clean, clean] },
      'invalid_www_authenticate',
      'wwwAuthenticateHeaders',
    ],
    [
      'a text for the list',
      { ...mpp, wwwAuthenticateHeaders: clean },
      'invalid_www_authenticate',
      'wwwAuthenticateHeaders',
    ],
    [
      'a number for the text',
      { ...mpp, wwwAuthenticateHeaders: [1] },
      'invalid_www_authenticate',
      'wwwAuthenticateHeaders',
    ],
    ['no version', { wwwAuthenticateHeaders: [clean] }, 'unsupported_version', 'version'],
    ['version 3', { ...mpp, version: '3' }, 'unsupported_version', 'version'],
    ['a number for the version', { ...mpp, version: 1 }, 'unsupported_version', 'version'],
    ['gas fees that are a text', { ...mpp, buyerPaysGasFees: 'true' }, 'invalid_payload', 'buyerPaysGasFees'],
    ['a text in its place', 'Payment', 'input_missing', ''],
    ['null in its place', null, 'input_missing', ''],
  ])('is refused with %s', (_what, input, code, field) => {
    expect(parseMppInput({ mpp: input }, allowed)).toMatchObject({ ok: false, error: { code, field } });
  });

  test('is refused beside another member', () => {
    const refused = parseMppInput({ mpp, cryptoX402: {} }, allowed);
    expect(refused).toMatchObject({ error: { code: 'ambiguous_input', field: '' } });
  });

  test.each([true, false, null])('takes %j for buyerPaysGasFees, which changes nothing', (buyerPaysGasFees) => {
    expect(parseMppInput({ mpp: { ...mpp, buyerPaysGasFees } }, allowed)).toEqual(read(clean));
  });
});
