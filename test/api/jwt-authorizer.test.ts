import { readTokenCaller } from '../../lib/api/token-caller.ts';
import { OPERATIONS } from '../../lib/contract/operations.ts';
import { REQUESTS } from '../../lib/contract/requests.ts';
import { beforeEach, describe, expect, test } from 'vitest';
import { createJwtAuthorizer, type AuthorizerEvent } from '../../lib/api/jwt-authorizer.ts';
import { readRequest } from '../../lib/api/request.ts';
import type { VerifiedClaims } from '../../lib/domain/tenants/jwt-authorizer.ts';
import { ok, refuse } from '../../lib/domain/result.ts';
import { toEpochMs } from '../../lib/domain/time.ts';
import { refuseToken } from '../../lib/jwt/token-refusal.ts';
import type { TokenVerifier } from '../../lib/jwt/token-verifier.ts';
import { makeEvent } from '../support/events.ts';
import { createTestClock } from '../support/paying.ts';

const CANARY = 'Canary7f3a91c2';
const TOKEN = `${CANARY}.${CANARY}.${CANARY}`;
const CLAIMS: VerifiedClaims = { iss: 'https://issuer.example', sub: 'ada', exp: 4_000_000_000, scope: 'a b', n: [1] };
const STAGE = 'arn:aws:execute-api:us-east-1:111122223333:a1b2c3d4e5/v1';

let lines: string[] = [];
let verified: string[] = [];
beforeEach(() => {
  lines = [];
  verified = [];
});

const PAGE_TOKEN = `bwp_${CANARY.repeat(4).slice(0, 43)}`;
const PAGE = {
  managerId: 'demo-0123456789',
  userId: 'ada',
  instrumentId: 'payment-instrument-Z6Emdn5jxFEC87s',
  agentName: 'shopper',
  expiresAt: toEpochMs(4_000_000_000_000),
};

function authorize(event: Partial<AuthorizerEvent>, verify: TokenVerifier['verify'] = async () => ok(CLAIMS)) {
  const authorizer = createJwtAuthorizer({
    verifier: {
      verify: (token) => {
        verified.push(token);
        return verify(token);
      },
    },
    findWalletPage: async (token) => (token === PAGE_TOKEN ? PAGE : null),
    deployment: { partition: 'aws', region: 'us-east-1', account: '111122223333' },
    clock: createTestClock(),
    log: (line) => lines.push(line),
  });
  return authorizer({
    methodArn: `${STAGE}/POST/oauth/payments/processPayment`,
    headers: null,
    multiValueHeaders: null,
    requestContext: { requestId: 'request-1' },
    ...event,
  });
}
const bearer = (value: string) => ({ headers: { Authorization: value } });
const logged = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

test('lets the holder of a good token in to everything under /oauth of the stage, with its claims as one text', async () => {
  const answer = await authorize(bearer(`Bearer ${TOKEN}`));
  expect(answer).toEqual({
    principalId: 'ada',
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'execute-api:Invoke', Resource: `${STAGE}/*/oauth/*` }],
    },
    context: {
      claims: JSON.stringify(CLAIMS),
      issuer: 'https://issuer.example',
      client: '',
      userHash: 'dfe7cb1a74edb96d',
    },
  });
  expect(verified).toEqual([TOKEN]);
  expect(logged()).toEqual([expect.objectContaining({ event: 'token.judged', requestId: 'request-1' })]);
  expect(lines[0]).not.toMatch(/refused|failure|Canary/);
});

test('passes on what the function behind takes for the user', async () => {
  const { context } = await authorize(bearer(`Bearer ${TOKEN}`));
  const event = makeEvent('GetPaymentSession', {
    json: { paymentManagerArn: 'x', paymentSessionId: 'y' },
    resource: '/oauth/payments/getPaymentSession',
  });
  const json = {
    paymentManagerArn: 'arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/demo-0123456789',
    paymentSessionId: 'payment-session-LeO61EYIVMT95T7',
  };
  const read = readRequest(
    { requests: REQUESTS, routes: OPERATIONS },
    'GetPaymentSession',
    {
      ...event,
      body: JSON.stringify(json),
      requestContext: { ...event.requestContext, authorizer: { ...context, principalId: 'somebody' } },
    },
    'header',
    readTokenCaller,
  );
  expect(read).toMatchObject({ ok: true, value: { principal: { userId: 'ada', claims: CLAIMS } } });
});

