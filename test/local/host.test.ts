import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, watch } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDatabase, type Database } from '../../lib/local/database/engine.ts';
import { startHost, type Host } from '../../lib/local/host.ts';
import { call, writeFixture, type Call } from './host-fixture.ts';
import { checkPort, close, listen } from '../../lib/local/loopback/server.ts';

type Caller = 'agent' | 'other';
const CALLERS = { agent: 'AgentRoleArn', other: 'OtherRoleArn' } as const;

const templatesDir = writeFixture();
const dataDir = mkdtempSync(join(tmpdir(), 'bursar-host-data-'));
const lines: string[] = [];
const problems: string[] = [];
let database: Database;
let host: Host<Caller>;

function start(port = 0): Promise<Host<Caller>> {
  return startHost({
    templatesDir,
    dataDir,
    port,
    database,
    callers: CALLERS,
    rpcUrls: { 'eip155:2': 'http://127.0.0.1:2' },
    timers: null,
    log: ({ line }) => lines.push(line),
    report: (problem) => problems.push(problem),
  });
}

beforeAll(async () => {
  database = await startDatabase({ dataDir: null, env: {} });
  host = await start();
});

afterAll(async () => {
  await host.close();
  await database.close();
  rmSync(templatesDir, { recursive: true });
  rmSync(dataDir, { recursive: true });
});

function send(options: Partial<Call> & { readonly as?: Caller }): Promise<Response> {
  const { as, ...rest } = options;
  const key = as === undefined ? {} : { key: host.credentialsByRole[as] };
  return call({ endpoint: host.endpoint, method: 'POST', path: '/echo', ...key, ...rest });
}

function order(what: object): Partial<Call> & { readonly as: Caller } {
  return { as: 'agent', body: JSON.stringify(what), headers: { 'content-type': 'application/json' } };
}

// oxlint-disable-next-line typescript/no-explicit-any -- what the fixture's function saw
async function readEcho(response: Response): Promise<any> {
  expect(response.status).toBe(200);
  return response.json();
}

describe('a caller', () => {
  test('is refused without a signature', async () => {
    const response = await send({ body: '{}' });
    expect(response.status).toBe(403);
    expect(response.headers.get('x-amzn-errortype')).toBe('AccessDeniedException');
    expect(response.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await response.json()).toEqual({ __type: 'AccessDeniedException', message: 'Missing Authentication Token' });
  });

  test('is refused with a signature for another service, and told which one', async () => {
    const response = await send({ as: 'agent', service: 'bedrock-agentcore' });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({
      message: "Credential should be scoped to correct service: 'execute-api'.",
    });
  });

  test('is refused with a signature made ten minutes ago', async () => {
    const response = await send({ as: 'agent', at: new Date(Date.now() - 600_000) });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ message: expect.stringMatching(/^Signature expired/) });
  });

  test('is refused with a key that nobody has', async () => {
    const key = { ...host.credentialsByRole.agent, accessKeyId: 'AKIAAAAAAAAAAAAAAAAA' };
    const response = await send({ key });
    expect(response.status).toBe(403);
  });

  test('is refused with another secret', async () => {
    const key = { ...host.credentialsByRole.agent, secretAccessKey: host.credentialsByRole.other.secretAccessKey };
    expect((await send({ key })).status).toBe(403);
  });

  test('is refused what its role does not allow, and named', async () => {
    const response = await send({ as: 'other' });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({
      message: expect.stringMatching(
        /^User: arn:aws:sts::000000000000:assumed-role\/FixtureService-OtherRole44444444\/other is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:000000000000:[0-9a-f]{10}\/v1\/POST\/echo$/,
      ),
    });
    const same = await send({ as: 'other', method: 'GET', path: '/things/7' });
    expect(same.status).toBe(200);
  });

  test('is refused a method of a path that its role allows another method of', async () => {
    expect((await send({ as: 'agent', method: 'DELETE', path: '/things/7' })).status).toBe(403);
  });

  test('is refused an unknown path', async () => {
    const response = await send({ as: 'agent', path: '/nothing' });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ message: 'Missing Authentication Token' });
  });
});

