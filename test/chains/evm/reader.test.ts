import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { createChainReaders } from '../../../lib/chains/evm/reader.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';
import { listen } from '../../../lib/local/loopback/server.ts';

const OWNER = '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1';
const KEY = 'rpc-key-canary';

let server: Server | undefined;
afterEach(() => server?.close());

async function readerOf(answer: RequestListener) {
  server = createServer(answer);
  const port = await listen(server, 0);
  return createChainReaders({ [BASE_SEPOLIA.id]: `http://127.0.0.1:${port}/${KEY}` }).get(BASE_SEPOLIA.id)!;
}

const answerJson =
  (result: object): RequestListener =>
  (_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...result }));
  };

test('reads a balance as the chain gives it', async () => {
  const reader = await readerOf(answerJson({ result: `0x${(2n ** 200n + 1n).toString(16).padStart(64, '0')}` }));
  expect(await reader.balanceOf(BASE_SEPOLIA.usdc.address, OWNER)).toBe(2n ** 200n + 1n);
});

test('asks the token for the balance of the owner', async () => {
  let asked = '';
  const reader = await readerOf((request, response) => {
    request
      .on('data', (chunk) => (asked += chunk))
      .on('end', () => answerJson({ result: `0x${'0'.repeat(64)}` })(request, response));
  });
  expect(await reader.balanceOf(BASE_SEPOLIA.usdc.address, OWNER)).toBe(0n);
  const { method, params } = JSON.parse(asked) as { method: string; params: [{ to: string; data: string }] };
  expect(method).toBe('eth_call');
  expect(params[0].to.toLowerCase()).toBe(BASE_SEPOLIA.usdc.address.toLowerCase());
  expect(params[0].data).toBe(`0x70a08231${OWNER.slice(2).toLowerCase().padStart(64, '0')}`);
});

test.each([
  ['used', 1, true],
  ['not used', 0, false],
])('asks the token whether an authorization was %s', async (_what, word, used) => {
  const nonce = `0x${'ab'.repeat(32)}` as const;
  let asked = '';
  const reader = await readerOf((request, response) => {
    request
      .on('data', (chunk) => (asked += chunk))
      .on('end', () => answerJson({ result: `0x${`${word}`.padStart(64, '0')}` })(request, response));
  });
  expect(await reader.isAuthorizationUsed(BASE_SEPOLIA.usdc.address, OWNER, nonce)).toBe(used);
  const { params } = JSON.parse(asked) as { params: [{ to: string; data: string }] };
  expect(params[0].to.toLowerCase()).toBe(BASE_SEPOLIA.usdc.address.toLowerCase());
  // The first four bytes of the hash of authorizationState(address,bytes32).
  expect(params[0].data).toBe(`0xe94a0102${OWNER.slice(2).toLowerCase().padStart(64, '0')}${nonce.slice(2)}`);
});

test.each<[string, RequestListener]>([
  ['an error', answerJson({ error: { code: -32_000, message: 'execution reverted' } })],
  ['a status that is no success', (_request, response) => response.writeHead(403).end('forbidden')],
  ['text that is no JSON', (_request, response) => response.end('<html>')],
  ['nothing, when there is no contract', answerJson({ result: '0x' })],
])('throws without the endpoint or its key when the endpoint answers %s', async (_what, answer) => {
  const reader = await readerOf(answer);
  const failure = await reader.balanceOf(BASE_SEPOLIA.usdc.address, OWNER).then(
    () => null,
    (error: unknown) => error,
  );
  if (!(failure instanceof Error)) throw new Error('a balance came out of a failed call');
  expect(failure.message).toContain(BASE_SEPOLIA.id);
  expect(`${failure.stack}${JSON.stringify(failure)}${String(failure.cause)}`).not.toContain(KEY);
});