describe('the policy', () => {
  const resourceOf = async (methodArn: string) => {
    const answer = await authorize({ ...bearer('Bearer x'), methodArn });
    return (answer.policyDocument as { Statement: { Resource: string }[] }).Statement.map(({ Resource }) => Resource);
  };

  test.each([
    ['a path with slashes and colons', `${STAGE}/DELETE/oauth/a:b/c//d`, `${STAGE}/*/oauth/*`],
    ['a path that names another stage', `${STAGE}/POST/v2/POST/oauth/x`, `${STAGE}/*/oauth/*`],
    ['a path of stars', `${STAGE}/GET/*`, `${STAGE}/*/oauth/*`],
    ['a path with a line end', `${STAGE}/GET/a\nb`, `${STAGE}/*/oauth/*`],
    ['no path', `${STAGE}/GET/`, `${STAGE}/*/oauth/*`],
    [
      'another partition',
      STAGE.replace('aws', 'aws-us-gov') + '/GET/x',
      STAGE.replace('aws', 'aws-us-gov') + '/*/oauth/*',
    ],
    [
      'the console’s stage',
      STAGE.replace('/v1', '/test-invoke-stage') + '/POST/x',
      STAGE.replace('/v1', '/test-invoke-stage') + '/*/oauth/*',
    ],
  ])('is for this stage alone, whatever the method ARN has: %s', async (_what, methodArn, resource) => {
    expect(await resourceOf(methodArn)).toEqual([resource]);
  });

  test.each([
    '',
    'x',
    STAGE,
    `${STAGE}/POST`,
    `${STAGE}/*/POST/x`,
    `${STAGE.replace('v1', '*')}/POST/x`,
    `${STAGE.replace('a1b2c3d4e5', '*')}/POST/x`,
    `${STAGE.replace('111122223333', '*')}/POST/x`,
    `${STAGE.replace('execute-api', 's3')}/POST/x`,
    `x${STAGE}/POST/x`,
  ])('is not made of the method ARN %j', async (methodArn) => {
    await expect(resourceOf(methodArn)).rejects.toThrow('the method ARN has an unknown form');
    expect(logged()).toEqual([expect.objectContaining({ failure: [expect.stringContaining('method ARN')] })]);
  });
});

/** The answer to a request that is not let in: a denial of everything, with the reason in words. */
const denial = (refusal: string) => ({
  principalId: 'nobody',
  policyDocument: {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Deny', Action: 'execute-api:Invoke', Resource: '*' }],
  },
  context: { refusal },
});

describe('the token', () => {
  test.each<[string, Partial<AuthorizerEvent>]>([
    ['after Bearer', bearer(`Bearer ${TOKEN}`)],
    ['after bearer in lower case', bearer(`bearer ${TOKEN}`)],
    ['after more than one blank', bearer(`BEARER   ${TOKEN}`)],
    ['of a header in lower case', { headers: { authorization: `Bearer ${TOKEN}` } }],
    ['of a list of headers', { multiValueHeaders: { AUTHORIZATION: [`Bearer ${TOKEN}`] } }],
    [
      'of both forms of the one header',
      { ...bearer(`Bearer ${TOKEN}`), multiValueHeaders: { Authorization: [`Bearer ${TOKEN}`] } },
    ],
  ])('is found %s', async (_what, event) => {
    await expect(authorize(event)).resolves.toMatchObject({ principalId: 'ada' });
    expect(verified).toEqual([TOKEN]);
  });

  test.each<[string, Partial<AuthorizerEvent>]>([
    ['no header', {}],
    ['an empty header', bearer('')],
    ['another scheme', bearer(`Basic ${TOKEN}`)],
    ['a scheme that only begins so', bearer(`Bearer2 ${TOKEN}`)],
    ['no scheme', bearer(TOKEN)],
    ['nothing after the scheme', bearer('Bearer ')],
    ['no blank', bearer(`Bearer${TOKEN}`)],
    ['two words', bearer(`Bearer ${TOKEN} ${TOKEN}`)],
    ['a blank before it', bearer(` Bearer ${TOKEN}`)],
    ['two headers', { multiValueHeaders: { Authorization: [`Bearer ${TOKEN}`, `Bearer ${TOKEN}`] } }],
    ['an empty header beside it', { multiValueHeaders: { Authorization: ['', `Bearer ${TOKEN}`] } }],
    [
      'two headers that differ in case',
      { multiValueHeaders: { Authorization: [`Bearer ${TOKEN}`], authorization: ['Bearer x'] } },
    ],
    [
      'two single headers that differ in case',
      { headers: { Authorization: `Bearer ${TOKEN}`, AUTHORIZATION: 'Bearer x' } },
    ],
    ['another header only', { headers: { 'X-Authorization': `Bearer ${TOKEN}`, Cookie: TOKEN } }],
  ])('is refused, and shown to nobody, with %s', async (_what, event) => {
    const refusal = 'The token is not accepted: expected one Authorization header: `Bearer`, a space and the token';
    expect(await authorize(event)).toEqual(denial(refusal));
    expect(verified).toEqual([]);
    expect(logged()).toEqual([expect.objectContaining({ refused: 'no_bearer_token' })]);
    expect(lines.join()).not.toContain(CANARY);
  });

  test.each([
    'malformed',
    'algorithm',
    'unknown_issuer',
    'unknown_key',
    'signature',
    'expired',
    'not_yet_valid',
    'claims',
  ] as const)('is refused as %s, and answer and log say why', async (reason) => {
    const verify = async () => refuseToken(reason, 'a detail');
    const answer = await authorize(bearer(`Bearer ${TOKEN}`), verify);
    expect(answer).toEqual(denial('The token is not accepted: a detail'));
    expect(logged()).toEqual([expect.objectContaining({ refused: reason, detail: 'a detail' })]);
    expect(logged()[0]).not.toHaveProperty('issuer');
    expect(lines.join()).not.toContain(CANARY);
  });

  test('is refused with the issuer that it names, in answer and log', async () => {
    const issuer = 'https://issuer.example/a';
    const verify = async () => refuse({ reason: 'expired', detail: 'the token has expired', issuer } as const);
    const answer = await authorize(bearer(`Bearer ${TOKEN}`), verify);
    expect(answer).toEqual(denial(`The token is not accepted: the token has expired (issuer ${issuer})`));
    expect(logged()).toEqual([
      expect.objectContaining({ refused: 'expired', detail: 'the token has expired', issuer }),
    ]);
  });

  test('is refused in words that stand between the quotes of a JSON text', async () => {
    const verify = async () => refuseToken('claims', 'a "quoted"\nword \\ more');
    const { context } = await authorize(bearer(`Bearer ${TOKEN}`), verify);
    const { refusal } = context as { refusal: string };
    expect(JSON.parse(`"${refusal}"`)).toBe('The token is not accepted: a "quoted"\nword \\ more');
  });
});

