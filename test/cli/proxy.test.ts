import { once } from 'node:events';
import { createServer, request as sendHttp, type IncomingHttpHeaders } from 'node:http';
import { BedrockAgentCoreClient, ListPaymentSessionsCommand } from '@aws-sdk/client-bedrock-agentcore';
import { BedrockAgentCoreControlClient, GetPaymentConnectorCommand } from '@aws-sdk/client-bedrock-agentcore-control';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { roleOfRequest } from '../../lib/local/operation-roles.ts';
import { startProxy, type ProxyServer } from '../../lib/cli/proxy/server.ts';
import { toEpochMs } from '../../lib/domain/time.ts';
import { verifySignature, type SignedRequest } from '../../lib/sigv4/verification.ts';
import { createReadyWorld, ENDPOINT, MANAGER, SECRET } from './world.ts';
import { close, listen } from '../../lib/local/loopback/server.ts';

const KEY = { accessKeyId: 'BURSARPROXYKEY01', secretAccessKey: 'opens-the-proxy-and-nothing-else-0000000' };
const LENT = { accessKeyId: 'ASIALENT', secretAccessKey: SECRET, sessionToken: 'lent-session-token' };

/** A deployment that writes down what reaches it, and answers what it is told. */
async function startDeployment() {
  const seen: SignedRequest[] = [];
  const answer = {
    status: 200,
    headers: { 'content-type': 'application/json' } as Record<string, string>,
    body: '{"paymentSessions":[]}',
  };
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const raw = request.rawHeaders;
      seen.push({
        method: request.method ?? '',
        target: request.url ?? '',
        headers: raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as const] : [])),
        body: Buffer.concat(chunks),
      });
      response.writeHead(answer.status, answer.headers).end(answer.body);
    })();
  });
  const port = await listen(server, 0);
  return { seen, answer, endpoint: `http://127.0.0.1:${port}/v1`, server };
}

let deployment: Awaited<ReturnType<typeof startDeployment>>;
let proxy: ProxyServer;
const events: unknown[] = [];

beforeEach(async () => {
  deployment = await startDeployment();
  events.length = 0;
  proxy = await startProxy(
    {
      endpoint: deployment.endpoint,
      region: 'us-east-1',
      key: KEY,
      credentials: async () => LENT,
      fetch,
      now: Date.now,
    },
    { port: 0, onAnswer: (event) => events.push(event) },
  );
});
afterEach(async () => {
  await proxy.close();
  await close(deployment.server);
});

const settings = (credentials: object = KEY, region = 'us-east-1') => ({
  endpoint: proxy.url,
  region,
  credentials: credentials as typeof KEY,
  maxAttempts: 1,
});
const listSessions = new ListPaymentSessionsCommand({ paymentManagerArn: MANAGER, userId: 'alice' });

/** A request without any client: what no SDK would send. */
async function sendRaw(options: { path?: string; method?: string; headers?: IncomingHttpHeaders; body?: string }) {
  const request = sendHttp({ host: '127.0.0.1', port: proxy.port, method: 'POST', path: '/', ...options });
  request.end(options.body ?? '');
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
  let text = '';
  for await (const chunk of response as AsyncIterable<Buffer>) text += chunk.toString();
  return { status: response.statusCode, errorType: response.headers['x-amzn-errortype'], text };
}

