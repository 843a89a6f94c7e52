import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { StreamableHTTPClientTransport as HttpClientV2 } from '@modelcontextprotocol/client';
import { StreamableHTTPClientTransport as HttpClientV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { describe, expect, test } from 'vitest';
import type { McpTransport } from '../../lib/client/mcp/index.ts';
import { close, listen } from '../../lib/local/loopback/server.ts';
import { LINES, type Line, type SeenCall, type ToolHandler } from '../client/mcp/lines.ts';
import { ANSWER, askX402, asResult, paymentOf, refusalOf, sell, textOf } from '../client/mcp/tools-world.ts';
import { SIGNATURE } from '../client/script.ts';
import { afterTest, printedUrl, start } from './mcp-client.ts';
import { awsError, SECRET } from './world.ts';

const [v1, v2] = LINES as [Line, Line];
const PROGRAM = ['--', process.execPath, join(import.meta.dirname, 'mcp-server.ts')];
/** A server over HTTP, in sessions, and what it was asked. */
async function startServer(handle: ToolHandler) {
  const seen: SeenCall[] = [];
  const headers: Record<string, unknown>[] = [];
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    headers.push(request.headers);
    const known = sessions.get(String(request.headers['mcp-session-id']));
    const transport =
      known ??
      new StreamableHTTPServerTransport({
        sessionIdGenerator: () => `session-${sessions.size + 1}`,
        onsessioninitialized: (id) => void sessions.set(id, transport),
      });
    if (known === undefined) {
      await v1.serve(transport as McpTransport, (call) => {
        seen.push(call);
        return handle(call);
      });
    }
    await transport.handleRequest(request, response);
  };
  const server = createServer((request, response) => void serve(request, response));
  const port = await listen(server, 0);
  afterTest(() => close(server));
  return { url: `http://127.0.0.1:${port}/mcp`, seen, headers };
}

describe.each(LINES)('a client of $name over stdio', (line) => {
  test('pays a server over HTTP through it', async () => {
    const server = await startServer(sell());
    const cli = start(['--tool', 'search', '--target', server.url, '--header', 'authorization: Bearer key-1']);
    const client = await line.connect(cli.transport);
    const result = await client.call('search', { q: 'tea' });
    expect(result.content).toEqual(ANSWER.content);
    expect(paymentOf(result)).toMatchObject({ offer: { amountUsd: '0.50' } });
    expect(cli.paid()).toHaveLength(1);
    expect(server.seen.map(({ input }) => input)).toEqual([{ q: 'tea' }, { q: 'tea' }]);
    expect(server.headers.every(({ authorization }) => authorization === 'Bearer key-1')).toBe(true);
    expect(server.headers.at(-1)).toHaveProperty('mcp-protocol-version');
    expect(cli.err()).toMatch(/bursar {3}search: SIGNED, payment \S+ of USD 0\.50 to 0x/);
    expect(cli.err()).not.toContain(SIGNATURE.slice(0, 20));
    cli.pipes.input.end();
    expect(await cli.ended).toBe(0);
  });

  test('pays a server that is a program', async () => {
    const cli = start(['--tool', 'search', ...PROGRAM]);
    const client = await line.connect(cli.transport);
    expect(textOf(await client.call('search', {}))).toBe('found');
    expect(cli.paid()).toHaveLength(1);
    expect(JSON.parse(cli.paid()[0]!.body)).toMatchObject({ resource: { url: 'http://localhost/node' } });
    cli.pipes.input.end();
    expect(await cli.ended).toBe(0);
  });

  test('hears progress and cancels as without it', async () => {
    const cancelled = Promise.withResolvers<string>();
    const stop = new AbortController();
    const server = await startServer(async (call) => {
      if (call.meta['x402/payment'] === undefined) {
        await call.progress(1);
        return asResult(askX402());
      }
      await call.progress(2);
      return new Promise((resolve) => {
        call.signal.addEventListener('abort', () => {
          cancelled.resolve('cancelled');
          resolve(ANSWER);
        });
      });
    });
    const cli = start(['--tool', 'search', '--target', server.url]);
    const client = await line.connect(cli.transport);
    const heard: number[] = [];
    const onProgress = (done: number) => {
      heard.push(done);
      if (done === 2) stop.abort();
    };
    await expect(client.call('search', {}, { onProgress, signal: stop.signal })).rejects.toThrow();
    expect(heard).toEqual([1, 2]);
    expect(await cancelled.promise).toBe('cancelled');
    expect(cli.paid()).toHaveLength(1);
  });
});

describe.each([
  { line: v1, Http: HttpClientV1 },
  { line: v2, Http: HttpClientV2 },
])('a client of $line.name over HTTP', ({ line, Http }) => {
  test('pays through it, each in a session of its own, and hears progress', async () => {
    const server = await startServer(async (call) => {
      await call.progress(1);
      return sell()(call);
    });
    const cli = start(['--tool', 'search', '--target', server.url, '--port', '0', '--json']);
    const url = await printedUrl(cli);
    for (const each of [1, 2]) {
      const client = await line.connect(new Http(new URL(url)) as McpTransport);
      const heard: number[] = [];
      const result = await client.call('search', {}, { onProgress: (done) => heard.push(done) });
      expect(result.content).toEqual(ANSWER.content);
      expect(heard).toEqual([1, 1]);
      expect(cli.paid()).toHaveLength(each);
      await client.close();
    }
    cli.stop.abort();
    expect(await cli.ended).toBe(0);
  });
});

