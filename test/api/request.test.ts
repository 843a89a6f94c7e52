import { readTokenCaller } from '../../lib/api/token-caller.ts';
import { REQUESTS } from '../../lib/contract/requests.ts';
import { describe, expect, test } from 'vitest';
import type { ApiEvent } from '../../lib/api/http.ts';
import { OPERATIONS, type OperationName } from '../../lib/contract/operations.ts';
import { findOperation, readRequest } from '../../lib/api/request.ts';
import { AGENT_HEADER, USER_HEADER } from '../../lib/contract/headers.ts';
import type { Refusal } from '../../lib/domain/refusal.ts';
import { makeEvent } from '../support/events.ts';

const ARN = 'arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/demo-0123456789';
const list = { paymentManagerArn: ARN };

function problemsOf(result: { readonly ok: boolean; readonly error?: Refusal }): readonly string[] {
  if (result.ok || result.error?.reason !== 'invalid_request') throw new Error('expected wrong members');
  return result.error.problems.map(({ name }) => name);
}

function read(parts: Partial<ApiEvent> & { readonly json?: unknown } = {}) {
  return readRequest(
    { requests: REQUESTS, routes: OPERATIONS },
    'ListPaymentSessions',
    makeEvent('ListPaymentSessions', { json: list, ...parts }),
  );
}

const MANAGER = {
  deployment: { partition: 'aws', region: 'us-east-1', account: '111122223333' },
  resource: 'demo-0123456789',
};
/** What `list` means. */
const listRead = { manager: MANAGER, page: { maxResults: 100 } };

describe('the user', () => {
  const withUsers = (...users: string[]) => read({ multiValueHeaders: { [USER_HEADER]: users } });

  test.each([
    ['as AWS writes it', USER_HEADER],
    ['in lower case, as HTTP/2 has it', USER_HEADER.toLowerCase()],
    ['in upper case', USER_HEADER.toUpperCase()],
  ])('is read from the header %s', (_how, name) => {
    expect(read({ headers: { [name]: 'ada' } })).toMatchObject({
      ok: true,
      value: { principal: { userId: 'ada', claims: null } },
    });
    expect(read({ headers: null, multiValueHeaders: { [name]: ['ada'] } })).toMatchObject({
      value: { principal: { userId: 'ada', claims: null } },
    });
  });

  test.each(['ada@example.com', 'user#1', 'samlp|corp|John Doe', '100%25', 'x'.repeat(120)])('may be %s', (user) => {
    expect(withUsers(user)).toMatchObject({ ok: true, value: { principal: { userId: user } } });
  });

  test.each([
    ["UTF-8''%E7%94%A8%E6%88%B7", '用户'],
    ["UTF-8''alice%20", 'alice '],
    ["UTF-8''alice%C2%A0", 'alice\u00a0'],
    [`UTF-8''${'x'.repeat(255)}`, 'x'.repeat(255)],
    ["UTF-8''alice", "UTF-8''alice"],
  ])('may be encoded: %s', (header, userId) => {
    expect(withUsers(header)).toMatchObject({ ok: true, value: { principal: { userId } } });
  });

  test('is what stands between the blanks, as in any header', () => {
    expect(withUsers(' \tada ')).toMatchObject({ ok: true, value: { principal: { userId: 'ada', claims: null } } });
  });

  test.each(['\u00a0', '\u2003', '\u3000', '\ufeff', '\u2028'])('is never ada with the blank %j behind', (blank) => {
    expect(problemsOf(withUsers(`ada${blank}`))).toEqual(['userId']);
  });

  test.each([
    ['Zoë', 'userId must be printable ASCII in a header'],
    ['x'.repeat(121), 'userId must have at most 120 characters in a header'],
  ])('that a header cannot carry is told how it is sent: %s', (user, expected) => {
    const answer = withUsers(user);
    const [problem] = !answer.ok && answer.error.reason === 'invalid_request' ? answer.error.problems : [];
    expect(problem?.message).toContain(expected);
    expect(problem?.message).toContain("UTF-8''");
  });

  test.each([
    ['empty', ''],
    ['blank', ' \t '],
    ['too long', 'x'.repeat(121)],
    ['too long when decoded', `UTF-8''${'x'.repeat(256)}`],
    ['another alphabet', '用户'],
    ['broken by a line', 'a\r\nb'],
    ['broken by a zero', 'a\0b'],
    ['written backwards', 'a\u202eb'],
    ['half a character', 'a\ud800'],
  ])('is refused when it is %s', (_what, user) => {
    expect(problemsOf(withUsers(user))).toEqual(['userId']);
  });

  test.each([
    ['two of them', ['ada', 'bob']],
    ['the same twice', ['ada', 'ada']],
    ['an empty one beside it', ['', 'ada']],
  ])('is refused when there is %s', (_what, users) => {
    expect(problemsOf(withUsers(...users))).toEqual(['userId']);
  });

  test('is refused when two headers differ in case only', () => {
    const multiValueHeaders = { [USER_HEADER]: ['ada'], [USER_HEADER.toLowerCase()]: ['bob'] };
    expect(problemsOf(read({ multiValueHeaders }))).toEqual(['userId']);
  });

  test('is refused when it is missing, together with everything else that is wrong', () => {
    expect(problemsOf(read({ headers: {}, json: {} }))).toEqual(['userId', 'paymentManagerArn']);
  });

  test('is never taken from the body', () => {
    expect(problemsOf(read({ headers: {}, json: { ...list, userId: 'ada' } }))).toEqual(['userId']);
  });

  test('is not asked of an operator', () => {
    const json = { name: 'demo', authorizerType: 'AWS_IAM', roleArn: 'arn:aws:iam::111122223333:role/service' };
    const event = makeEvent('CreatePaymentManager', { json, headers: {} });
    expect(readRequest({ requests: REQUESTS, routes: OPERATIONS }, 'CreatePaymentManager', event)).toMatchObject({
      ok: true,
      value: { principal: { userId: '' } },
    });
  });
});

