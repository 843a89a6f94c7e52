import { REQUESTS as SCHEMAS } from '../../lib/contract/requests.ts';
import { beforeEach, describe, expect, test } from 'vitest';
import { createFunction, type HandlersOf } from '../../lib/api/function.ts';
import type { ApiEvent, ApiResponse } from '../../lib/api/http.ts';
import { OPERATIONS, type FunctionName, type OperationName } from '../../lib/contract/operations.ts';
import { readRequest } from '../../lib/api/request.ts';
import { refuse } from '../../lib/domain/result.ts';
import { makeEvent } from '../support/events.ts';
import { createTestClock } from '../support/paying.ts';
import { VALID } from './requests.ts';

// Planted in every place of the requests that carry credentials. What is behind the checks answers the same to everything.

const CANARY = 'Canary7f3a91c2';
const LINE_END = `${CANARY}\n<"`;

let lines: string[] = [];
beforeEach(() => {
  lines = [];
});

function serve<F extends FunctionName>(name: F) {
  const operations = (Object.keys(OPERATIONS) as OperationName[]).filter((each) => OPERATIONS[each].function === name);
  const handlers = Object.fromEntries(
    operations.map((each) => [each, async () => refuse({ reason: 'not_found', resource: 'resource' } as const)]),
  ) as unknown as HandlersOf<F>;
  const deps = {
    routes: OPERATIONS,
    requests: SCHEMAS,
    clock: createTestClock(),
    metricNamespace: 'Bursar',
    log: (line: string) => lines.push(line),
  };
  return createFunction(name, handlers, deps) as unknown as (event: ApiEvent, context: object) => Promise<ApiResponse>;
}
const functions = { 'manage-identities': serve('manage-identities'), 'issue-tokens': serve('issue-tokens') };

const PRIVY = {
  stripePrivyConfiguration: { appId: 'app', authorizationId: 'quorum', appSecret: 'x', authorizationPrivateKey: 'y' },
};
const full = (name: string) => ({
  [name]: 'c2VjcmV0',
  [`${name}Source`]: 'MANAGED',
  [`${name}Config`]: { secretId: 'mine', jsonKey: 'key' },
});
const COINBASE = {
  coinbaseCdpConfiguration: { apiKeyId: 'key', ...full('apiKeySecret'), ...full('walletSecret') },
};
const token = VALID.GetResourcePaymentToken;
const MINT = { requestHost: 'api.x.io', requestPath: '/x', requestBody: '{}' };

/** Requests with every member that they may have. */
const REQUESTS: readonly (readonly [OperationName, Readonly<Record<string, unknown>>])[] = [
  ...(['CreatePaymentCredentialProvider', 'UpdatePaymentCredentialProvider'] as const).flatMap((operation) =>
    [COINBASE, PRIVY].map(
      (providerConfigurationInput) =>
        [operation, { ...VALID[operation], providerConfigurationInput, tags: { team: 'x' } }] as const,
    ),
  ),
  ['GetWorkloadAccessToken', VALID.GetWorkloadAccessToken],
  ['GetWorkloadAccessTokenForJWT', VALID.GetWorkloadAccessTokenForJWT],
  ['GetWorkloadAccessTokenForUserId', VALID.GetWorkloadAccessTokenForUserId],
  [
    'GetResourcePaymentToken',
    {
      ...token,
      paymentTokenRequest: { coinbaseCdpTokenRequest: { ...MINT, requestMethod: 'GET', includeWalletAuthToken: true } },
    },
  ],
  [
    'GetResourcePaymentToken',
    { ...token, paymentTokenRequest: { stripePrivyTokenRequest: { ...MINT, includeAuthorizationSignature: true } } },
  ],
];

const SHAPES: readonly unknown[] = [
  CANARY,
  LINE_END,
  CANARY.padEnd(140_000, 'x'),
  [CANARY],
  [[{ [CANARY]: CANARY }]],
  { [CANARY]: CANARY },
  { [LINE_END]: { secretId: [CANARY], jsonKey: { [CANARY]: CANARY } } },
];

/** The request with a shape in place of each member, beside it, and under it. */
function* plantings(node: unknown, shape: unknown): Generator<unknown> {
  yield shape;
  if (typeof node !== 'object' || node === null) return;
  for (const [name, member] of Object.entries(node)) {
    for (const planted of plantings(member, shape)) yield { ...node, [name]: planted };
    // The secret where the name of the member should be.
    const { [name]: _, ...others } = node as Record<string, unknown>;
    yield { ...others, [CANARY]: member };
  }
  yield { ...node, surprise: shape };
  yield { ...node, [LINE_END]: shape };
}

async function answer(operation: OperationName, body: string): Promise<string> {
  const handler = functions[OPERATIONS[operation].function as keyof typeof functions];
  const response = await handler(makeEvent(operation, { body }), { getRemainingTimeInMillis: () => 1_000 });
  return JSON.stringify(response);
}

describe.each(REQUESTS.map(([operation, request]) => ({ operation, request })))('$operation', (row) => {
  const { operation, request } = row;

  test('reaches its handler when nothing is wrong with it', async () => {
    expect(await answer(operation, JSON.stringify(request))).toContain('Resource not found');
  });

  test('tells nothing of a secret, wherever it stands', async () => {
    let refused = 0;
    for (const shape of SHAPES) {
      for (const planted of plantings(request, shape)) {
        const text = await answer(operation, JSON.stringify(planted));
        expect(text).not.toContain(CANARY);
        if (text.includes('ValidationException')) refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(10);
    expect(lines.filter((line) => line.includes(CANARY))).toEqual([]);
  });

  test.each([
    ['cut off', `{"a":"${CANARY}`],
    ['a name twice', `{"${CANARY}":"${CANARY}","${CANARY}":1}`],
    ['a name of prototypes beside it', `{"${CANARY}":{"__proto__":"${CANARY}"}}`],
    ['a list', `["${CANARY}"]`],
    ['too deep', `{"${CANARY}":${'['.repeat(20)}"${CANARY}"${']'.repeat(20)}}`],
    ['half a character', `{"${CANARY}":"${CANARY}\\ud800"}`],
    ['bare', CANARY],
  ])('tells nothing of a secret in JSON that is %s', async (_what, body) => {
    const text = await answer(operation, body);
    expect(text).toContain('CannotParse');
    expect(text).not.toContain(CANARY);
    expect(lines.join('\n')).not.toContain(CANARY);
  });
});

test.each<[OperationName, object]>([
  ['ProcessPayment', { paymentInput: CANARY }],
  ['ProcessPayment', { clientToken: `${CANARY}!` }],
  ['ListPaymentSessions', { nextToken: `${CANARY} ` }],
  ['CreatePaymentInstrument', { paymentInstrumentDetails: CANARY }],
  ['CreatePaymentInstrument', { paymentInstrumentDetails: { embeddedCryptoWallet: CANARY } }],
  ['CreatePaymentInstrument', { paymentInstrumentDetails: { embeddedCryptoWallet: { linkedAccounts: CANARY } } }],
  ['CreatePaymentInstrument', { paymentInstrumentDetails: { embeddedCryptoWallet: { linkedAccounts: [CANARY] } } }],
])('%s does not quote what somebody put for %j', async (operation, members) => {
  const read = readRequest(
    { requests: SCHEMAS, routes: OPERATIONS },
    operation,
    makeEvent(operation, { json: { ...VALID[operation], ...members } }),
  );
  expect(read.ok).toBe(false);
  expect(JSON.stringify(read)).not.toContain(CANARY);
});