test('an outage is not the caller’s fault: it is logged with its causes and thrown on, without the token', async () => {
  const outage = new Error('the issuer did not answer', { cause: new Error('connection refused') });
  const verify = async (): Promise<never> => {
    throw outage;
  };
  await expect(authorize(bearer(`Bearer ${TOKEN}`), verify)).rejects.toBe(outage);
  const failure = [expect.stringContaining('did not answer'), 'caused by Error: connection refused'];
  expect(logged()).toEqual([expect.objectContaining({ event: 'token.judged', failure })]);
  expect(logged()[0]).not.toHaveProperty('refused');
  expect(lines.join()).not.toContain(CANARY);
});

test('lets the page of a wallet in to what it shows and takes back, as that wallet, and to nothing else', async () => {
  const answer = await authorize(bearer(`Bearer ${PAGE_TOKEN}`));
  expect(answer).toEqual({
    principalId: 'ada',
    policyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'execute-api:Invoke',
          Resource: [
            `${STAGE}/POST/oauth/payments/getPaymentInstrument`,
            `${STAGE}/POST/oauth/payments/getPaymentInstrumentBalance`,
            `${STAGE}/POST/oauth/bursar/revokeWalletDelegation`,
            `${STAGE}/POST/oauth/bursar/createOnrampSession`,
            `${STAGE}/POST/oauth/bursar/getWalletOverview`,
          ],
        },
      ],
    },
    context: {
      walletPage: JSON.stringify({
        paymentManagerArn: 'arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/demo-0123456789',
        paymentInstrumentId: PAGE.instrumentId,
        userId: 'ada',
        agentName: 'shopper',
      }),
      client: 'wallet-page',
      userHash: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    },
  });
  expect(verified).toEqual([]);
});

test('tells the page of a wallet whose session is over, without a word of its token', async () => {
  const other = PAGE_TOKEN.replace('bwp_C', 'bwp_D');
  const answer = await authorize(bearer(`Bearer ${other}`));
  expect(answer).toMatchObject({
    policyDocument: { Statement: [{ Effect: 'Deny', Resource: '*' }] },
    context: { refusal: expect.stringContaining('session of the wallet page is over') as string },
  });
  expect(verified).toEqual([]);
  expect(logged()).toEqual([expect.objectContaining({ refused: 'no_wallet_page' })]);
  expect(lines.join()).not.toContain('anary');
});
