import { afterEach, beforeEach, expect, test } from 'vitest';
import { createChainReaders } from '../../../lib/chains/evm/reader.ts';
import { toEpochMs } from '../../../lib/domain/time.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';
import { RPC_KEY, startRpcEndpoint, toRpcWord, type RpcEndpoint } from '../../support/rpc-endpoint.ts';

const OWNER = '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1';
const SPENDER = '0x000000000022D473030F116dDEE9F6B43aC78BA3';
const USDC = BASE_SEPOLIA.usdc.address;
const wordOf = (address: string) => address.slice(2).toLowerCase().padStart(64, '0');

let endpoint: RpcEndpoint;
beforeEach(async () => {
  endpoint = await startRpcEndpoint();
});
afterEach(() => endpoint.close());

function open(urls: readonly string[] = [endpoint.url]) {
  return createChainReaders({ [BASE_SEPOLIA.id]: urls }, { clock: { now: () => toEpochMs(0) } }).get(BASE_SEPOLIA.id)!;
}

/** What the one call of a contract asked. */
function askedOf({ asked }: RpcEndpoint) {
  const calls = asked.filter(({ method }) => method === 'eth_call');
  expect(calls.length).toBe(1);
  const [{ to, data }, block] = calls[0]!.params as [{ to: string; data: string }, string];
  return { to: to.toLowerCase(), data, block };
}

test('reads a balance as the chain gives it', async () => {
  endpoint.answer = () => ({ result: toRpcWord(2n ** 200n + 1n) });
  expect(await open().balanceOf(USDC, OWNER)).toBe(2n ** 200n + 1n);
});

// The first four bytes of the hashes of balanceOf(address), allowance(address,address) and authorizationState(address,bytes32).
test('asks the token for the balance of the owner', async () => {
  expect(await open().balanceOf(USDC, OWNER)).toBe(0n);
  expect(askedOf(endpoint)).toEqual({ to: USDC.toLowerCase(), data: `0x70a08231${wordOf(OWNER)}`, block: 'latest' });
});

test('asks the token for what somebody may take of the owner', async () => {
  endpoint.answer = () => ({ result: toRpcWord(5n) });
  expect(await open().allowanceOf(USDC, OWNER, SPENDER)).toBe(5n);
  expect(askedOf(endpoint).data).toBe(`0xdd62ed3e${wordOf(OWNER)}${wordOf(SPENDER)}`);
});

test.each([
  ['used', 1n, true],
  ['not used', 0n, false],
])('asks the token whether an authorization was %s', async (_what, word, used) => {
  const nonce = `0x${'ab'.repeat(32)}` as const;
  endpoint.answer = () => ({ result: toRpcWord(word) });
  expect(await open().isAuthorizationUsed(USDC, OWNER, nonce)).toBe(used);
  expect(askedOf(endpoint).data).toBe(`0xe94a0102${wordOf(OWNER)}${nonce.slice(2)}`);
});

test.each([
  ['an error', { error: { code: -32_000, message: 'execution reverted' } }],
  ['nothing, as where there is no contract', { result: '0x' }],
  ['what is no word', { result: '0x01' }],
  ['a number', { result: 5 }],
])('throws without the endpoint or its key when the endpoint answers %s', async (_what, answer) => {
  endpoint.answer = () => answer;
  const failure: unknown = await open()
    .balanceOf(USDC, OWNER)
    .then(
      () => null,
      (error: unknown) => error,
    );
  if (!(failure instanceof Error)) throw new Error('a balance came out of a failed call');
  expect(failure.message).toContain(BASE_SEPOLIA.id);
  expect(`${failure.stack}${JSON.stringify(failure)}${String(failure.cause)}`).not.toContain(RPC_KEY);
});

test('takes the word of the next endpoint where one has none', async () => {
  const next = await startRpcEndpoint(7n);
  endpoint.answer = () => ({ result: '0x' });
  try {
    expect(await open([endpoint.url, next.url]).balanceOf(USDC, OWNER)).toBe(7n);
  } finally {
    await next.close();
  }
});
