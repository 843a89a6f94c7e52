import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createPublicClient, createTestClient, createWalletClient, erc20Abi, http, keccak256, type Hex } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { x402ExactPermit2ProxyABI, x402UptoPermit2ProxyABI } from '@x402/evm';
import { PERMIT2 } from '../../../lib/chains/evm/addresses.ts';
import { ensurePermit2 } from '../../../lib/local/chain/permit2.ts';
import { startChain, type LocalChain } from '../../../lib/local/chain/index.ts';

const CONTRACTS = new URL('../../../lib/local/chain/contracts/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, CONTRACTS), 'utf8');

/** Of the runtime code, in the order of the source. */
const HASHES = [
  '0xd0ec8578c3120dd289b96f6e2838b51b804da5f9cf522f2298767855aae5b33f',
  '0x279f35347703a2378a3f1129edcd569a3f86109795f7fecee1c02266be6f7cf0',
  '0x62b034fcdb32541d96d655076ddea05510d8d59d54f87708e97ca26b8e1ca32d',
];

let chain: LocalChain;
beforeAll(async () => {
  chain = await startChain({ dataDir: null, env: {} });
});
afterAll(() => chain.kill());

const clientsOf = () => {
  const transport = http(chain.rpcUrl);
  const owner = createWalletClient({ account: chain.devAccount(0), chain: chain.chain, transport });
  const reader = createPublicClient({ transport, pollingInterval: 20 });
  return { reader, owner, test: createTestClient({ mode: 'anvil', transport }) } as const;
};

test('the code of the stand-ins is what was compiled from the source beside it', () => {
  const { sourceSha256, ExactProxy, UptoProxy, Multicall } = JSON.parse(read('x402-proxies.json')) as Record<
    string,
    Hex
  >;
  expect(sourceSha256).toBe(createHash('sha256').update(read('X402Proxies.sol')).digest('hex'));
  expect([ExactProxy, UptoProxy, Multicall].map((code) => keccak256(code!))).toEqual(HASHES);
});

test.each([
  [
    'exact',
    '0x402085c248EeA27D92E8b30b2C58ed07f9E20001',
    x402ExactPermit2ProxyABI,
    'Witness(address to,uint256 validAfter)',
  ],
  [
    'upto',
    '0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002',
    x402UptoPermit2ProxyABI,
    'Witness(address to,address facilitator,uint256 validAfter)',
  ],
] as const)('the stand-in for %s answers the published interface', async (_scheme, address, abi, witness) => {
  const { reader } = clientsOf();
  const ask = (functionName: string) => reader.readContract({ address, abi, functionName } as never);
  expect(await ask('PERMIT2')).toBe(PERMIT2);
  expect(await ask('WITNESS_TYPEHASH')).toBe(keccak256(Buffer.from(witness)));
  expect(await ask('WITNESS_TYPE_STRING')).toBe(
    `Witness witness)TokenPermissions(address token,uint256 amount)${witness}`,
  );
});

test('a contract at Permit2’s address that is another is refused', async () => {
  const clients = clientsOf();
  const code = await clients.reader.getCode({ address: PERMIT2 });
  await clients.test.setCode({ address: PERMIT2, bytecode: '0x60006000fd' });
  await expect(ensurePermit2(clients)).rejects.toThrow('is not Permit2');
  await clients.test.setCode({ address: PERMIT2, bytecode: code! });
  await ensurePermit2(clients);
});

test('an account approves Permit2 without a key and without gas of its own; a later approval replaces it', async () => {
  const { reader } = clientsOf();
  const owner = chain.devAccount(30).address;
  for (const amount of [5_000_000n, 30_000n]) {
    await chain.approvePermit2(owner, amount);
    const args = [owner, PERMIT2] as const;
    expect(await reader.readContract({ address: chain.usdc, abi: erc20Abi, functionName: 'allowance', args })).toBe(
      amount,
    );
  }
  expect(await reader.getBalance({ address: owner })).toBe(0n);
});