test('over HTTP the progress of a call comes on the stream of its request', async () => {
  const server = await startServer(async (call) => {
    await call.progress(1);
    return sell()(call);
  });
  const url = await printedUrl(start(['--all-tools', '--target', server.url, '--port', '0', '--json']));
  const ask = (message: object, headers: Record<string, string> = {}) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
  const clientInfo = { name: 'agent', version: '1' };
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
  const begun = await ask({ id: 1, method: 'initialize', params });
  await begun.text();
  const session = { 'mcp-session-id': begun.headers.get('mcp-session-id')! };
  const call = { name: 'search', arguments: {}, _meta: { progressToken: 'token-1' } };
  const answer = await (await ask({ id: 2, method: 'tools/call', params: call }, session)).text();
  expect(answer.match(/"progressToken":"token-1"/g)).toHaveLength(2);
  expect(answer).toContain('the answer');
});

test('over HTTP it answers under its own name and key alone, and to no web page', async () => {
  const cli = start(['--all-tools', '--port', '0', '--json', ...PROGRAM]);
  const url = await printedUrl(cli);
  expect(new URL(url).hostname).toBe('127.0.0.1');
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
  const ask = async (to: string, headers: Record<string, string> = {}) =>
    (await fetch(to, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })).status;
  expect(await ask(url)).toBe(400);
  expect(await ask(new URL('/mcp', url).href)).toBe(404);
  expect(await ask(url, { origin: 'https://page.example' })).toBe(404);
  expect(await ask(url, { 'mcp-session-id': 'guessed' })).toBe(404);
});

test('a refusal reaches the client as the result of the call, and is told on stderr', async () => {
  const server = await startServer(sell());
  const refused = () => awsError(400, 'ValidationException', 'the budget is spent', 'bursar:budget_exceeded');
  const cli = start(['--all-tools', '--target', server.url], { routes: { '/processPayment': refused } });
  const client = await v2.connect(cli.transport);
  const result = await client.call('search', {});
  expect(refusalOf(result)).toMatchObject({ code: 'bursar:budget_exceeded', mayHavePaid: false });
  expect(cli.err()).toContain('the budget is spent');
});

test('only tools that are named are paid, up to the price that is given', async () => {
  const server = await startServer(sell());
  const cli = start(['--tool', 'search', '--max-price', '0.49', '--target', server.url]);
  const client = await v2.connect(cli.transport);
  expect(await client.call('other', {})).toMatchObject(asResult(askX402()));
  expect(refusalOf(await client.call('search', {}))).toMatchObject({ code: 'client:unpayable' });
  expect(cli.paid()).toEqual([]);
});

test('a program gets the variables that are named, and none by which Bursar is asked', async () => {
  const env = { BURSAR_ENDPOINT: '', AWS_SECRET_ACCESS_KEY: SECRET, API_KEY: 'key-1' };
  const cli = start(['--all-tools', '--env', 'API_KEY', ...PROGRAM], { env });
  const client = await v2.connect(cli.transport);
  const seen = JSON.parse(textOf(await client.call('environment', {}))!) as Record<string, string>;
  expect(seen).toMatchObject({ API_KEY: 'key-1' });
  expect(Object.keys(seen).filter((name) => /^(?:AWS|BURSAR)_/.test(name))).toEqual([]);
});

test('it ends with its server, and says so', async () => {
  const cli = start(['--all-tools', ...PROGRAM]);
  const client = await v2.connect(cli.transport);
  // As a process would, the command leaves the call without an answer when it ends.
  client.call('end', {}).catch(() => undefined);
  expect(await cli.ended).toBe(1);
  expect(cli.err()).toContain('the server has ended');
});

test('a server that cannot be reached answers each request with an error', async () => {
  const cli = start(['--all-tools', '--target', 'http://127.0.0.1:9/mcp']);
  await expect(v2.connect(cli.transport)).rejects.toMatchObject({ code: -32_000 });
});

test.each([
  [['--all-tools'], 'name one server'],
  [['--all-tools', '--target', 'https://a.example/mcp', ...PROGRAM], 'name one server'],
  [['--target', 'https://a.example/mcp'], 'say which tools may be paid'],
  [['--tool', 'a', '--all-tools', '--target', 'https://a.example/mcp'], 'say which tools may be paid'],
  [['--all-tools', '--target', 'a.example'], '--target must be a URL'],
  [['--all-tools', '--as', 'mcp://tools', ...PROGRAM], '--as must be a URL'],
  [['--all-tools', '--header', 'a: b', ...PROGRAM], '--header goes with --target'],
  [['--all-tools', '--env', 'HOME', '--target', 'https://a.example/mcp'], '--env goes with a command'],
  [['--all-tools', '--env', 'NOT_SET', ...PROGRAM], '--env must name a variable that is set'],
  [['--all-tools', '--port', '70000', ...PROGRAM], '--port must be a whole number'],
])('%j is refused', async (argv, message) => {
  const cli = start(argv);
  expect(await cli.ended).toBe(2);
  expect(cli.err().replaceAll(/\s+/g, ' ')).toContain(message);
});

test('a program that cannot be started is said so', async () => {
  const cli = start(['--all-tools', '--', '/nonexistent/server']);
  expect(await cli.ended).toBe(1);
  expect(cli.err()).toContain('the server cannot be started');
});

test('what stands behind -- is of the program, and not of this command', async () => {
  const cli = start(['--all-tools', '--', '/nonexistent/server', '--json', '--help', '-h']);
  expect(await cli.ended).toBe(1);
  expect(cli.out()).toBe('');
});
