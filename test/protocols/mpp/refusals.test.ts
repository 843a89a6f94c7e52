import { describe, expect, test } from 'vitest';
import { MPP_CHALLENGE_MAX_CHARS, MPP_HEADER_MAX_CHARS } from '../../../lib/domain/limits.ts';
import { readCharges } from '../../../lib/protocols/mpp/charges.ts';
import { parseMppInput } from '../../../lib/protocols/mpp/index.ts';
import { parsePaymentRequest } from '../../../lib/protocols/mpp/payment-request.ts';
import { encodeRequest, MPP_REQUEST, mppHeader, mppPayment } from '../../support/mpp.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';

// The words of refusals are answered to callers: what was received, and what would have been right.

const allowed = { networks: new Set<string>([BASE_SEPOLIA.id, 'eip155:8453']) };
const clean = mppHeader({ id: 'one' });
const request = encodeRequest(MPP_REQUEST);
const withRequest = (change: object) => mppHeader({ request: encodeRequest({ ...MPP_REQUEST, ...change }) });
const withDetails = (change: object) => withRequest({ methodDetails: { ...MPP_REQUEST.methodDetails, ...change } });
const withBytes = (bytes: string | readonly number[]) =>
  mppHeader({ request: Buffer.from(bytes as string).toString('base64url') });

/** Code, field and message of the refusal of an input. */
function refusalOf(paymentInput: unknown) {
  const read = parseMppInput(paymentInput, allowed);
  return read.ok ? 'accepted' : [read.error.code, read.error.field, read.error.message];
}

describe('a parameter of a challenge is refused with the form that it should have', () => {
  const PARAMETER = 'invalid_challenge_parameter';
  const NAME = 'a name in lower case';
  const INSTANT = 'an instant as RFC 3339 has it';
  const BASE64URL = 'base64url without padding';
  const REALM = '1 to 256 printable ASCII characters';
  const DIGEST = 'sha-256= and a digest';

  test.each([
    ['id', 'two words', '1 to 512 printable ASCII characters without blanks'],
    ['realm', '\u00e9realm', REALM, '?realm'],
    ['realm', 'realm\u00e9', REALM, 'realm?'],
    ['method', 'Evm', NAME],
    ['method', 'evM', NAME],
    ['intent', 'Charge', NAME],
    ['intent', 'chargE', NAME],
    ['request', 'e30=', BASE64URL],
    ['request', '\u00e930', BASE64URL, '?30'],
    ['expires', 'on 2026-12-01T00:05:00Z', INSTANT],
    ['expires', '2026-12-01T00:05:00Z.', INSTANT],
    ['expires', '2026-12-01T00:05:00', INSTANT],
    ['digest', 'x-sha-256=abc', DIGEST],
    ['digest', 'sha-256=abc def', DIGEST],
    ['digest', `sha-256=${'a'.repeat(101)}`, DIGEST, `sha-256=${'a'.repeat(72)}...`],
    ['description', '\tBuy', 'text on one line', '?Buy'],
    ['description', 'Buy\t', 'text on one line', 'Buy?'],
    ['opaque', 'a b', BASE64URL],
    ['header', '\u00e9Cookie', 'the name of a header', '?Cookie'],
    ['header', 'Cookie\u00e9', 'the name of a header', 'Cookie?'],
  ])('%s: %j', (name, value, expected, quoted = value) => {
    const message = `The parameter ${name} of the challenge is ${quoted}. Expected: ${expected}`;
    expect(refusalOf(mppPayment(mppHeader({ [name]: value })).paymentInput)).toEqual([
      PARAMETER,
      'wwwAuthenticateHeaders',
      message,
    ]);
  });

  test.each(['id', 'realm', 'method', 'intent', 'request'])('%s, which is required', (name) => {
    const message = `The 'Payment' challenge is missing required field: ${name}`;
    for (const value of ['', undefined]) {
      expect(refusalOf(mppPayment(mppHeader({ [name]: value })).paymentInput)).toEqual([
        PARAMETER,
        'wwwAuthenticateHeaders',
        message,
      ]);
    }
  });

  test.each(['expires', 'digest', 'description', 'opaque', 'header'])('but not %s, which may be empty', (name) => {
    const [charge] = readCharges(mppHeader({ id: 'one', [name]: '' }));
    expect(charge).toEqual(readCharges(clean)[0]);
    expect(Object.keys(charge?.entry ?? {})).toEqual(['id', 'realm', 'method', 'intent', 'request']);
  });
});

