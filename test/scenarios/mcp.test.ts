import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPayingTransport, type McpTransport } from '../../lib/client/mcp/index.ts';
import { writeInfo } from '../../lib/local/info-file.ts';
import { close, listen } from '../../lib/local/loopback/server.ts';
import { LINES, type Line, type ToolHandler } from '../client/mcp/lines.ts';
import { paymentOf, refusalOf, textOf } from '../client/mcp/tools-world.ts';
import { PRICE_UNITS, sellByMpp, sellByX402 } from '../support/mcp-sellers.ts';
import { booksOf, clientOf, newUser, openSession, openWallet, sellerOf, withStack } from './scene.ts';

const scene = withStack();
const [v1, v2] = LINES as [Line, Line];
const PAYEE = 70;
const opened: (() => Promise<unknown> | void)[] = [];
afterAll(async () => {
  for (const end of opened.toReversed()) await end();
});

const payee = (index: number) => scene.stack.chain.devAccount(PAYEE + index).address;
const saleOf = (index: number) => ({
  chain: scene.stack.chain,
  facilitatorUrl: scene.stack.info.facilitator,
  payTo: payee(index),
  content: 'sold',
});

async function openBuyer(limitUsd: string, fundedUnits = 1_000_000n) {
  const { stack } = scene;
  const userId = newUser();
  const wallet = await openWallet(stack, userId, 'SeedVault');
  await stack.chain.mint(wallet.address, fundedUnits);
  const paymentSessionId = await openSession(stack, userId, limitUsd);
  return { userId, wallet, paymentSessionId };
}

type Buyer = Awaited<ReturnType<typeof openBuyer>>;

async function connect(line: Line, handle: ToolHandler, { userId, wallet, paymentSessionId }: Buyer) {
  const [near, far] = line.pair();
  await line.serve(far, handle);
  const { paymentManagerArn } = scene.stack.info;
  return line.connect(
    createPayingTransport(near, {
      client: clientOf(scene.stack, 'processPayment'),
      session: { paymentManagerArn, paymentSessionId, userId },
      instrument: { paymentInstrumentId: wallet.instrumentId },
      networks: [`eip155:${scene.stack.chain.chainId}`],
      url: 'https://tools.example/mcp',
      tools: ['search'],
    }),
  );
}

describe.each(LINES)('with the SDK $name', (line) => {
  const index = LINES.indexOf(line);

  test('a tool that is sold by x402 is paid on the chain, until the budget is spent', async () => {
    const sale = saleOf(index);
    const buyer = await openBuyer('0.03');
    const client = await connect(line, await sellByX402(sale), buyer);
    const before = await sale.chain.balanceOf(sale.payTo);
    const result = await client.call('search', { q: 'tea' });
    expect(textOf(result)).toBe('sold');
    expect(paymentOf(result)).toMatchObject({
      offer: { protocol: 'x402', amountUsd: '0.02', payTo: sale.payTo },
      settlement: { success: true, transaction: expect.stringMatching(/^0x[0-9a-f]{64}$/) as string },
    });
    expect(await sale.chain.balanceOf(sale.payTo)).toBe(before + PRICE_UNITS);
    const refused = await client.call('search', { q: 'more' });
    expect(refusalOf(refused)).toMatchObject({ code: 'bursar:budget_exceeded', mayHavePaid: false });
    expect(await booksOf(scene.stack, buyer.userId, buyer.paymentSessionId)).toMatchObject({ spent: '0.02' });
    expect(await sale.chain.balanceOf(sale.payTo)).toBe(before + PRICE_UNITS);
  });

  test('a tool that is sold by mppx is paid on the chain', async () => {
    const sale = saleOf(2 + index);
    const buyer = await openBuyer('1.00');
    const client = await connect(line, sellByMpp(sale), buyer);
    const before = await sale.chain.balanceOf(sale.payTo);
    const result = await client.call('search', { q: 'tea' });
    expect(textOf(result)).toBe('sold');
    expect(result._meta).toHaveProperty(['org.paymentauth/receipt']);
    expect(paymentOf(result)).toMatchObject({
      offer: { protocol: 'mpp', amountUsd: '0.02' },
      settlement: { success: true },
    });
    expect(await sale.chain.balanceOf(sale.payTo)).toBe(before + PRICE_UNITS);
    expect(await booksOf(scene.stack, buyer.userId, buyer.paymentSessionId)).toMatchObject({ spent: '0.02' });
  });

  test.each([
    { by: 'x402', sell: sellByX402 },
    { by: 'mppx', sell: sellByMpp },
  ])('a wallet that is empty is told of once, and not paid from again, by $by', async ({ sell }) => {
    const buyer = await openBuyer('1.00', 1n);
    const client = await connect(line, await sell(saleOf(4 + index)), buyer);
    const result = await client.call('search', {});
    expect(textOf(result)).toContain('was signed for this call');
    expect(refusalOf(result)).toMatchObject({ code: 'client:not_accepted', mayHavePaid: true });
    expect(await booksOf(scene.stack, buyer.userId, buyer.paymentSessionId)).toMatchObject({ spent: '0.02' });
  });
});

