import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPublicClient, createTestClient, createWalletClient, encodeFunctionData, erc20Abi, http } from 'viem';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CHAIN_RPC_VARIABLE, findBinary, startAnvil } from '../../../lib/local/chain/anvil.ts';
import { startChain, type LocalChain } from '../../../lib/local/chain/index.ts';
import { ensureUsdc } from '../../../lib/local/chain/usdc.ts';
import { domainSeparator } from '../../../lib/chains/evm/eip3009.ts';
import { formatDigest } from '../../support/x402.ts';
import { close, listen } from '../../../lib/local/loopback/server.ts';

const CHAIN = new URL('../../../lib/local/chain/index.ts', import.meta.url).href;
const ANVIL = { env: {} };
const scratch = mkdtempSync(join(tmpdir(), 'bursar-chain-test-'));
const started: { kill(): Promise<void> }[] = [];

async function start(options: Partial<Parameters<typeof startChain>[0]> = {}): Promise<LocalChain> {
  const chain = await startChain({ dataDir: null, ...ANVIL, ...options });
  started.push(chain);
  return chain;
}

function freshDir(): string {
  return mkdtempSync(join(scratch, 'data-'));
}

/** Waits until the running chain has saved the block that it is at, whether that is done already or not. */
async function saved(dataDir: string, chain: LocalChain): Promise<void> {
  const block = await chain.blockNumber();
  await expect.poll(() => savedBlock(dataDir), { interval: 20, timeout: 10_000 }).toBe(block);
}

/** -1 where nothing is saved. */
function savedBlock(dataDir: string): bigint {
  const file = join(dataDir, 'chain.json');
  if (!existsSync(file)) return -1n;
  const { block } = JSON.parse(readFileSync(file, 'utf8')) as { readonly block: { readonly number: string } };
  return BigInt(block.number);
}

