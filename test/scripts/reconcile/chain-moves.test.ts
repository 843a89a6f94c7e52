import { createServer, type Server } from 'node:http';
import { json } from 'node:stream/consumers';
import { createWalletClient, http, parseAbi } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findNetwork } from '../../../lib/domain/assets.ts';
import { EURC } from '../../../lib/domain/tokens/eurc.ts';
import { startChain, type LocalChain } from '../../../lib/local/chain/index.ts';
import { close, listen } from '../../../lib/local/loopback/server.ts';
import { readMoves, type ChainQuestion } from '../../../scripts/reconcile/chain-moves.ts';

const BASE_SEPOLIA = findNetwork('eip155:84532')!;
let chain: LocalChain;

beforeAll(async () => {
  chain = await startChain({ dataDir: null, env: {} });
  for (const index of [4, 5]) {
    const account = chain.devAccount(index);
    await chain.mint(account.address, 10n);
    const wallet = createWalletClient({ account, chain: chain.chain, transport: http(chain.rpcUrl) });
    const abi = parseAbi(['function transfer(address to, uint256 value) returns (bool)']);
    const args = [chain.devAccount(9).address, 10n] as const;
    await wallet.writeContract({ address: chain.usdc, abi, functionName: 'transfer', args });
  }
});
afterAll(() => chain.kill());

const ask = (changed: Partial<ChainQuestion> = {}): ChainQuestion => ({
  rpcUrl: chain.rpcUrl,
  network: BASE_SEPOLIA,
  token: chain.usdc,
  wallets: [4, 5].map((index) => chain.devAccount(index).address),
  since: 0n,
  blocksPerRequest: 2_000,
  ...changed,
});

interface RpcCall {
  readonly id: number;
  readonly method: string;
  readonly params: readonly [{ readonly fromBlock: string; readonly toBlock: string }];
}

/** An endpoint that refuses more blocks at once than it likes, and counts what it is asked for. */
async function sparingEndpoint(blocksMax: number): Promise<{ server: Server; url: string; asked: number[] }> {
  const asked: number[] = [];
  const answer = async (call: RpcCall): Promise<string> => {
    if (call.method === 'eth_getLogs') {
      const [{ fromBlock, toBlock }] = call.params;
      const blocks = Number(toBlock) - Number(fromBlock) + 1;
      asked.push(blocks);
      if (blocks > blocksMax) {
        const error = { code: -32_602, message: `ranges are limited to ${blocksMax} blocks` };
        return JSON.stringify({ jsonrpc: '2.0', id: call.id, error });
      }
    }
    const headers = { 'content-type': 'application/json' };
    return (await fetch(chain.rpcUrl, { method: 'POST', headers, body: JSON.stringify(call) })).text();
  };
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    void json(request)
      .then((call) => answer(call as RpcCall))
      .then((text) => response.end(text));
  });
  return { server, url: `http://127.0.0.1:${await listen(server, 0)}`, asked };
}

test('finds the transfers of every wallet, and those of nobody else', async () => {
  const { moves } = await readMoves(ask());
  expect(moves.map(({ from, amount, nonce }) => ({ from, amount, nonce }))).toEqual(
    [4, 5].map((index) => ({ from: chain.devAccount(index).address, amount: 10n, nonce: null })),
  );
  expect((await readMoves(ask({ wallets: [chain.devAccount(6).address] }))).moves).toEqual([]);
  expect((await readMoves(ask({ wallets: [] }))).moves).toEqual([]);
});

test('finds no transfer of another token', async () => {
  expect((await readMoves(ask({ token: EURC.get(BASE_SEPOLIA.id)!.address }))).moves).toEqual([]);
});

test('asks an endpoint for fewer blocks where it refuses many, and misses none of them', async () => {
  const { server, url, asked } = await sparingEndpoint(2);
  try {
    const { moves, fromBlock, toBlock } = await readMoves(ask({ rpcUrl: url, blocksPerRequest: 8 }));
    expect(moves.length).toBe(2);
    expect(asked.some((blocks) => blocks > 2)).toBe(true);
    const taken = asked.filter((blocks) => blocks <= 2).reduce((sum, blocks) => sum + blocks, 0);
    expect(BigInt(taken)).toBe(toBlock - fromBlock + 1n);
  } finally {
    await close(server);
  }
});

test('gives up where an endpoint refuses a single block, without naming its URL', async () => {
  const { server, url } = await sparingEndpoint(0);
  try {
    const failed = readMoves(ask({ rpcUrl: url, blocksPerRequest: 4 }));
    await expect(failed).rejects.toThrow(/^reading eip155:84532 failed/);
    await expect(failed).rejects.not.toThrow(new URL(url).host);
  } finally {
    await close(server);
  }
});

test('refuses an endpoint of another chain', async () => {
  await expect(readMoves(ask({ network: findNetwork('base')! }))).rejects.toThrow(/of chain 84532, expected 8453/);
});

test('reads nothing where the chain has no block since then', async () => {
  const later = BigInt(Math.floor(Date.now() / 1_000) + 3_600);
  const { moves, fromBlock, toBlock } = await readMoves(ask({ since: later }));
  expect(moves).toEqual([]);
  expect(fromBlock).toBe(toBlock + 1n);
});