describe('an event', () => {
  test('holds what was sent, as API Gateway hands it on', async () => {
    const response = await send({
      as: 'agent',
      path: '/echo?a=1&a=2&b=x%20y',
      headers: { 'content-type': 'application/json', 'X-Amzn-Bedrock-AgentCore-Payments-User-Id': 'ada' },
      body: '{"text":"é"}',
    });
    expect(response.headers.get('x-fixture')).toBe('yes');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
    const { event } = await readEcho(response);
    expect(event).toMatchObject({
      resource: '/echo',
      path: '/echo',
      httpMethod: 'POST',
      queryStringParameters: { a: '2', b: 'x y' },
      multiValueQueryStringParameters: { a: ['1', '2'], b: ['x y'] },
      pathParameters: null,
      body: '{"text":"é"}',
      isBase64Encoded: false,
      requestContext: {
        accountId: '000000000000',
        stage: 'v1',
        resourcePath: '/echo',
        path: '/v1/echo',
        requestId: response.headers.get('x-amzn-requestid'),
        identity: {
          accountId: '000000000000',
          userArn: 'arn:aws:sts::000000000000:assumed-role/FixtureService-AgentRole33333333/agent',
        },
      },
    });
    const names = Object.keys(event.headers);
    expect(names).not.toContain('authorization');
    expect(names).not.toContain('Authorization');
    expect(names).toContain('X-Forwarded-For');
    const user = names.find((name) => name.toLowerCase() === 'x-amzn-bedrock-agentcore-payments-user-id')!;
    expect(event.multiValueHeaders[user]).toEqual(['ada']);
  });

  test('holds a path parameter as it was sent', async () => {
    const { event } = await readEcho(await send({ as: 'agent', method: 'GET', path: '/things/a%2Fb' }));
    expect(event).toMatchObject({ resource: '/things/{thingId}', pathParameters: { thingId: 'a%2Fb' }, body: null });
    const literal = await readEcho(await send({ as: 'agent', method: 'GET', path: '/things/all' }));
    expect(literal.event).toMatchObject({ resource: '/things/all', pathParameters: null });
  });

  test('holds a binary body in base64, and text of any other type as it is', async () => {
    const bytes = Uint8Array.from([0, 255, 1, 254]);
    const binary = { as: 'agent', path: '/binary', headers: { 'content-type': 'application/octet-stream' } } as const;
    const { event } = await readEcho(await send({ ...binary, body: bytes }));
    expect(event).toMatchObject({ body: 'AP8B/g==', isBase64Encoded: true });
    const plain = await readEcho(await send({ ...binary, headers: { 'content-type': 'text/plain' }, body: 'x' }));
    expect(plain.event).toMatchObject({ body: 'x', isBase64Encoded: false });
  });

  test('of a custom domain has no stage in its path', async () => {
    const endpoint = host.endpoint.replace(/\/v1$/, '');
    const { event } = await readEcho(await send({ as: 'agent', endpoint }));
    expect(event).toMatchObject({ path: '/echo', requestContext: { path: '/echo', stage: 'v1' } });
  });

  test('is refused a body above ten megabytes', async () => {
    const response = await send({ body: new Uint8Array(10 * 1024 * 1024 + 1) });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ message: 'Request Entity Too Large' });
  });
});

