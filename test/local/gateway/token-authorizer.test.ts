import { expect, test } from 'vitest';
import type { InvocationResult } from '../../../lib/local/runtime/runtime.ts';
import type { ApiDefinition } from '../../../lib/local/template/api.ts';
import { askAuthorizer } from '../../../lib/local/gateway/token-authorizer.ts';

const STAGE_ARN = 'arn:aws:execute-api:us-east-1:000000000000:abc123/v1';
const api: ApiDefinition = {
  id: 'abc123',
  stage: 'v1',
  routes: [],
  preflights: [],
  gatewayResponses: {},
  binaryMediaTypes: [],
  policy: null,
};

function allow(resource: string, effect: 'Allow' | 'Deny' = 'Allow') {
  const Statement = [{ Effect: effect, Action: 'execute-api:Invoke', Resource: resource }];
  return { principalId: 'user-1', policyDocument: { Version: '2012-10-17', Statement } };
}

const both = {
  principalId: 'user-1',
  policyDocument: {
    Version: '2012-10-17',
    Statement: [...allow('*').policyDocument.Statement, ...allow('*', 'Deny').policyDocument.Statement],
  },
};
const otherAction = {
  principalId: 'user-1',
  policyDocument: {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'execute-api:ManageConnections', Resource: '*' }],
  },
};

const succeeded = (payload: unknown): InvocationResult => ({ status: 'succeeded', payload });

/** Asks with a scripted function; gives back the answer and the events that the function got. */
async function ask(
  result: InvocationResult,
  headers: [string, string][] = [['Authorization', 'Bearer t']],
  target = '/v1/oauth/pay?a=1&a=2',
) {
  const events: Record<string, unknown>[] = [];
  const path = target.slice('/v1'.length).split('?')[0]!;
  let nowMs = 0;
  const answer = await askAuthorizer({
    request: {
      request: { method: 'POST', target, headers, body: Buffer.from('{"secret":"body"}') },
      requestId: 'request-1',
      match: {
        route: {
          method: 'POST',
          path: '/oauth/pay',
          authorization: { type: 'CUSTOM', authorizer: { name: 'judge', arn: 'arn' } },
          functionName: 'pay',
          functionArn: 'arn',
        },
        path,
        pathParameters: null,
      },
      api,
      environment: { partition: 'aws', region: 'us-east-1', account: '000000000000' },
      traceId: 'Root=1;Parent=2',
      port: 8787,
      nowMs: 0,
    },
    nowMs: () => (nowMs += 7),
    functionName: 'judge',
    invoke: async (name, event) => {
      expect(name).toBe('judge');
      events.push(event as Record<string, unknown>);
      return result;
    },
  });
  return { answer, events };
}

test('lets in whom the returned policy allows, with the context as text', async () => {
  const context = { claims: '{}', count: 2, yes: true };
  const { answer } = await ask(succeeded({ ...allow(`${STAGE_ARN}/*/oauth/*`), context }));
  const text = { claims: '{}', count: '2', yes: 'true' };
  expect(answer).toMatchObject({ ok: true, value: { principalId: 'user-1', context: text, latencyMs: 7 } });
});

test('shows the function the request without its body', async () => {
  const { events } = await ask(succeeded(allow(`${STAGE_ARN}/*/oauth/*`)));
  expect(events).toMatchObject([
    {
      type: 'REQUEST',
      methodArn: `${STAGE_ARN}/POST/oauth/pay`,
      httpMethod: 'POST',
      headers: { Authorization: 'Bearer t', 'X-Forwarded-Proto': 'http' },
      pathParameters: {},
      multiValueQueryStringParameters: { a: ['1', '2'] },
      requestContext: { requestId: 'request-1', stage: 'v1', identity: { sourceIp: '127.0.0.1', userArn: null } },
    },
  ]);
  expect(JSON.stringify(events)).not.toContain('secret');
  expect(events[0]).not.toHaveProperty('body');
  expect(events[0]!['requestContext']).not.toHaveProperty('authorizer');
});