describe('`bursar mcp` as a program', () => {
  const cli = join(import.meta.dirname, '..', '..', 'bin', 'cli.ts');
  let directory = '';
  let url = '';

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'bursar-mcp-'));
    opened.push(() => rmSync(directory, { recursive: true, force: true }));
    writeInfo(join(directory, '.bursar', 'local.json'), scene.stack.info);
    const byX402 = await sellByX402(saleOf(6));
    const byMpp = sellByMpp(saleOf(7));
    const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const transport = new StreamableHTTPServerTransport({});
      await v1.serve(transport as McpTransport, (call) => (call.name === 'search' ? byX402(call) : byMpp(call)));
      await transport.handleRequest(request, response);
    };
    const server = createServer((request, response) => void serve(request, response));
    const port = await listen(server, 0);
    opened.push(() => close(server));
    url = `http://127.0.0.1:${port}/mcp`;
  });

  const programOf = (...args: readonly string[]) => ({
    command: process.execPath,
    args: [cli, ...args],
    env: { PATH: process.env['PATH']!, HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true' },
    cwd: directory,
    stderr: 'pipe' as const,
  });

  async function run(...args: readonly string[]): Promise<string> {
    const { command, args: argv, env, cwd } = programOf(...args);
    const child = spawn(command, argv, { env, cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(0);
    return out;
  }

  test('lets a client over stdio pay a server over HTTP, in both protocols, within the budget', async () => {
    const wallet = JSON.parse(await run('init', '--user', 'alice', '--json')) as {
      readonly walletAddress: `0x${string}`;
    };
    await scene.stack.chain.mint(wallet.walletAddress, 1_000_000n);
    for (const { line, Stdio } of [
      { line: v1, Stdio: StdioV1 },
      { line: v2, Stdio: StdioV2 },
    ]) {
      await run('session', 'create', '--budget', '0.05');
      const argv = ['mcp', '--tool', 'search', '--tool', 'weather', '--target', url];
      const client = await line.connect(new Stdio(programOf(...argv)) as McpTransport);
      expect(paymentOf(await client.call('search', {}))).toMatchObject({ offer: { protocol: 'x402' } });
      expect(paymentOf(await client.call('weather', {}))).toMatchObject({ offer: { protocol: 'mpp' } });
      expect(refusalOf(await client.call('search', {}))).toMatchObject({ code: 'bursar:budget_exceeded' });
      await client.close();
      const shown = JSON.parse(await run('session', 'show', '--json')) as object;
      expect(shown).toMatchObject({ spentAmount: { value: '0.04' } });
    }
    const payments = JSON.parse(await run('payments', '--json')) as { readonly payments: readonly object[] };
    expect(payments.payments).toHaveLength(6);
    expect(JSON.stringify(payments)).toContain(url);
  });

  test('serves a model what it needs to buy from the sellers of the stack', async () => {
    await run('session', 'create', '--budget', '0.60');
    const client = await v2.connect(new StdioV2(programOf('mcp', 'serve')) as McpTransport);
    const told = async (name: string, input: object = {}) =>
      JSON.parse(textOf(await client.call(name, input))!) as object;
    const seller = sellerOf(scene.stack, 'market-data');
    const { url: dear } = sellerOf(scene.stack, 'full-archive');
    expect(await told('quote', { url: seller.url })).toMatchObject({
      status: 402,
      quote: { availableUsd: '0.60', offers: [{ verdict: 'ALLOWED', amountUsd: '0.50' }] },
    });
    expect(await told('fetch_paid', { url: seller.url })).toMatchObject({
      status: 200,
      payment: { amountUsd: '0.50', payTo: seller.payTo, isSettled: true },
    });
    expect(refusalOf(await client.call('fetch_paid', { url: seller.url }))).toMatchObject({
      code: 'bursar:budget_exceeded',
    });
    expect(refusalOf(await client.call('fetch_paid', { url: dear }))).toMatchObject({ code: 'client:unpayable' });
    expect(await told('session_status')).toMatchObject({ spentAmount: { value: '0.50' } });
    const { payments } = (await told('payments')) as { readonly payments: readonly object[] };
    expect(payments.slice(0, 2)).toMatchObject([
      { decision: 'DENIED', url: seller.url },
      { decision: 'PAID', url: seller.url, amountUsd: '0.50' },
    ]);
    await client.close();
  });
});