describe('the agent', () => {
  const withAgent = (agent: string) => read({ headers: { [USER_HEADER]: 'ada', [AGENT_HEADER]: agent } });

  test.each([
    ['a name', 'research-agent', 'research-agent'],
    ['the longest name', 'x'.repeat(256), 'x'.repeat(256)],
    ['nothing', '', null],
  ])('may send %s', (_what, agent, expected) => {
    expect(withAgent(agent)).toMatchObject({ ok: true, value: { agentName: expected } });
  });

  test.each([
    ['a longer name', 'x'.repeat(257)],
    ['a name with a line break', 'a\n{"_aws":{}}'],
  ])('is refused with %s', (_what, agent) => {
    expect(problemsOf(withAgent(agent))).toEqual(['agentName']);
  });
});

describe('the query', () => {
  const readList = (parts: Partial<ApiEvent>) =>
    readRequest({ requests: REQUESTS, routes: OPERATIONS }, 'ListPayments', makeEvent('ListPayments', parts));

  test('holds the members of an operation without a body', () => {
    const queryStringParameters = { paymentManagerArn: ARN, maxResults: '7' };
    expect(readList({ queryStringParameters })).toMatchObject({
      ok: true,
      value: { input: { manager: MANAGER, page: { maxResults: 7 } } },
    });
  });

  test('is refused when it has a member twice', () => {
    const multiValueQueryStringParameters = { paymentManagerArn: [ARN, `${ARN}x`] };
    const queryStringParameters = { paymentManagerArn: `${ARN}x` };
    expect(problemsOf(readList({ queryStringParameters, multiValueQueryStringParameters }))).toEqual([
      'paymentManagerArn',
    ]);
  });

  test('holds a list where a member may be repeated', () => {
    const multiValueQueryStringParameters = { tagKeys: ['team', 'stage'] };
    const pathParameters = { resourceArn: encodeURIComponent(ARN) };
    const event = makeEvent('UntagResource', { multiValueQueryStringParameters, pathParameters });
    expect(readRequest({ requests: REQUESTS, routes: OPERATIONS }, 'UntagResource', event)).toMatchObject({
      value: { input: { resource: { resource: { kind: 'manager', id: MANAGER.resource } }, keys: ['team', 'stage'] } },
    });
  });

  test('holds the client token of a deletion, once', () => {
    const pathParameters = { paymentManagerId: 'demo-0123456789' };
    const readDeletion = (tokens: string[]) =>
      readRequest(
        { requests: REQUESTS, routes: OPERATIONS },
        'DeletePaymentManager',
        makeEvent('DeletePaymentManager', { pathParameters, multiValueQueryStringParameters: { clientToken: tokens } }),
      );
    const token = 'x'.repeat(33);
    expect(readDeletion([token])).toMatchObject({ ok: true, value: { input: { clientToken: token } } });
    expect(problemsOf(readDeletion([token, token]))).toEqual(['clientToken']);
  });

  test('is the only place of what belongs there', () => {
    const pathParameters = { paymentManagerId: 'demo-0123456789' };
    const event = makeEvent('DeletePaymentManager', { pathParameters, json: { clientToken: 'short' } });
    expect(readRequest({ requests: REQUESTS, routes: OPERATIONS }, 'DeletePaymentManager', event)).toMatchObject({
      ok: true,
    });
    const page = makeEvent('ListPaymentManagers', {
      json: { maxResults: 7 },
      queryStringParameters: { maxResults: '3' },
    });
    const found = readRequest({ requests: REQUESTS, routes: OPERATIONS }, 'ListPaymentManagers', page);
    expect(found.ok ? found.value.input : null).toEqual({ page: { maxResults: 3 } });
  });

  test('says nothing to an operation with a body', () => {
    const queryStringParameters = { paymentManagerArn: ARN, maxResults: '7', nextToken: 'x' };
    expect(problemsOf(read({ json: {}, queryStringParameters }))).toEqual(['paymentManagerArn']);
    const found = read({ queryStringParameters });
    expect(found).toMatchObject({ ok: true });
    expect(found.ok ? found.value.input : null).toEqual(listRead);
  });

  test.each(['0', '101', '-1', '1.5', '1e1', '0x10', ' 7', ''])('is refused for a page of %j', (maxResults) => {
    expect(problemsOf(readList({ queryStringParameters: { paymentManagerArn: ARN, maxResults } }))).toEqual([
      'maxResults',
    ]);
  });
});