describe('the official clients, unmodified', () => {
  test('reach the deployment, signed for API Gateway with the lent credentials', async () => {
    const answer = await new BedrockAgentCoreClient(settings()).send(listSessions);
    expect(answer.paymentSessions).toEqual([]);
    const [request] = deployment.seen;
    expect(request?.target).toBe('/v1/payments/listPaymentSessions');
    const verified = verifySignature(request!, {
      region: 'us-east-1',
      service: 'execute-api',
      findCredential: (id) => (id === LENT.accessKeyId ? LENT : null),
      now: toEpochMs(Date.now()),
    });
    expect(verified).toMatchObject({ ok: true });
    expect(events).toEqual([{ method: 'POST', path: '/payments/listPaymentSessions', status: 200 }]);
  });

  test('keep their user and their body, and leave everything of the connection behind', async () => {
    await new BedrockAgentCoreClient(settings()).send(listSessions);
    const { headers, body } = deployment.seen[0]!;
    const byName = new Map(headers.map(([name, value]) => [name.toLowerCase(), value]));
    expect(byName.get('x-amzn-bedrock-agentcore-payments-user-id')).toBe('alice');
    expect(JSON.parse(Buffer.from(body).toString())).toEqual({ paymentManagerArn: MANAGER });
    expect(byName.get('x-amz-user-agent')).toBeUndefined();
    expect(JSON.stringify(headers)).not.toContain(KEY.accessKeyId);
  });

  test('of the control plane reach it too', async () => {
    const connector = { paymentManagerId: 'bursar-0123456789', paymentConnectorId: 'seedvault-0123456789' };
    await new BedrockAgentCoreControlClient(settings()).send(new GetPaymentConnectorCommand(connector));
    expect(deployment.seen[0]?.target).toBe('/v1/payments/managers/bursar-0123456789/connectors/seedvault-0123456789');
  });

  test('get the deployment’s own errors', async () => {
    Object.assign(deployment.answer, {
      status: 404,
      headers: { 'content-type': 'application/json', 'x-amzn-errortype': 'ResourceNotFoundException' },
      body: '{"message":"Payment manager not found"}',
    });
    await expect(new BedrockAgentCoreClient(settings()).send(listSessions)).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test.each([
    ['another secret', { ...KEY, secretAccessKey: 'another' }, 'us-east-1'],
    ['another key', { ...KEY, accessKeyId: 'AKIAOTHER' }, 'us-east-1'],
    ['a session token', { ...KEY, sessionToken: 'of-the-shell' }, 'us-east-1'],
    ['the lent key itself', LENT, 'us-east-1'],
    ['another region', KEY, 'eu-west-1'],
  ])('are refused with %s', async (_, credentials, region) => {
    await expect(new BedrockAgentCoreClient(settings(credentials, region)).send(listSessions)).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    expect(deployment.seen).toEqual([]);
  });
});

describe('the proxy refuses', () => {
  test('a request without a signature', async () => {
    expect(await sendRaw({ path: '/payments/processPayment', body: '{}' })).toMatchObject({
      status: 403,
      errorType: 'AccessDeniedException',
    });
    expect(deployment.seen).toEqual([]);
  });

  test.each([
    'evil.example',
    'evil.example:PORT',
    '127.0.0.1',
    '127.0.0.1:1',
    'localhost.evil.example:PORT',
    '0.0.0.0:PORT',
  ])('the name %s', async (name) => {
    const host = name.replace('PORT', `${proxy.port}`);
    expect(await sendRaw({ headers: { host } })).toMatchObject({
      status: 403,
      text: expect.stringContaining('localhost only'),
    });
  });

  test('paths that would mean something else on the way', async () => {
    for (const path of ['//evil.example/x', '/a/../b', '/a//b', 'http://evil.example/x', '/a/%2e%2e/b', '*']) {
      expect(await sendRaw({ path })).toMatchObject({ status: 400 });
    }
    expect(deployment.seen).toEqual([]);
  });

  test('methods that no operation has', async () => {
    expect(await sendRaw({ method: 'OPTIONS' })).toMatchObject({ status: 400 });
  });

  test('a body above the bound, and only there', async () => {
    expect(await sendRaw({ body: 'x'.repeat(192 * 1024 + 1) })).toMatchObject({ status: 413 });
    expect(await sendRaw({ body: 'x'.repeat(192 * 1024) })).toMatchObject({ status: 403 });
  });

  test('to follow a redirect, and tells nobody where it went', async () => {
    Object.assign(deployment.answer, { status: 307, headers: { location: `${deployment.endpoint}/elsewhere` } });
    const error = await new BedrockAgentCoreClient(settings()).send(listSessions).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'InternalServerException' });
    expect(deployment.seen).toHaveLength(1);
  });

  test('to say why there are no credentials, or where the deployment is', async () => {
    const broken = await startProxy(
      {
        endpoint: 'http://127.0.0.1:9/v1',
        region: 'us-east-1',
        key: KEY,
        credentials: async () => {
          throw new Error(`profile with ${SECRET}`);
        },
        fetch,
        now: Date.now,
      },
      { port: 0, onAnswer: () => undefined },
    );
    const client = new BedrockAgentCoreClient({ ...settings(), endpoint: broken.url });
    const error = (await client.send(listSessions).catch((caught: unknown) => caught)) as Error;
    expect(error.message).toContain('no usable AWS credentials');
    expect(error.message).not.toContain(SECRET);
    await broken.close();
  });

  test('headers of the deployment that are of its connection', async () => {
    deployment.answer.headers = {
      ...deployment.answer.headers,
      'set-cookie': 'a=b',
      'access-control-allow-origin': '*',
    };
    const answers: IncomingHttpHeaders[] = [];
    const client = new BedrockAgentCoreClient(settings());
    client.middlewareStack.add(
      (next) => async (input) => {
        const result = await next(input);
        answers.push((result.response as { headers: IncomingHttpHeaders }).headers);
        return result;
      },
      { step: 'deserialize' },
    );
    await client.send(listSessions);
    expect(answers[0]).not.toHaveProperty('set-cookie');
    expect(answers[0]).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('the role of a request', () => {
  const arn = 'arn%3Aaws%3Abedrock-agentcore%3Aus-east-1%3A111122223333%3Apayment-manager%2Fdemo-0123456789';
  test.each([
    ['POST', '/payments/processPayment', 'processPayment'],
    ['POST', '/payments/createPaymentSession', 'management'],
    ['POST', '/payments/managers', 'controlPlane'],
    ['GET', '/payments/managers/demo-0123456789', 'controlPlane'],
    ['POST', `/tags/${arn}`, 'controlPlane'],
    ['POST', '/identities/GetWorkloadAccessToken', 'token'],
    ['POST', '/bursar/withdrawals', 'processPayment'],
    ['GET', '/payments/processPayment', 'processPayment'],
    ['POST', '/nothing/of/ours', 'processPayment'],
  ])('%s %s is signed as %s', (method, path, role) => {
    expect(roleOfRequest({ method, path })).toBe(role);
  });

  test('is chosen by what is asked, never by what the client says of itself', async () => {
    const asked: unknown[] = [];
    const chosen = await startProxy(
      {
        endpoint: deployment.endpoint,
        region: 'us-east-1',
        key: KEY,
        credentials: async (request) => {
          asked.push(request);
          return LENT;
        },
        fetch,
        now: Date.now,
      },
      { port: 0, onAnswer: () => undefined },
    );
    await new BedrockAgentCoreClient({ ...settings(), endpoint: chosen.url }).send(listSessions);
    expect(asked).toEqual([{ method: 'POST', path: '/payments/listPaymentSessions' }]);
    await chosen.close();
  });
});

describe('bursar proxy', () => {
  test('prints keys of its own, never the lent ones, and ends well when it is interrupted', async () => {
    const world = createReadyWorld();
    const ended = world.run('proxy', '--port', '0', '--json');
    await expect.poll(() => world.out()).not.toBe('');
    const { url, environment } = JSON.parse(world.out());
    expect(environment).toMatchObject({ AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: url });
    expect(new URL(url).hostname).toBe('127.0.0.1');
    expect(world.err()).toContain(ENDPOINT);
    world.stop.abort();
    expect(await ended).toBe(0);
    expect(world.out() + world.err()).not.toContain(SECRET);
    await expect(fetch(url)).rejects.toThrow();
  });

  test.each([
    [['--port', '65536'], {}],
    [['--role', 'agent'], {}],
    [['--roles', 'by-operation'], {}],
    [['--roles', 'all'], {}],
    [[], { BURSAR_TOKEN: 'aaa.bbb.ccc' }],
  ])('refuses %j with %j', async (argv, env) => {
    const world = createReadyWorld({ env });
    expect(await world.run('proxy', ...argv)).toBe(2);
    expect(world.out()).toBe('');
  });

  test('says that the port is taken', async () => {
    const world = createReadyWorld();
    expect(await world.run('proxy', '--port', `${proxy.port}`)).toBe(1);
    expect(world.err()).toContain(`port ${proxy.port} is taken`);
    expect(world.err()).toContain('choose another with --port');
  });
});
