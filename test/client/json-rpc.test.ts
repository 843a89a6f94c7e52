import { expect, test } from 'vitest';
import { createJsonRpc } from '../../lib/client/fetch/json-rpc.ts';

const URL_WITH_KEY = 'https://rpc.example/key-of-somebody';

/** An endpoint that answers so, and the request that it got. */
function endpoint(answer: unknown, status = 200) {
  const sent: { readonly url: string; readonly init: RequestInit }[] = [];
  const abort = new AbortController();
  const send = (async (url: string, init: RequestInit) => {
    sent.push({ url, init });
    return Response.json(answer, { status });
  }) as typeof fetch;
  return { sent, abort, ask: createJsonRpc(URL_WITH_KEY, { fetch: send, signal: abort.signal }) };
}

test('a read of a chain is one JSON-RPC request that follows no redirect, and its result', async () => {
  const { sent, ask } = endpoint({ jsonrpc: '2.0', id: 1, result: '0x1' });
  expect(await ask('eth_call', [{ to: '0x2' }, 'latest'])).toBe('0x1');
  const [{ url, init }] = sent as [(typeof sent)[number]];
  expect(url).toBe(URL_WITH_KEY);
  expect(init).toMatchObject({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    redirect: 'manual',
  });
  expect(JSON.parse(init.body as string)).toEqual({
    jsonrpc: '2.0',
    id: 1,
    method: 'eth_call',
    params: [{ to: '0x2' }, 'latest'],
  });
});

test.each([
  ['an error status', { result: '0x1' }, 500],
  ['no result', { error: { code: -32_000, message: 'no' } }, 200],
  ['a result that is nothing', { result: null }, 200],
  ['something that is no answer', 'text', 200],
])('%s is no answer, and the error names the method and no URL', async (_what, answer, status) => {
  const { ask } = endpoint(answer, status);
  const error: unknown = await ask('eth_call', []).catch((thrown: unknown) => thrown);
  expect(error).toEqual(new Error('the endpoint of the chain did not answer eth_call'));
});

test('a caller that gives up takes its request to the chain back', async () => {
  const { sent, abort, ask } = endpoint({ result: '0x1' });
  await ask('eth_chainId', []);
  const { signal } = sent[0]!.init;
  expect(signal?.aborted).toBe(false);
  abort.abort();
  expect(signal?.aborted).toBe(true);
});