describe('the path', () => {
  const connector = { name: 'seed', type: 'SeedVault' };
  const readConnector = (paymentManagerId: string, json: object = connector) =>
    readRequest(
      { requests: REQUESTS, routes: OPERATIONS },
      'CreatePaymentConnector',
      makeEvent('CreatePaymentConnector', { json, pathParameters: { paymentManagerId } }),
    );

  test('names the resource, whatever the body says', () => {
    const found = readConnector('demo-0123456789', { ...connector, paymentManagerId: 'other-0123456789' });
    expect(found).toMatchObject({ ok: true, value: { input: { managerId: 'demo-0123456789' } } });
  });

  test('is read as it was meant, not as it was encoded', () => {
    expect(readConnector('demo%2D0123456789')).toMatchObject({
      value: { input: { managerId: 'demo-0123456789' } },
    });
  });

  test.each(['..%2Fdemo-0123456789', '%', '%zz', 'demo', ''])('is refused when it is %j', (paymentManagerId) => {
    expect(problemsOf(readConnector(paymentManagerId))).toEqual(['paymentManagerId']);
  });
});

describe('the body', () => {
  const readBody = (body: string | null, isBase64Encoded = false) => read({ body, isBase64Encoded });
  const encode = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64');
  const text = JSON.stringify(list);

  test.each([
    ['as text', text, false],
    ['in base64', encode(text), true],
    ['with blanks around it', ` \r\n\t${text}\n`, false],
  ])('is read %s', (_how, body, isBase64Encoded) => {
    expect(readBody(body, isBase64Encoded)).toMatchObject({ ok: true, value: { input: listRead } });
  });

  test.each([
    ['base64 with a stray character', `${encode(text).slice(0, 8)}!${encode(text).slice(9)}`],
    ['base64 without its padding', encode(`${text} `).replaceAll('=', '') + 'A'],
    ['base64 of another alphabet', '_-8='],
    ['bytes that are no UTF-8', encode(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d))],
    ['a surrogate in UTF-8', encode(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22))],
    ['more than 64 kB in base64', encode(JSON.stringify({ ...list, padding: 'x'.repeat(64 * 1024) }))],
  ])('is refused as %s', (_what, body) => {
    expect(readBody(body, true)).toMatchObject({ ok: false, error: { reason: 'cannot_parse' } });
  });

  test.each([null, ''])('is an object without members when it is %j', (body) => {
    expect(problemsOf(readBody(body))).toEqual(['paymentManagerArn']);
  });

  test('may say null for a member that is not there', () => {
    const found = read({ json: { ...list, nextToken: null, maxResults: null } });
    expect(found.ok ? found.value.input : null).toEqual(listRead);
    expect(problemsOf(read({ json: { paymentManagerArn: null } }))).toEqual(['paymentManagerArn']);
  });
});

const CLAIMS = { iss: 'https://issuer.example', sub: 'grace', exp: 4_000_000_000 };

