import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GATEWAY_RESPONSES } from '../../../lib/infra/openapi/gateway-responses.ts';
import { startDatabase, type Database } from '../../../lib/local/database/engine.ts';
import { startHost, type Host } from '../../../lib/local/host.ts';
import { call, writeFixture, type Call } from '../host-fixture.ts';
import { addTokenRoute } from './token-fixture.ts';

const templatesDir = writeFixture((service, _, assets) => {
  addTokenRoute(service, assets);
  service.Resources.Api11111111.Properties.Body['x-amazon-apigateway-gateway-responses'] = GATEWAY_RESPONSES;
});
const problems: string[] = [];
const lines: string[] = [];
let database: Database;
let host: Host<'agent'>;

beforeAll(async () => {
  database = await startDatabase({ dataDir: null, env: {} });
  host = await startHost({
    templatesDir,
    dataDir: null,
    database,
    callers: { agent: 'AgentRoleArn' },
    timers: null,
    log: ({ line }) => lines.push(line),
    report: (problem) => problems.push(problem),
  });
});

afterAll(async () => {
  await host.close();
  await database.close();
  rmSync(templatesDir, { recursive: true });
});

function send(token: string | null, more: Partial<Call> = {}): Promise<Response> {
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  return call({ endpoint: host.endpoint, method: 'POST', path: '/oauth/echo', headers, ...more });
}

// oxlint-disable-next-line typescript/no-explicit-any -- what the fixture's functions saw
async function readEvent(response: Response): Promise<any> {
  expect(response.status).toBe(200);
  return ((await response.json()) as { event: object }).event;
}

describe('a request whose token the authorizer lets in', () => {
  test('reaches the function with its header and the authorizer’s context as text', async () => {
    const event = await readEvent(await send('good', { body: '{"a":1}' }));
    expect(event).toMatchObject({
      resource: '/oauth/echo',
      body: '{"a":1}',
      headers: { authorization: 'Bearer good' },
    });
    const { authorizer, identity } = event.requestContext;
    expect(authorizer).toEqual({
      principalId: 'ada',
      count: '2',
      integrationLatency: expect.any(Number),
      shown: expect.any(String),
    });
    expect(identity).toMatchObject({ userArn: null, caller: null, user: null, accessKey: null, accountId: null });
  });

  test('was shown to the authorizer without its body', async () => {
    const more = { method: 'GET', path: '/oauth/things/a%2Fb?x=1&x=2' };
    const event = await readEvent(await send('good', more));
    const shown = JSON.parse(event.requestContext.authorizer.shown);
    expect(shown).toMatchObject({
      type: 'REQUEST',
      methodArn: expect.stringMatching(
        /^arn:aws:execute-api:us-east-1:000000000000:[0-9a-f]{10}\/v1\/GET\/oauth\/things\/a%2Fb$/,
      ),
      resource: '/oauth/things/{thingId}',
      path: '/oauth/things/a%2Fb',
      httpMethod: 'GET',
      pathParameters: { thingId: 'a%2Fb' },
      queryStringParameters: { x: '2' },
      multiValueQueryStringParameters: { x: ['1', '2'] },
      requestContext: { requestId: event.requestContext.requestId, stage: 'v1' },
    });
    expect(shown).not.toHaveProperty('body');
  });

  test('has nothing to do with a signature on the route beside it', async () => {
    const key = host.credentialsByRole.agent;
    const signed = await readEvent(await send(null, { path: '/echo', key }));
    const userArn = 'arn:aws:sts::000000000000:assumed-role/FixtureService-AgentRole33333333/agent';
    expect(signed.requestContext).toMatchObject({ identity: { userArn } });
    expect(signed.requestContext).not.toHaveProperty('authorizer');
    expect((await send('good', { path: '/echo' })).status).toBe(403);
  });
});

describe('a request that the authorizer does not let in', () => {
  test.each<[string, string | null, number, string, string, string?]>([
    ['without a token', null, 403, 'AccessDeniedException', 'Unauthorized'],
    ['with a token that it throws Unauthorized for', 'unauthorized', 403, 'AccessDeniedException', 'Unauthorized'],
    [
      'denied by its policy',
      'deny',
      403,
      'AccessDeniedException',
      'User is not authorized to access this resource',
      '',
    ],
    [
      'denied with a reason',
      'told',
      403,
      'AccessDeniedException',
      'User is not authorized to access this resource',
      'not "yours"',
    ],
    [
      'allowed elsewhere',
      'elsewhere',
      403,
      'AccessDeniedException',
      'User is not authorized to access this resource',
      '',
    ],
  ])('is refused in the form of AWS’s services: %s', async (_, token, status, type, message, detail) => {
    const before = problems.length;
    const response = await send(token);
    expect(response.status).toBe(status);
    expect(response.headers.get('x-amzn-errortype')).toBe(type);
    expect(await response.json()).toEqual({ __type: type, message, ...(detail === undefined ? {} : { detail }) });
    expect(problems.length).toBe(before);
  });

  test.each([
    ['throws', 'throw', 'AUTHORIZER_FAILURE'],
    ['takes too long', 'hang', 'AUTHORIZER_FAILURE'],
    ['answers text', 'text', 'AUTHORIZER_CONFIGURATION_ERROR'],
    ['answers a deep context', 'deep', 'AUTHORIZER_CONFIGURATION_ERROR'],
  ])('is an internal error, and reported, when the authorizer %s', async (_, token, type) => {
    const response = await send(token);
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ __type: 'InternalServerException' });
    expect(problems.at(-1)).toContain(`${type} of FixtureService-JudgeFunction88888888`);
    expect((await send('good')).status).toBe(200);
  });

  test.each([
    ['without a token', null, []],
    ['that is denied', 'deny', ['judging']],
    ['that is let in', 'good', ['judging', 'serving']],
  ])('reaches the functions that it should: a request %s', async (_, token, expected) => {
    lines.length = 0;
    await send(token);
    const words = lines.map((line) => line.split(' ')[0]);
    expect(words.filter((word) => word === 'judging' || word === 'serving')).toEqual(expected);
  });
});
