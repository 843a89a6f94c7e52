import { createServer } from 'node:http';
import { Client, StreamableHTTPClientTransport as HttpClientV2 } from '@modelcontextprotocol/client';
import { StreamableHTTPClientTransport as HttpClientV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describe, expect, test } from 'vitest';
import type { McpTransport } from '../../lib/client/mcp/index.ts';
import { close, listen } from '../../lib/local/loopback/server.ts';
import { LINES, type Line, type ToolResult } from '../client/mcp/lines.ts';
import { refusalOf, textOf } from '../client/mcp/tools-world.ts';
import { base64, makeEntry, SIGNATURE } from '../client/script.ts';
import { afterTest, printedUrl, start } from './mcp-client.ts';
import { settled } from './market.ts';
import { awsError, json, SESSION, sessionView } from './world.ts';

const [v1, v2] = LINES as [Line, Line];

/** A seller on this machine, and what it was asked. */
async function startSeller(amount = '500000') {
  const seen: { readonly url: string; readonly hasProof: boolean }[] = [];
  const server = createServer((request, response) => {
    const hasProof = request.headers['payment-signature'] !== undefined;
    seen.push({ url: request.url!, hasProof });
    if (hasProof) return response.writeHead(200, { 'content-type': 'text/plain', ...settled(true) }).end('the report');
    const document = { x402Version: 2, accepts: [makeEntry(2, { amount })], resource: { url: '/report' } };
    return response.writeHead(402, { 'payment-required': base64(document) }).end('please pay');
  });
  const port = await listen(server, 0);
  afterTest(() => close(server));
  return { url: `http://127.0.0.1:${port}/report`, seen };
}

const answerOf = (result: ToolResult) => JSON.parse(textOf(result)!) as Record<string, unknown>;
const SERVE = ['serve', '--allow-loopback'];

describe.each(LINES)('a client of $name', (line) => {
  test('finds the four tools, and fetches what costs money', async () => {
    const seller = await startSeller();
    const cli = start(SERVE);
    const client = await line.connect(cli.transport);
    const { tools } = await client.list();
    expect(tools.map(({ name }) => name)).toEqual(['fetch_paid', 'quote', 'session_status', 'payments']);
    const result = await client.call('fetch_paid', { url: seller.url });
    expect(answerOf(result)).toMatchObject({ status: 200, body: 'the report', payment: { amountUsd: '0.50' } });
    expect(seller.seen.map(({ hasProof }) => hasProof)).toEqual([false, true]);
    expect(cli.paid()).toHaveLength(1);
    expect(JSON.stringify(result) + cli.err()).not.toContain(SIGNATURE.slice(0, 20));
    expect(cli.err()).toMatch(/SIGNED, payment \S+ of USD 0\.50 for http:/);
    cli.pipes.input.end();
    expect(await cli.ended).toBe(0);
  });

  test('is told why something is not paid, in the result of the call', async () => {
    const seller = await startSeller();
    const refused = () => awsError(400, 'ValidationException', 'the budget is spent', 'bursar:budget_exceeded');
    const cli = start(SERVE, { routes: { '/processPayment': refused } });
    const client = await line.connect(cli.transport);
    const result = await client.call('fetch_paid', { url: seller.url });
    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain('Nothing was paid for this call (the budget is spent)');
    expect(refusalOf(result)).toMatchObject({ code: 'bursar:budget_exceeded' });
  });
});

test('a call that its client names is paid once, however often it is made', async () => {
  const seller = await startSeller();
  const cli = start(SERVE);
  const client = await v2.connect(cli.transport);
  const tokens = async (meta?: Record<string, string>) => {
    await client.call('fetch_paid', { url: seller.url }, meta === undefined ? {} : { meta });
    return (JSON.parse(cli.paid().at(-1)!.body) as { readonly clientToken: string }).clientToken;
  };
  const meta = { 'bursar/purchase-id': 'purchase-1' };
  expect(await tokens(meta)).toBe(await tokens(meta));
  expect(await tokens()).not.toBe(await tokens());
});

test('no call costs more than the command line or the model lets it', async () => {
  const seller = await startSeller('300000');
  const cli = start([...SERVE, '--max-price', '0.30']);
  const client = await v2.connect(cli.transport);
  const call = (maxPriceUsd?: string) =>
    client.call('fetch_paid', { url: seller.url, ...(maxPriceUsd && { maxPriceUsd }) });
  expect(refusalOf(await call('0.29'))).toMatchObject({ code: 'client:unpayable' });
  expect(cli.paid()).toEqual([]);
  expect((await call('99')).isError).toBeUndefined();
  const dear = await startSeller('300001');
  expect(refusalOf(await client.call('fetch_paid', { url: dear.url, maxPriceUsd: '99' }))).toMatchObject({
    code: 'client:unpayable',
  });
});