describe('a function', () => {
  test('has the environment of its template, Lambda’s own, and nothing of this process', async () => {
    const { env, context, secrets } = await readEcho(await send({ as: 'agent' }));
    expect(env).toMatchObject({
      THINGS_TABLE: 'FixtureData-ThingsTable0A1B2C3D',
      RPC_URLS: '{"eip155:2":"http://127.0.0.1:2"}',
      AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: 'FixtureService-EchoFunction88888888',
      AWS_ENDPOINT_URL_DYNAMODB: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      AWS_ENDPOINT_URL_KMS: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      AWS_ACCESS_KEY_ID: expect.stringMatching(/^ASIA[A-Z2-7]{16}$/),
    });
    expect(secrets).toBe(true);
    expect(env).not.toHaveProperty('HOME');
    expect(context).toMatchObject({ functionName: 'FixtureService-EchoFunction88888888', memoryLimitInMB: '256' });
    expect(context.remaining).toBeGreaterThan(0);
    expect(context.remaining).toBeLessThanOrEqual(1_000);
  });

  test('has its lines in its log', async () => {
    const { context } = await readEcho(await send({ as: 'agent' }));
    expect(lines).toContain(`serving ${context.awsRequestId}`);
    expect(readFileSync(join(dataDir, 'logs', 'echo.log'), 'utf8')).toContain(`serving ${context.awsRequestId}\n`);
  });

  test.each([['throw'], ['exit']])('that fails by %s is an internal error, and serves the next call', async (how) => {
    const response = await send(order({ do: how }));
    expect(response.status).toBe(500);
    expect(response.headers.get('x-amzn-errortype')).toBe('InternalServerException');
    expect(await response.json()).toEqual({ __type: 'InternalServerException', message: 'Something went wrong' });
    expect((await send({ as: 'agent' })).status).toBe(200);
  });

  test('that takes too long is killed and an internal error, and serves the next call', async () => {
    const response = await send(order({ do: 'hang', file: join(dataDir, 'slow') }));
    expect(response.status).toBe(500);
    expect(lines).toContainEqual(expect.stringMatching(/Task timed out after 1\.00 seconds$/));
    expect((await send({ as: 'agent' })).status).toBe(200);
  });

  test('that does not load is an internal error every time, and its log says why', async () => {
    for (let i = 0; i < 2; i += 1) expect((await send({ as: 'agent', path: '/broken' })).status).toBe(500);
    expect(lines).toContainEqual(expect.stringContaining('this bundle does not load'));
  });

  test.each([
    ['text', 'hello'],
    ['null', null],
    ['no status', { body: '' }],
    ['a body that is no text', { statusCode: 200, body: { a: 1 } }],
    ['a member that API Gateway does not know', { statusCode: 200, body: '', extra: 1 }],
    ['headers that are no object', { statusCode: 200, headers: 'x', body: '' }],
    ['a header with a line break', { statusCode: 200, headers: { 'x-a': 'a\r\nb: c' }, body: '' }],
    ['a header that is no text', { statusCode: 200, headers: { a: {} }, body: '' }],
  ])('that answers %s is an internal error', async (_, answer) => {
    expect((await send(order({ do: 'answer', answer }))).status).toBe(500);
    expect(problems.at(-1)).toContain('malformed answer');
  });

  test('decides status, headers and body', async () => {
    const answer = {
      statusCode: 409,
      headers: { 'X-Amzn-ErrorType': 'ConflictException', 'Content-Type': 'text/x', Date: 'never' },
      multiValueHeaders: { 'x-many': ['a', 'b'] },
      body: 'é',
    };
    const response = await send(order({ do: 'answer', answer }));
    expect(response.status).toBe(409);
    expect(response.headers.get('x-amzn-errortype')).toBe('ConflictException');
    expect(response.headers.get('content-type')).toBe('text/x');
    expect(response.headers.get('x-amzn-remapped-date')).toBe('never');
    expect(response.headers.get('x-many')).toBe('a, b');
    expect(await response.text()).toBe('é');
  });

  test('killed in the middle of a call is an internal error there and serves the next call', async () => {
    const file = join(dataDir, 'kill-me');
    const started = appears(file);
    const before = new Set(host.functions['echo']!.processIds());
    const answered = send(order({ do: 'hang', file }));
    await started;
    for (const processId of new Set([...before, ...host.functions['echo']!.processIds()]))
      process.kill(processId, 'SIGKILL');
    expect((await answered).status).toBe(500);
    expect(lines).toContainEqual(expect.stringContaining('signal: SIGKILL'));
    expect((await send({ as: 'agent' })).status).toBe(200);
  });

  test('serves forty calls at once in at most four processes and loses none', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => readEcho(await send({ as: 'agent', path: `/echo?i=${i}` }))),
    );
    expect(answers.map(({ event }) => event.queryStringParameters.i)).toEqual(
      Array.from({ length: 40 }, (_, i) => `${i}`),
    );
    expect(new Set(answers.map(({ processId }) => processId)).size).toBeLessThanOrEqual(4);
    expect(host.functions['echo']!.processIds().length).toBeLessThanOrEqual(4);
  });
});

describe('a schedule', () => {
  test('invokes its target on demand with EventBridge’s event', async () => {
    const result = await host.runSchedule('echo');
    expect(result).toMatchObject({ status: 'succeeded', payload: { statusCode: 200 } });
    const { event } = JSON.parse((result as { payload: { body: string } }).payload.body);
    expect(event).toMatchObject({
      source: 'aws.events',
      'detail-type': 'Scheduled Event',
      resources: ['arn:aws:events:us-east-1:000000000000:rule/FixtureService-Sweep55555555'],
    });
  });

  test('is refused by a name that no template has', async () => {
    await expect(host.runSchedule('nightly')).rejects.toThrow('no schedule nightly: expected one of');
  });
});

describe('the host', () => {
  test('refuses a port that is taken and says so before anything else', async () => {
    const squatter = createServer();
    const port = await listen(squatter, 0);
    await expect(checkPort(port)).rejects.toThrow(`port ${port} is taken`);
    await expect(start(port)).rejects.toThrow(`port ${port} is taken`);
    await close(squatter);
    await checkPort(port);
  });

  test('gives callers the same keys at the next start, from a file that only its owner reads', async () => {
    const again = await start();
    await again.close();
    expect(again.credentialsByRole).toEqual(host.credentialsByRole);
    expect(statSync(join(dataDir, 'access-keys.json')).mode & 0o777).toBe(0o600);
  });

  test('leaves no process and no open port behind', async () => {
    const other = await start();
    await call({ endpoint: other.endpoint, method: 'POST', path: '/echo', key: other.credentialsByRole.agent });
    const [processId] = other.functions['echo']!.processIds();
    await other.close();
    expect(() => process.kill(processId!, 0)).toThrow('ESRCH');
    await expect(fetch(other.endpoint)).rejects.toThrow('fetch failed');
  });
});

/** Resolves when the file is there. */
function appears(path: string): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(dirname(path), () => {
      if (!existsSync(path)) return;
      watcher.close();
      resolve();
    });
  });
}