afterEach(async () => {
  for (const each of started.splice(0)) await each.kill();
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('the state of the chain', () => {
  test('survives a stop: balances, transactions and identity', async () => {
    const dataDir = freshDir();
    const first = await start({ dataDir });
    const holder = first.devAccount(20).address;
    await first.mint(holder, 1_234_567n);
    const hash = await transfer(first, 500_000n);
    const [firstBlock, block] = [first.firstBlock, await first.blockNumber()];
    await first.close();

    const second = await start({ dataDir });
    expect(await second.balanceOf(holder)).toBe(1_234_567n);
    expect(await second.transfersOf(hash)).toMatchObject([{ amount: 500_000n }]);
    expect([second.firstBlock, await second.blockNumber()]).toEqual([firstBlock, block]);
    await second.mint(holder, 1n);
    expect(await second.balanceOf(holder)).toBe(1_234_568n);
  });

  test('survives the kill of the process that started the chain', async () => {
    const dataDir = freshDir();
    const program = `
      const { startChain } = await import(${JSON.stringify(CHAIN)});
      const chain = await startChain({ dataDir: ${JSON.stringify(dataDir)}, env: {} });
      await chain.mint(chain.devAccount(20).address, 7_000_000n);
      process.stdout.write('minted');`;
    const starter = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(starter.stdout, 'data');
    starter.kill('SIGKILL');

    const second = await start({ dataDir });
    expect(await second.balanceOf(second.devAccount(20).address)).toBe(7_000_000n);
  });

  test('survives the kill of the chain itself, up to what was saved a second ago', async () => {
    const dataDir = freshDir();
    const first = await start({ dataDir });
    await first.mint(first.devAccount(20).address, 7_000_000n);
    await saved(dataDir, first);
    await first.kill();

    const second = await start({ dataDir });
    expect(await second.balanceOf(second.devAccount(20).address)).toBe(7_000_000n);
    expect(second.firstBlock).toBe(first.firstBlock);
  });

  test('keeps its first block over restarts and a kill, with more blocks than states are kept', async () => {
    const dataDir = freshDir();
    const first = await start({ dataDir });
    for (let mints = 0; mints < 70; mints += 1) await first.mint(first.devAccount(20).address, 1n);
    await first.close();
    for (const end of ['close', 'close', 'close', 'kill', 'close'] as const) {
      const again = await start({ dataDir });
      expect(again.firstBlock).toBe(first.firstBlock);
      await saved(dataDir, again);
      await again[end]();
    }
  });

  test('ignores half a file that an interrupted end left behind', async () => {
    const dataDir = freshDir();
    const first = await start({ dataDir });
    await first.close();
    const second = await start({ dataDir });
    await second.kill();
    writeFileSync(join(dataDir, 'chain.exit.json'), '{"block":{"number":"0x');

    const third = await start({ dataDir });
    expect(third.firstBlock).toBe(first.firstBlock);
    expect(existsSync(join(dataDir, 'chain.exit.json'))).toBe(false);
  });

  test('does not wait for a chain that a power cut ended', async () => {
    const dataDir = freshDir();
    const ended = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
    await once(ended, 'exit');
    writeFileSync(join(dataDir, 'chain.pid'), `${ended.pid}\n`);
    const chain = await start({ dataDir });
    expect(await chain.blockNumber()).toBeGreaterThan(0n);
  });

  test('refuses a second chain in the same directory', async () => {
    const dataDir = freshDir();
    await start({ dataDir });
    await expect(start({ dataDir })).rejects.toThrow(/the chain's directory is in use by process \d+/);
  });

  test('is another chain without a data directory', async () => {
    const first = await start();
    await first.close();
    const [second, twin] = await Promise.all([start(), start()]);
    expect(new Set([first, second, twin].map(({ firstBlock }) => firstBlock)).size).toBe(3);
    expect(await second.transfersOf(first.firstBlock)).toEqual([]);
    expect(await second.balanceOf(second.devAccount(20).address)).toBe(0n);
  });
});

describe('USDC on the chain', () => {
  let chain: LocalChain;
  beforeAll(async () => {
    chain = await startChain({ dataDir: null, ...ANVIL });
  });
  afterAll(() => chain?.kill());

  test('has the domain that Bursar signs for, at the canonical address', async () => {
    const abi = [
      {
        type: 'function',
        name: 'DOMAIN_SEPARATOR',
        inputs: [],
        outputs: [{ type: 'bytes32' }],
        stateMutability: 'view',
      },
    ] as const;
    const reader = createPublicClient({ transport: http(chain.rpcUrl) });
    expect(chain.usdc).toBe('0x036CbD53842c5426634e7929541eC2318f3dCF7e');
    expect(await reader.readContract({ address: chain.usdc, abi, functionName: 'DOMAIN_SEPARATOR' })).toBe(
      formatDigest(domainSeparator('eip155:84532')),
    );
  });

  test('is not accepted at another address, where its domain is another', async () => {
    const transport = http(chain.rpcUrl);
    const clients = {
      reader: createPublicClient({ transport, pollingInterval: 20 }),
      test: createTestClient({ mode: 'anvil', transport }),
      owner: createWalletClient({ account: chain.devAccount(0), chain: chain.chain, transport }),
    };
    await expect(ensureUsdc(clients, '0x00000000000000000000000000000000000000f1')).rejects.toThrow(
      "is not Base Sepolia's USDC",
    );
  });

  test('reaches everybody when many are funded at once', async () => {
    const before = await chain.blockNumber();
    const holders = Array.from({ length: 20 }, (_, index) => chain.devAccount(30 + index).address);
    await Promise.all(holders.map((holder, index) => chain.mint(holder, BigInt(index + 1))));
    const balances = await Promise.all(holders.map((holder) => chain.balanceOf(holder)));
    expect(balances).toEqual(holders.map((_, index) => BigInt(index + 1)));
    expect(await chain.blockNumber()).toBe(before + 20n);
  });

  test('can be read while blocks are made', async () => {
    const holder = chain.devAccount(62).address;
    const minted = new AbortController();
    const read = async (): Promise<number> => {
      let reads = 0;
      for (; !minted.signal.aborted; reads += 1) await chain.balanceOf(holder);
      return reads;
    };
    const readers = [read(), read(), read()];
    await Promise.all(Array.from({ length: 60 }, () => chain.mint(holder, 1n))).finally(() => minted.abort());
    const reads = await Promise.all(readers);
    expect(reads.every((count) => count > 10)).toBe(true);
    expect(await chain.balanceOf(holder)).toBe(60n);
  });

  test('refuses to be minted to nobody, and funds the next all the same', async () => {
    const holder = chain.devAccount(60).address;
    const [bad, good] = await Promise.allSettled([
      chain.mint('0x0000000000000000000000000000000000000000', 1n),
      chain.mint(holder, 1n),
    ]);
    expect([bad?.status, good?.status]).toEqual(['rejected', 'fulfilled']);
  });

  test('leaves no transfer where a transaction failed or is unknown', async () => {
    const failed = await transfer(chain, 10n ** 18n);
    expect(await chain.transfersOf(failed)).toEqual([]);
    expect(await chain.transfersOf(`0x${'ab'.repeat(32)}`)).toEqual([]);
  });

  test('keeps the time of this machine in a burst', async () => {
    await Promise.all(Array.from({ length: 30 }, () => chain.mint(chain.devAccount(61).address, 1n)));
    const reader = createPublicClient({ transport: http(chain.rpcUrl) });
    const { timestamp } = await reader.getBlock();
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(5);
  });
});

describe('starting the chain', () => {
  test('takes the anvil that EVM_RPC_URL names, completes a half-placed token, and leaves it running', async () => {
    const anvil = await startAnvil({ dataDir: null, ...ANVIL });
    started.push(anvil);
    const node = createTestClient({ mode: 'anvil', transport: http(anvil.rpcUrl) });
    await node.setCode({ address: '0x036CbD53842c5426634e7929541eC2318f3dCF7e', bytecode: '0x00' });

    const env = { [CHAIN_RPC_VARIABLE]: anvil.rpcUrl };
    const first = await startChain({ dataDir: null, env });
    await first.mint(first.devAccount(20).address, 5n);
    await first.close();
    const second = await startChain({ dataDir: null, env });
    expect(second.rpcUrl).toBe(anvil.rpcUrl);
    expect(await second.balanceOf(second.devAccount(20).address)).toBe(5n);
  });

  test.each([
    ['another chain', '0x1', 'anvil/v1.7.1'],
    ['another node', '0x14a34', 'Geth/v1.14.0'],
  ])('refuses %s behind EVM_RPC_URL', async (_what, chainId, version) => {
    const node = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const { id, method } = JSON.parse(body) as { id: number; method: string };
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ jsonrpc: '2.0', id, result: method === 'eth_chainId' ? chainId : version }));
      });
    });
    const env = { [CHAIN_RPC_VARIABLE]: `http://127.0.0.1:${await listen(node, 0)}` };
    try {
      await expect(startChain({ dataDir: null, env })).rejects.toThrow(
        'EVM_RPC_URL must name an anvil with chain id 84532',
      );
    } finally {
      await close(node);
    }
  });

  test('refuses a port that is taken', async () => {
    const first = await start();
    const port = Number(new URL(first.rpcUrl).port);
    const before = await first.blockNumber();
    await expect(start({ port })).rejects.toThrow(`port ${port} is already in use`);
    expect(await first.blockNumber()).toBe(before);
  });

  test('refuses a platform without a binary and says what to set', () => {
    expect(() => findBinary('sunos', 'x64')).toThrow(/no embedded chain for sunos-amd64.*EVM_RPC_URL/);
  });

  test('refuses a state that is no state and says why', async () => {
    const dataDir = freshDir();
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(join(dataDir, 'chain.json'), '{}');
    await expect(start({ dataDir })).rejects.toThrow(/the chain did not start: .*chain\.json/s);
  });

  test('ends the chain on close', async () => {
    const chain = await start();
    await chain.close();
    await expect(fetch(chain.rpcUrl)).rejects.toThrow('fetch failed');
  });
});

/** Sends USDC from a well-known account that was given one dollar; what it does not have makes the transaction fail. */
async function transfer(chain: LocalChain, amount: bigint): Promise<`0x${string}`> {
  const sender = chain.devAccount(8);
  await chain.mint(sender.address, 1_000_000n);
  const transport = http(chain.rpcUrl);
  const wallet = createWalletClient({ account: sender, chain: chain.chain, transport });
  const to = chain.devAccount(9).address;
  const data = encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to, amount] });
  const hash = await wallet.sendTransaction({ to: chain.usdc, data, gas: 200_000n });
  await createPublicClient({ transport, pollingInterval: 20 }).waitForTransactionReceipt({ hash });
  return hash;
}