describe('the holder of a token', () => {
  const readUnder = (authorizer: Record<string, unknown> | null, parts: Partial<ApiEvent> = {}) => {
    const event = makeEvent('ListPaymentSessions', {
      json: list,
      resource: '/oauth/payments/listPaymentSessions',
      ...parts,
    });
    const requestContext = { ...event.requestContext, ...(authorizer === null ? {} : { authorizer }) };
    return readRequest(
      { requests: REQUESTS, routes: OPERATIONS },
      'ListPaymentSessions',
      { ...event, requestContext },
      'header',
      readTokenCaller,
    );
  };

  test('is the user, whatever the header says', () => {
    for (const headers of [{ 'X-Amzn-Bedrock-AgentCore-Payments-User-Id': 'ada' }, {}]) {
      expect(readUnder({ claims: JSON.stringify(CLAIMS) }, { headers })).toMatchObject({
        ok: true,
        value: { principal: { userId: 'grace', claims: CLAIMS } },
      });
    }
  });

  test.each([null, {}, { claims: '' }, { claims: '{}' }, { claims: '{"sub":"grace"}' }, { claims: CLAIMS }])(
    'is not made up from the context %j: such a request fails',
    (authorizer) => {
      expect(() => readUnder(authorizer)).toThrow('without the claims');
    },
  );

  test('is nobody on a route that takes signatures', () => {
    const resource = '/payments/listPaymentSessions';
    expect(readUnder({ claims: JSON.stringify(CLAIMS) }, { resource })).toMatchObject({
      value: { principal: { userId: 'user-1', claims: null } },
    });
  });
});

describe('a user that is bound to the role session', () => {
  const readBound = (userArn: string | null, headers: Record<string, string> = {}) => {
    const event = makeEvent('ListPaymentSessions', { json: list, headers });
    const requestContext = { ...event.requestContext, identity: { userArn } };
    return readRequest(
      { requests: REQUESTS, routes: OPERATIONS },
      'ListPaymentSessions',
      { ...event, requestContext },
      'role-session',
    );
  };
  const ARN_OF_ADA = 'arn:aws:sts::111122223333:assumed-role/Agents/ada@example.com';

  test('is who the session is named after, with the header or without', () => {
    for (const headers of [{}, { 'X-Amzn-Bedrock-AgentCore-Payments-User-Id': 'ada@example.com' }]) {
      expect(readBound(ARN_OF_ADA, headers)).toMatchObject({
        value: { principal: { userId: 'ada@example.com', claims: null } },
      });
    }
  });

  test('is not somebody else whom the header names', () => {
    const headers = { 'X-Amzn-Bedrock-AgentCore-Payments-User-Id': 'grace' };
    expect(problemsOf(readBound(ARN_OF_ADA, headers))).toEqual(['userId']);
  });

  test.each([
    null,
    '',
    'arn:aws:iam::111122223333:user/ada',
    'arn:aws:iam::111122223333:root',
    'arn:aws:sts::111122223333:federated-user/ada',
    'arn:aws:sts::111122223333:assumed-role/Agents',
    'arn:aws:sts::111122223333:assumed-role/path/Agents/ada',
  ])('is not found in a caller that is %j', (userArn) => {
    expect(problemsOf(readBound(userArn))).toEqual(['userId']);
  });
});

describe('under /oauth', () => {
  const names = Object.keys(OPERATIONS) as OperationName[];

  test.each(names)('%s stands where its entry says, and nowhere else', (operation) => {
    const { function: name, method: httpMethod, path, oauth } = OPERATIONS[operation];
    const find = (resource: string) => findOperation(OPERATIONS, name, { httpMethod, resource, path });
    expect(find(path)).toEqual({ ok: true, value: operation });
    expect(find(`/oauth${path}`).ok).toBe(oauth !== null);
    expect(find(`/oauth/oauth${path}`).ok).toBe(false);
  });

  test('stand the operations of users: the data plane, funding, top-ups, receipts, asking, spend policies, outcomes, assets and what the page of a wallet shows', () => {
    const own = names.filter((name) => OPERATIONS[name].path.startsWith('/bursar/'));
    expect(own.filter((name) => OPERATIONS[name].oauth !== null)).toEqual([
      'RevokeWalletDelegation',
      'CreateOnrampSession',
      'RequestTestFunds',
      'TopUpSession',
      'ListSessionTopUps',
      'ListPayments',
      'GetPayment',
      'QuoteChallenge',
      'PayChallenge',
      'GetAllowance',
      'PutDataPolicy',
      'GetDataPolicy',
      'DeleteDataPolicy',
      'ListDataPolicyChanges',
      'ReportOutcome',
      'ListAssets',
      'GetWalletOverview',
    ]);
    expect(names.filter((name) => OPERATIONS[name].oauth !== null)).toHaveLength(27);
  });
});