describe('a challenge is refused with its reason', () => {
  const [MPP, HEADER] = ['wwwAuthenticateHeaders', 'invalid_www_authenticate'];
  const USDC = BASE_SEPOLIA.usdc.address;
  const EURC = '0x808456652fdb597867f38412077A9182bf77359F';

  test.each<[string, string, string]>([
    [
      'Payment eyJpZCI6MX0=',
      'invalid_challenge_parameter',
      "The 'Payment' challenge has no parameters. Expected: id, realm, method, intent, request",
    ],
    [
      mppHeader({ header: 'Cookie' }),
      'unsupported_credential_header',
      'The challenge wants its credential in the header Cookie. Expected: Authorization or Payment-Authorization',
    ],
    [
      mppHeader({ expires: '1969-12-31T23:59:59Z' }),
      'invalid_challenge_parameter',
      'The parameter expires of the challenge is 1969-12-31T23:59:59Z, which is no instant since 1970',
    ],
    [
      mppHeader({ expires: '2026-13-01T00:00:00Z' }),
      'invalid_challenge_parameter',
      'The parameter expires of the challenge is 2026-13-01T00:00:00Z, which is no instant since 1970',
    ],
    [
      'Payment id="',
      HEADER,
      'The WWW-Authenticate header cannot be read: the value of a parameter is neither quoted nor a plain word',
    ],
    [' ,', HEADER, "The header must hold one 'Payment' challenge. Received: nothing"],
    ['Basic a=b', HEADER, "The header must hold one 'Payment' challenge. Received: 1 challenges, basic first"],
    [
      `${clean}, Basic a=b`,
      HEADER,
      "The header must hold one 'Payment' challenge. Received: 2 challenges, payment first",
    ],
    [
      mppHeader({ intent: 'session' }),
      'unsupported_intent',
      'The intent session is not paid: it puts a deposit into a channel, and the deposit is what is at stake. Supported intent: charge',
    ],
    [
      mppHeader({ intent: 'subscription' }),
      'unsupported_intent',
      'The intent subscription is not paid: it lets the seller take money again and again without being asked. Supported intent: charge',
    ],
    [
      mppHeader({ intent: 'authorize' }),
      'unsupported_intent',
      'The intent authorize is not paid. Supported intent: charge',
    ],
    [
      mppHeader({ method: 'tempo' }),
      'unsupported_method',
      'The method tempo is not paid: no other method than evm is signed. Supported method: evm',
    ],
    [
      withBytes([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]),
      'invalid_challenge_request',
      "The 'request' of the challenge is not UTF-8 text",
    ],
    [
      withBytes('{'),
      'invalid_challenge_request',
      "The 'request' of the challenge cannot be read: the text is not valid JSON",
    ],
    [withBytes('[]'), 'invalid_challenge_request', "The 'request' of the challenge is not a JSON object"],
    [
      withBytes('{"b":1,"a":2}'),
      'invalid_challenge_request',
      "The 'request' of the challenge is not in the canonical form of RFC 8785",
    ],
    [
      withRequest({ methodDetails: 'eip155' }),
      'invalid_challenge_request',
      'methodDetails is eip155. Expected: an object',
    ],
    [withDetails({ chainId: undefined }), 'network_missing', 'methodDetails.chainId of the challenge is required'],
    [
      withDetails({ chainId: '84532' }),
      'unsupported_network',
      'The chain 84532 (a string) of the challenge is not supported. Supported networks: eip155:84532, eip155:8453',
    ],
    [
      withDetails({ chainId: 1 }),
      'unsupported_network',
      'The chain 1 of the challenge is not supported. Supported networks: eip155:84532, eip155:8453',
    ],
    [
      withDetails({ splits: [{}] }),
      'unsupported_splits',
      'The challenge splits its amount among payees, which an authorization of one transfer cannot',
    ],
    [
      withDetails({ credentialTypes: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'] }),
      'unsupported_credential_type',
      'The challenge takes no credential of the type authorization, the one that is paid by. Received: a, b, c, d, e, f, g, h',
    ],
    [
      withDetails({ credentialTypes: 'authorization' }),
      'unsupported_credential_type',
      'The challenge takes no credential of the type authorization, the one that is paid by. Received: authorization',
    ],
    [withRequest({ amount: undefined }), 'amount_missing', 'Payment amount is required'],
    [
      withRequest({ amount: '0' }),
      'invalid_amount',
      "Payment amount must be a positive number. Received: 0. Expected: a text of decimal digits without leading zeros, in the token's smallest unit",
    ],
    [
      withRequest({ amount: `1${'0'.repeat(30)}` }),
      'amount_too_large',
      `Payment amount exceeds maximum allowed value. Received: 1${'0'.repeat(30)}, Maximum: ${'9'.repeat(30)}`,
    ],
    [withRequest({ currency: undefined }), 'asset_missing', 'Payment currency is required'],
    [withRequest({ currency: 'USDC' }), 'invalid_asset', 'Payment currency is no address. Received: USDC'],
    [
      withRequest({ currency: EURC }),
      'unsupported_asset',
      `Payment currency is not a supported USDC token address for network 'eip155:84532'. Received: ${EURC}. Expected: ${USDC}`,
    ],
    [withDetails({ decimals: 18 }), 'invalid_amount', 'The challenge says that its token has 18 decimals. Expected: 6'],
    [withRequest({ recipient: undefined }), 'pay_to_missing', 'Payment recipient is required'],
    [
      withRequest({ recipient: 'seller' }),
      'invalid_pay_to',
      'Payment recipient is invalid. Received: seller. Expected: an address that somebody can take the money from',
    ],
  ])('%s', (header, code, message) => {
    expect(refusalOf(mppPayment(header).paymentInput)).toEqual([code, MPP, message]);
  });

  test('but not for the greatest amount that the books hold, or for saying nothing of decimals', () => {
    const most = withRequest({ amount: '9'.repeat(30) });
    for (const header of [most, withDetails({ decimals: undefined }), withDetails({ splits: [] })])
      expect(refusalOf(mppPayment(header).paymentInput)).toBe('accepted');
  });

  test('whose request is no base64url', () => {
    const message = "The 'request' of the challenge is not base64url without padding";
    expect(parsePaymentRequest('e30=')).toMatchObject({ error: { code: 'invalid_challenge_request', message } });
  });

  test('that is a bound, one character over it', () => {
    const padded = (chars: number) => `${clean}, x="${'a'.repeat(chars - clean.length - 6)}"`;
    expect(refusalOf(mppPayment(padded(MPP_HEADER_MAX_CHARS)).paymentInput)).toBe('accepted');
    expect(refusalOf(mppPayment(padded(MPP_HEADER_MAX_CHARS + 1)).paymentInput)).toEqual([
      'invalid_challenge_length',
      MPP,
      'The header is longer than 16384 characters',
    ]);
    const others = ['one', 'api.example.com', 'evm', 'charge', request].join('').length;
    const described = (chars: number) =>
      refusalOf(mppPayment(mppHeader({ id: 'one', description: 'x'.repeat(chars - others) })).paymentInput);
    expect(described(MPP_CHALLENGE_MAX_CHARS)).toBe('accepted');
    expect(described(MPP_CHALLENGE_MAX_CHARS + 1)).toEqual([
      'invalid_challenge_length',
      MPP,
      "The 'Payment' challenge is too long. Expected: at most 4096 characters in all its parameters",
    ]);
  });
});

describe('the input is refused with what was received', () => {
  const mpp = { version: '1', wwwAuthenticateHeaders: [clean] };
  const LIST = 'wwwAuthenticateHeaders must be a list of exactly one text, the value of a WWW-Authenticate header';

  test.each<[unknown, string, string, string]>([
    [
      { mpp: 'x' },
      'input_missing',
      '',
      'paymentInput.mpp is required for payment type MPP. Received: x. Expected: an object with version and wwwAuthenticateHeaders',
    ],
    [
      { mpp, cryptoX402: {} },
      'ambiguous_input',
      '',
      'paymentInput must hold exactly one member. Received: mpp and cryptoX402. Expected: mpp',
    ],
    [
      { mpp: { ...mpp, version: '3' } },
      'unsupported_version',
      'version',
      'MPP version must be the text "1" or "2". Received: 3',
    ],
    [
      { mpp: { ...mpp, buyerPaysGasFees: 'yes' } },
      'invalid_payload',
      'buyerPaysGasFees',
      'buyerPaysGasFees must be true or false. Received: yes',
    ],
    [
      { mpp: { ...mpp, wwwAuthenticateHeaders: [clean, clean] } },
      'invalid_www_authenticate',
      'wwwAuthenticateHeaders',
      `${LIST}. Received: a list of 2`,
    ],
    [
      { mpp: { ...mpp, wwwAuthenticateHeaders: 'Payment' } },
      'invalid_www_authenticate',
      'wwwAuthenticateHeaders',
      `${LIST}. Received: Payment`,
    ],
  ])('%j', (input, ...refusal) => {
    expect(refusalOf(input)).toEqual(refusal);
  });

  test('but not for a second member that is null, or for version 2', () => {
    expect(refusalOf({ mpp, cryptoX402: null })).toBe('accepted');
    expect(parseMppInput({ mpp: { ...mpp, version: '2' } }, allowed)).toMatchObject({ value: { version: '2' } });
  });
});