test('takes names that every object has for names like others', async () => {
  const headers: [string, string][] = [
    ['authorization', 'Bearer t'],
    ['constructor', 'h'],
  ];
  const { events } = await ask(succeeded(allow('*')), headers, '/v1/oauth/pay?constructor=q&toString=s');
  expect(events).toMatchObject([
    {
      multiValueHeaders: { constructor: ['h'] },
      multiValueQueryStringParameters: { constructor: ['q'], toString: ['s'] },
    },
  ]);
});

test('does not take a wildcard in the path for one', async () => {
  const policy = allow(`${STAGE_ARN}/POST/oauth/pay*`);
  const { answer, events } = await ask(succeeded(policy), undefined, '/v1/oauth/pay*');
  expect(events).toMatchObject([{ methodArn: `${STAGE_ARN}/POST/oauth/pay%2A` }]);
  expect(answer).toMatchObject({ ok: true });
  const other = await ask(succeeded(allow(`${STAGE_ARN}/POST/oauth/pay`)), undefined, '/v1/oauth/*');
  expect(other.answer).toMatchObject({ ok: false, error: { type: 'ACCESS_DENIED' } });
});

test.each([
  ['a policy for another path', allow(`${STAGE_ARN}/*/payments/*`)],
  ['a policy for another stage', allow('arn:aws:execute-api:us-east-1:000000000000:abc123/v2/*')],
  ['a policy that denies', allow('*', 'Deny')],
  ['a policy that allows and denies', both],
  ['a policy for another method', allow(`${STAGE_ARN}/GET/oauth/pay`)],
  ['a policy for another action', otherAction],
])('refuses whom %s does not allow', async (_, answered) => {
  expect((await ask(succeeded(answered))).answer).toMatchObject({ ok: false, error: { type: 'ACCESS_DENIED' } });
});

test('does not ask the function about a request without the header, or with an empty one', async () => {
  for (const headers of [[], [['authorization', '']] as [string, string][]]) {
    const { answer, events } = await ask(succeeded(allow('*')), headers);
    expect(answer).toMatchObject({ ok: false, error: { type: 'UNAUTHORIZED' } });
    expect(events).toEqual([]);
  }
});

test('takes the error Unauthorized for a refusal and any other for an outage', async () => {
  const failed = (errorMessage: string): InvocationResult => ({ status: 'failed', errorType: 'Error', errorMessage });
  expect((await ask(failed('Unauthorized'))).answer).toMatchObject({ error: { type: 'UNAUTHORIZED' } });
  expect((await ask(failed('unauthorized'))).answer).toMatchObject({ error: { type: 'AUTHORIZER_FAILURE' } });
  const timedOut: InvocationResult = { status: 'timed-out', errorMessage: 'Task timed out' };
  expect((await ask(timedOut)).answer).toMatchObject({ error: { type: 'AUTHORIZER_FAILURE' } });
  expect((await ask({ status: 'throttled' })).answer).toMatchObject({ error: { type: 'AUTHORIZER_FAILURE' } });
});

test.each([
  ['no object', null],
  ['no principal', { policyDocument: {} }],
  ['a list', [allow('*')]],
  ['no policy', { principalId: 'user-1' }],
  ['a policy in text', { ...allow('*'), policyDocument: JSON.stringify(allow('*').policyDocument) }],
  ['an empty policy', { ...allow('*'), policyDocument: {} }],
  [
    'an unknown effect',
    { ...allow('*'), policyDocument: { ...both.policyDocument, Statement: [{ Effect: 'Maybe' }] } },
  ],
  ['statements that are a number', { ...allow('*'), policyDocument: { Version: '2012-10-17', Statement: 5 } }],
  ['a context that is a list', { ...allow('*'), context: ['a'] }],
  ['a context with a list', { ...allow('*'), context: { roles: ['a'] } }],
  ['a context with null', { ...allow('*'), context: { claims: null } }],
  ['a context that is deeper than plain values', { ...allow('*'), context: { claims: { sub: 'x' } } }],
])('takes an answer with %s for a mistake in the authorizer', async (_, payload) => {
  expect((await ask(succeeded(payload))).answer).toMatchObject({
    ok: false,
    error: { type: 'AUTHORIZER_CONFIGURATION_ERROR' },
  });
});
