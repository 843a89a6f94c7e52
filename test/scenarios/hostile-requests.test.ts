import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ProcessPaymentOutput } from '../../lib/client/index.ts';
import { leaksIn, secretsOf } from './leaks.ts';
import {
  askSeller,
  booksOf,
  clientOf,
  newToken,
  newUser,
  openSession,
  openWallet,
  paymentOf,
  sendPayment,
  sendSigned,
  signatureOf,
  withStack,
  type RawAnswer,
  type Terms,
  type Wallet,
} from './scene.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'bursar-hostile-'));
const scene = withStack(dataDir);
const UNTOUCHED = { spent: '0.00', reserved: '0.00', available: '10.00' };
const ZERO_ADDRESS = `0x${'0'.repeat(40)}`;

let userId: string;
let wallet: Wallet;
let sessionId: string;
let terms: Terms;
let offer: Readonly<Record<string, unknown>>;
/** Everything that was answered, so that it can be searched for what must not be there. */
const answered: string[] = [];
const signatures: string[] = [];

beforeAll(async () => {
  userId = newUser();
  wallet = await openWallet(scene.stack, userId, 'SeedVault');
  sessionId = await openSession(scene.stack, userId, '10.00');
  terms = await askSeller(scene.stack, 'market-data');
  offer = { ...terms.chosen.entry };
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

function request(overrides: object = {}): Record<string, unknown> {
  const { paymentManagerArn } = scene.stack.info;
  return { ...paymentOf(wallet, sessionId, terms), paymentManagerArn, clientToken: newToken(), ...overrides };
}

function challenge(payload: unknown, version: unknown = '2'): Record<string, unknown> {
  return request({ paymentInput: { cryptoX402: { version, payload } } });
}

async function send(body: object | string): Promise<RawAnswer> {
  const answer = await sendPayment(scene.stack, userId, body);
  answered.push(answer.text);
  return answer;
}

/** The shape of AWS's errors, in words that no AWS client takes for something else. */
/** @param reason of a ValidationException; `null` for what the deployment does not pay by */
function expectRefusal(answer: RawAnswer, reason: string | null): void {
  const name = reason === null ? 'AccessDeniedException' : 'ValidationException';
  expect(answer.status).toBe(reason === null ? 403 : 400);
  expect(answer.headers.get('x-amzn-errortype')).toBe(name);
  expect(answer.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
  expect(answer.headers.get('content-type')).toContain('json');
  expect(answer.body).toMatchObject({ __type: name, ...(reason === null ? {} : { reason }) });
  expect(answer.body['message']).toEqual(expect.stringMatching(/^.{10,}$/));
  expect(answer.body['message']).not.toMatch(/budget|insufficient|expired|inactive/i);
  expect(answer.text.length).toBeLessThan(2_000);
}

async function expectNothingReserved(): Promise<void> {
  expect(await booksOf(scene.stack, userId, sessionId)).toEqual(UNTOUCHED);
  const { payments } = await clientOf(scene.stack, 'management').send<{ payments: unknown[] }>({
    method: 'GET',
    path: '/bursar/payments',
    query: { paymentManagerArn: scene.stack.info.paymentManagerArn },
    userId,
  });
  expect(payments).toEqual([]);
}

const without = (name: string) => Object.fromEntries(Object.entries(offer).filter(([key]) => key !== name));
const withMember = (member: object) => ({ ...offer, ...member });

describe('a challenge is refused, with its field, a stable code and nothing reserved,', () => {
  afterEach(expectNothingReserved);

  test.each<[string, () => unknown, string, string]>([
    ['for an exponent', () => withMember({ amount: '1e3' }), 'amount', 'invalid_amount'],
    ['for a hexadecimal number', () => withMember({ amount: '0x10' }), 'amount', 'invalid_amount'],
    ['for a negative amount', () => withMember({ amount: '-1' }), 'amount', 'invalid_amount'],
    ['for excess decimals', () => withMember({ amount: '500000.0000001' }), 'amount', 'invalid_amount'],
    ['for a number that is no amount', () => withMember({ amount: 0.5 }), 'amount', 'invalid_amount'],
    ['for an amount that is a list', () => withMember({ amount: ['500000'] }), 'amount', 'invalid_amount'],
    ['for an amount of zero', () => withMember({ amount: '0' }), 'amount', 'invalid_amount'],
    ['for other digits than ASCII', () => withMember({ amount: '５００' }), 'amount', 'invalid_amount'],
    ['for an amount beyond uint256', () => withMember({ amount: `${2n ** 256n}` }), 'amount', 'invalid_amount'],
    ['for more than the books hold', () => withMember({ amount: `${10n ** 30n}` }), 'amount', 'amount_too_large'],
    ['for 1,000 digits', () => withMember({ amount: '9'.repeat(1_000) }), 'amount', 'invalid_amount'],
    ['for no amount', () => without('amount'), 'amount', 'amount_missing'],
    ['for both amounts that differ', () => withMember({ maxAmountRequired: '1' }), 'amount', 'ambiguous_amount'],
    ['for an unknown network', () => withMember({ network: 'eip155:424242' }), 'network', 'unsupported_network'],
    ['for an inherited network', () => withMember({ network: 'constructor' }), 'network', 'unsupported_network'],
    ['for a network that is a number', () => withMember({ network: 84_532 }), 'network', 'unsupported_network'],
    ['for no network', () => without('network'), 'network', 'network_missing'],
    ['for another token named USDC', () => withMember({ asset: `0x${'1'.repeat(40)}` }), 'asset', 'unsupported_asset'],
    ['for an asset that is a name', () => withMember({ asset: 'USDC' }), 'asset', 'invalid_asset'],
    ['for no asset', () => without('asset'), 'asset', 'asset_missing'],
    ['for the zero address as payee', () => withMember({ payTo: ZERO_ADDRESS }), 'payTo', 'invalid_pay_to'],
    ['for the token as payee', () => withMember({ payTo: offer['asset'] }), 'payTo', 'invalid_pay_to'],
    ['for a short payee', () => withMember({ payTo: '0x1234' }), 'payTo', 'invalid_pay_to'],
    ['for a payee that is an object', () => withMember({ payTo: { toString: 1 } }), 'payTo', 'invalid_pay_to'],
    ['for no payee', () => without('payTo'), 'payTo', 'pay_to_missing'],
    [
      'for another domain name',
      () => withMember({ extra: { name: 'Fake USD', version: '2' } }),
      'extra.name',
      'wrong_extra_name',
    ],
    [
      'for another domain version',
      () => withMember({ extra: { ...(offer['extra'] as object), version: '1' } }),
      'extra.version',
      'wrong_extra_version',
    ],
    ['for a domain that is a text', () => withMember({ extra: 'USDC' }), 'extra', 'invalid_extra'],
    ['for no time', () => withMember({ maxTimeoutSeconds: 0 }), 'maxTimeoutSeconds', 'invalid_max_timeout'],
    [
      'for a fraction of time',
      () => withMember({ maxTimeoutSeconds: 1.5 }),
      'maxTimeoutSeconds',
      'invalid_max_timeout',
    ],
    ['for time as words', () => withMember({ maxTimeoutSeconds: '1 min' }), 'maxTimeoutSeconds', 'invalid_max_timeout'],
    ['for too little time', () => withMember({ maxTimeoutSeconds: 9 }), 'maxTimeoutSeconds', 'max_timeout_too_short'],
    ['for a huge time', () => withMember({ maxTimeoutSeconds: 1e300 }), 'maxTimeoutSeconds', 'invalid_max_timeout'],
    ['for another scheme', () => withMember({ scheme: 'batch-settlement' }), 'scheme', 'unsupported_scheme'],
    [
      'for words that mislead clients',
      () => withMember({ scheme: 'insufficient budget expired' }),
      'scheme',
      'unsupported_scheme',
    ],
  ])('%s', async (_why, payload, field, code) => {
    const answer = await send(challenge(payload()));
    expectRefusal(answer, code === 'unsupported_scheme' ? null : 'FieldValidationFailed');
    const names = (answer.body['fieldList'] as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual([`paymentInput.cryptoX402.payload.${field}`, `bursar:${code}`]);
  });

  test.each<[string, () => object, string]>([
    ['for a payload of text', () => challenge('eyJ4NDAyVmVyc2lvbiI6MX0='), 'bursar:invalid_payload'],
    ['for a payload that is the whole list', () => challenge([offer]), 'bursar:invalid_payload'],
    ['for no payload', () => challenge(null), 'bursar:invalid_payload'],
    ['for a version 3', () => challenge(offer, '3'), 'bursar:unsupported_version'],
    ['for a version that is a number', () => challenge(offer, 2), 'bursar:unsupported_version'],
    ['for an empty input', () => request({ paymentInput: {} }), 'bursar:input_missing'],
    ['for an input that is a list', () => request({ paymentInput: [{ cryptoX402: 1 }] }), 'bursar:input_missing'],
    ['for another payment type', () => request({ paymentType: 'AWS_BILLING_X402' }), 'bursar:unsupported_payment_type'],
    ['for an inherited payment type', () => request({ paymentType: 'toString' }), 'bursar:unsupported_payment_type'],
    [
      'for an allowance',
      () => request({ paymentInput: { cryptoX402: { version: '2', payload: offer, permit2AllowanceLimit: '1' } } }),
      'bursar:allowance_without_upto',
    ],
  ])('%s', async (_why, body, code) => {
    const answer = await send(body());
    expectRefusal(answer, code === 'bursar:unsupported_payment_type' ? null : 'FieldValidationFailed');
    expect((answer.body['fieldList'] as { name: string }[]).map(({ name }) => name)).toContain(code);
  });
});

describe('a request is refused, with nothing reserved,', () => {
  afterEach(expectNothingReserved);
  const replaced = (name: string, json: string) =>
    JSON.stringify(challenge(withMember({ [name]: 0 }))).replace(`"${name}":0`, `"${name}":${json}`);

  test.each<[string, () => string]>([
    ['for a __proto__', () => replaced('planted', '0,"__proto__":{"amount":"1"}')],
    ['for a constructor', () => JSON.stringify(request({ constructor: { prototype: {} } }))],
    ['for an amount twice', () => replaced('planted', '0,"amount":"1"')],
    ['for a session twice', () => JSON.stringify(request()).replace('{', '{"paymentSessionId":"other",')],
    ['for a name twice, once escaped', () => replaced('planted', '0,"am\\u006funt":"1"')],
    [
      'for a number beyond JSON’s',
      () => JSON.stringify(request({ planted: 0 })).replace('"planted":0', '"planted":1e999'),
    ],
    ['for half a character', () => JSON.stringify(request({ planted: '\ud800' }))],
    ['for deep nesting', () => replaced('planted', '['.repeat(5_000) + ']'.repeat(5_000))],
    ['for deep nesting that never ends', () => `{"paymentInput":${'{"a":'.repeat(10_000)}`],
    [
      'for 5,000 members',
      () => JSON.stringify(request(Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`m${i}`, 0])))),
    ],
    ['for 21,000 entries of a list', () => replaced('planted', `[${Array.from({ length: 21_000 }, () => 0).join()}]`)],
    ['for a body of a megabyte', () => JSON.stringify(request({ padding: 'x'.repeat(1_000_000) }))],
    ['for half a body', () => JSON.stringify(request()).slice(0, -10)],
    ['for a list', () => '[]'],
    ['for text', () => '"pay"'],
    ['for no JSON at all', () => 'x-www-form=urlencoded&amount=1'],
    ['for comments', () => `/* */${JSON.stringify(request())}`],
    ['for a byte order mark', () => `\ufeff${JSON.stringify(request())}`],
    ['for a null byte', () => `\0${JSON.stringify(request())}`],
  ])('%s', async (_why, body) => {
    const answer = await send(body());
    expectRefusal(answer, 'CannotParse');
  });

  test('for more than API Gateway takes', async () => {
    const answer = await send(`{"padding":"${'x'.repeat(11 * 1024 * 1024)}"}`);
    expectRefusal(answer, 'CannotParse');
    expect(answer.body['message']).toContain('too large');
  });

  test.each<[string, object, string]>([
    ['for a session that is an object', { paymentSessionId: { $ne: null } }, 'paymentSessionId'],
    ['for a session with a path', { paymentSessionId: '../../payment-session-0000000' }, 'paymentSessionId'],
    ['for a wallet that is a number', { paymentInstrumentId: 1e21 }, 'paymentInstrumentId'],
    ['for a long wallet', { paymentInstrumentId: 'x'.repeat(60_000) }, 'paymentInstrumentId'],
    ['for a connector of the caller’s choice', { paymentConnectorId: 'seed-0123456789' }, 'paymentConnectorId'],
    ['for an input that is a text', { paymentInput: 'cryptoX402' }, 'paymentInput'],
    ['for no input', { paymentInput: null }, 'paymentInput'],
    ['for no manager', { paymentManagerArn: '' }, 'paymentManagerArn'],
    ['for a short token', { clientToken: 'x'.repeat(32) }, 'clientToken'],
    ['for a long token', { clientToken: 'x'.repeat(257) }, 'clientToken'],
    ['for a token that takes long to match', { clientToken: `x${'-'.repeat(254)}!` }, 'clientToken'],
  ])('%s', async (_why, overrides, field) => {
    const answer = await send(request(overrides));
    expectRefusal(answer, 'FieldValidationFailed');
    expect((answer.body['fieldList'] as { name: string }[]).map(({ name }) => name)).toEqual([field]);
  });

  test.each([
    ['for no user', undefined],
    ['for a long user', 'x'.repeat(121)],
  ])('%s', async (_why, user) => {
    const answer = await sendSigned(scene.stack, scene.stack.info.credentials.processPayment, {
      path: '/payments/processPayment',
      body: JSON.stringify(request()),
      ...(user === undefined ? {} : { userId: user }),
    });
    answered.push(answer.text);
    expectRefusal(answer, 'FieldValidationFailed');
    expect(answer.body['fieldList']).toMatchObject([{ name: 'userId' }]);
  });
});

describe('afterwards', () => {
  test('an offer pays whose unsigned part is deep, long and strange', async () => {
    const nested: unknown = JSON.parse(`${'{"constructor":'.repeat(100)}"\\ud83d"${'}'.repeat(100)}`);
    const members = Object.fromEntries(Array.from({ length: 3_000 }, (_, at) => [`m${at}`, 0]));
    const answer = await send(
      challenge(withMember({ outputSchema: { nested, members }, extra: null, description: 1 })),
    );
    expect(answer.status).toBe(200);
    signatures.push(signatureOf(answer.body as unknown as ProcessPaymentOutput));
  });

  test.each<Wallet['connector']>(['SeedVault', 'AwsKms'])('a wallet of %s pays as ever', async (connector) => {
    const own = connector === 'SeedVault' ? wallet : await openWallet(scene.stack, userId, connector);
    const answer = await send(request({ paymentInstrumentId: own.instrumentId }));
    expect(answer.status).toBe(200);
    signatures.push(signatureOf(answer.body as unknown as ProcessPaymentOutput));
    const tooDear = await send(challenge(withMember({ amount: '10000001' })));
    expect(tooDear.body).toMatchObject({ fieldList: [{ name: 'bursar:budget_exceeded' }] });
  });

  test('no function has logged a proof, a seed, a key or what a hostile request said', () => {
    const secrets = [...secretsOf(scene.stack, dataDir), ...signatures];
    const lines = scene.logs.map(({ line }) => line);
    expect(signatures).toHaveLength(3);
    // Every request left its line, so that an empty log cannot pass.
    expect(lines.filter((line) => line.includes('"operation":"ProcessPayment"')).length).toBeGreaterThan(70);
    expect(leaksIn(lines, secrets)).toEqual([]);
    expect(leaksIn(lines, ['Fake USD', 'x'.repeat(33), '../../'])).toEqual([]);
    // Who is paid stands in the line of a challenge that was understood, under its own name and nowhere else.
    const payee = offer['payTo'] as string;
    const beside = lines.map((line) => line.replace(`"payee":"${payee}"`, ''));
    expect(leaksIn(beside, [payee])).toEqual([]);

    const planted = secrets.map((secret) => `{"event":"planted","text":"${secret}"}`);
    expect(leaksIn([...lines, ...planted], secrets)).toHaveLength(planted.length);
  });

  test('no answer but a proof has carried any of it', () => {
    const secrets = [...secretsOf(scene.stack, dataDir), ...signatures];
    const refusals = answered.filter((text) => !text.includes('PROOF_GENERATED'));
    expect(refusals.length).toBeGreaterThan(70);
    expect(leaksIn(refusals, secrets)).toEqual([]);
    expect(leaksIn(answered, secretsOf(scene.stack, dataDir))).toEqual([]);
  });
});