describe('what a model may have fetched', () => {
  test.each(['fetch_paid', 'quote'])('is not this machine, by %s, unless the command line says so', async (tool) => {
    const seller = await startSeller();
    const client = await v2.connect(start(['serve']).transport);
    expect(refusalOf(await client.call(tool, { url: seller.url }))).toMatchObject({ code: 'client:host_refused' });
    expect(seller.seen).toEqual([]);
  });

  test.each(['fetch_paid', 'quote'])('are the hosts that are named alone, by %s', async (tool) => {
    const seller = await startSeller();
    const client = await v2.connect(start([...SERVE, '--host', '*.example.com']).transport);
    expect(refusalOf(await client.call(tool, { url: seller.url }))).toMatchObject({ code: 'client:host_refused' });
    expect(seller.seen).toEqual([]);
  });

  test('is named in full', async () => {
    const client = await v2.connect(start(SERVE).transport);
    expect(refusalOf(await client.call('quote', { url: 'report' }))).toMatchObject({ code: 'client:input_refused' });
  });
});

test('quote tells the price and pays nothing', async () => {
  const seller = await startSeller();
  const asked: Record<string, unknown>[] = [];
  const quote = { offers: [{ index: 0, verdict: 'ALLOWED', amountUsd: '0.50' }], chosen: null, availableUsd: '1.00' };
  const answer = ({ body }: { readonly body: string }) => {
    asked.push(JSON.parse(body) as Record<string, unknown>);
    return json({ quote });
  };
  const cli = start([...SERVE, '--max-price', '0.75'], { routes: { '/bursar/quote': answer } });
  const client = await v2.connect(cli.transport);
  expect(answerOf(await client.call('quote', { url: seller.url }))).toEqual({ url: seller.url, status: 402, quote });
  expect(asked).toMatchObject([
    {
      paymentSessionId: SESSION,
      request: { method: 'GET', url: seller.url, tool: 'fetch_paid' },
      challenge: { status: 402, headers: { 'payment-required': expect.any(String) as string } },
      maxPrice: { value: '0.75', currency: 'USD' },
    },
  ]);
  expect(seller.seen.map(({ hasProof }) => hasProof)).toEqual([false]);
  const refused = () => awsError(403, 'AccessDeniedException', 'not you');
  const other = await v2.connect(start(SERVE, { routes: { '/bursar/quote': refused } }).transport);
  expect(refusalOf(await other.call('quote', { url: seller.url }))).toMatchObject({ code: 'client:not_readable' });
});

test('session_status and payments tell what is left and what was paid', async () => {
  const payment = {
    processPaymentId: 'payment-1',
    decision: 'PAID',
    amountUsd: '0.50',
    resource: { url: 'https://seller.example/report' },
    offer: { payTo: '0x1' },
    createdAt: '2026-03-01T12:00:00.000Z',
  };
  const routes = {
    '/getPaymentSession': () => json({ paymentSession: sessionView }),
    '/bursar/payments': () => json({ payments: [payment] }),
  };
  const client = await v2.connect(start(SERVE, { routes }).transport);
  expect(answerOf(await client.call('session_status', {}))).toMatchObject({
    availableLimits: { availableSpendAmount: { value: '10.00' } },
  });
  expect(answerOf(await client.call('payments', {}))).toMatchObject({ payments: [{ processPaymentId: 'payment-1' }] });
  const denied = { '/bursar/payments': () => awsError(403, 'AccessDeniedException', 'not you') };
  const agent = await v2.connect(start(SERVE, { routes: denied }).transport);
  expect(refusalOf(await agent.call('payments', {}))).toMatchObject({ code: 'client:not_readable' });
});

test('over HTTP it serves clients of both lines, and of the revision without sessions', async () => {
  const seller = await startSeller();
  const cli = start([...SERVE, '--port', '0', '--json']);
  const url = new URL(await printedUrl(cli));
  for (const [line, Http] of [
    [v1, HttpClientV1],
    [v2, HttpClientV2],
  ] as const) {
    const client = await line.connect(new Http(url) as McpTransport);
    expect(answerOf(await client.call('fetch_paid', { url: seller.url }))).toMatchObject({ body: 'the report' });
    await client.close();
  }
  const modern = new Client({ name: 'a', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  await modern.connect(new HttpClientV2(url));
  const result = await modern.callTool({ name: 'fetch_paid', arguments: { url: seller.url } });
  expect(answerOf(result as ToolResult)).toMatchObject({ body: 'the report' });
  await modern.close();
});

test.each([
  [['serve', '--host', 'https://a.example'], '--host must be a name'],
  [['serve', '--max-price', 'one'], '--max-price must be'],
  [['serve', 'now'], 'does not know what to do with now'],
])('%j is refused', async (argv, message) => {
  const cli = start(argv);
  expect(await cli.ended).toBe(2);
  expect(cli.err().replaceAll(/\s+/g, ' ')).toContain(message);
});
