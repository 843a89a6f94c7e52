import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEvmEndpoints, demanding } from '../../../lib/chains/evm/endpoints.ts';
import { EndpointFailure } from '../../../lib/chains/rpc/call.ts';
import type { Endpoints, EndpointsDeps, FailedEndpoint } from '../../../lib/chains/rpc/endpoints.ts';
import { ChainUnavailable } from '../../../lib/domain/ports/chains.ts';
import { toEpochMs } from '../../../lib/domain/time.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';
import { RPC_KEY, startRpcEndpoint, toRpcWord, type RpcEndpoint, type RpcFault } from '../../support/rpc-endpoint.ts';

let one: RpcEndpoint;
let two: RpcEndpoint;
let failed: FailedEndpoint[];
let nowMs: number;

beforeEach(async () => {
  [one, two, failed, nowMs] = [await startRpcEndpoint(1n), await startRpcEndpoint(2n), [], 1_800_000_000_000];
});
afterEach(() => Promise.all([one.close(), two.close()]));

function open(endpoints: readonly RpcEndpoint[], more: Partial<EndpointsDeps> = {}): Endpoints {
  const clock = { now: () => toEpochMs(nowMs) };
  const urls = endpoints.map(({ url }) => url);
  return createEvmEndpoints(BASE_SEPOLIA.id, urls, {
    clock,
    // Long where nothing is late, so that a busy machine is not taken for it.
    timeoutMs: endpoints.some(({ fault }) => fault === 'late') ? 1_000 : 20_000,
    report: (each) => failed.push(each),
    ...more,
  });
}

const call = (endpoints: Endpoints) => endpoints.use((ask) => ask('eth_call', []));
const methods = ({ asked }: RpcEndpoint) => asked.map(({ method }) => method);

async function failureOf(promise: Promise<unknown>): Promise<ChainUnavailable> {
  const error: unknown = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ChainUnavailable)) throw new Error('it did not fail as a chain does', { cause: error });
  const all = `${error.stack}${JSON.stringify(error)}${String(error.cause)}`;
  expect(all).not.toContain(RPC_KEY);
  expect(all).not.toContain('127.0.0.1');
  return error;
}

const FAULTS: readonly (readonly [RpcFault, string])[] = [
  ['late', 'timeout'],
  ['cut', 'unreachable'],
  ['closed', 'unreachable'],
  ['redirect', 'unreachable'],
  [500, 'http_status'],
  [503, 'http_status'],
  [403, 'http_status'],
  [429, 'rate_limited'],
  ['limited', 'rate_limited'],
  ['text', 'garbage'],
  ['no result', 'garbage'],
  ['too long', 'oversized'],
  ['other chain', 'wrong_chain'],
];

describe('an endpoint that is at fault', () => {
  test.each(FAULTS)('in this way: %s, is passed over for the next, and told by its place', async (fault, code) => {
    one.fault = fault;
    expect(await call(open([one, two]))).toBe(toRpcWord(2n));
    expect(failed).toEqual([{ network: BASE_SEPOLIA.id, endpoint: 1, code }]);
  });

  test.each(FAULTS)(
    'in this way: %s, gives its name to the failure where it is alone, and nothing of its URL',
    async (fault, code) => {
      one.fault = fault;
      const error = await failureOf(call(open([one])));
      expect(error.code).toBe(code);
      expect(error.message).toMatch(/^asking eip155:84532 failed: endpoint 1 of 1 \(/);
    },
  );

  test('begins to answer late, after its first bytes, and is passed over all the same', async () => {
    const never = new ReadableStream({ start: (body) => body.enqueue(new TextEncoder().encode('{"result":')) });
    const send = (async (url: string, init: RequestInit) => {
      if (url !== one.url) return fetch(url, init);
      const stopped = new Promise<never>((_, reject) => {
        init.signal!.addEventListener('abort', () => reject(init.signal!.reason as Error));
      });
      const reader = never.getReader();
      return new Response(
        new ReadableStream({
          pull: async (body) => body.enqueue((await Promise.race([reader.read(), stopped])).value as Uint8Array),
        }),
      );
    }) as typeof fetch;
    expect(await call(open([one, two], { fetch: send, timeoutMs: 1_000 }))).toBe(toRpcWord(2n));
    expect(failed).toMatchObject([{ code: 'timeout' }]);
  });

  test('is asked after the others for half a minute, and then first again', async () => {
    const endpoints = open([one, two]);
    one.fault = 500;
    await call(endpoints);
    one.fault = null;
    nowMs += 29_999;
    expect(await call(endpoints)).toBe(toRpcWord(2n));
    expect(methods(one)).toEqual(['eth_chainId']);
    nowMs += 1;
    expect(await call(endpoints)).toBe(toRpcWord(1n));
  });

  test('is asked while it rests where the others fail too', async () => {
    const endpoints = open([one, two]);
    one.fault = 500;
    await call(endpoints);
    [one.fault, two.fault] = [null, 'closed'];
    expect(await call(endpoints)).toBe(toRpcWord(1n));
  });

  test('is asked once more where it is alone, and not where it would say the same', async () => {
    const endpoints = open([one]);
    await call(endpoints);
    one.fault = 'closed';
    await failureOf(call(endpoints));
    expect(methods(one)).toEqual(['eth_chainId', 'eth_call', 'eth_call', 'eth_call']);
    one.fault = 'text';
    await failureOf(call(endpoints));
    expect(one.asked.length).toBe(5);
  });
});

test('names every endpoint that failed', async () => {
  [one.fault, two.fault] = [500, 'text'];
  const error = await failureOf(call(open([one, two])));
  expect(error).toMatchObject({
    code: 'garbage',
    message: 'asking eip155:84532 failed: endpoint 1 of 2 (http_status 500), endpoint 2 of 2 (garbage)',
  });
});

test('ends when its time is over, however many endpoints are left', async () => {
  [one.fault, two.fault] = ['late', 'late'];
  const error = await failureOf(call(open([one, two], { totalMs: 100 })));
  expect(error.code).toBe('timeout');
  expect(methods(two)).toEqual([]);
  // The other has done nothing wrong.
  expect(failed).toMatchObject([{ endpoint: 1 }]);
});

test('ends with the reason of whoever stops it', async () => {
  const stop = new AbortController();
  one.fault = 'late';
  const read = call(open([one, two], { signal: stop.signal }));
  stop.abort(new Error('stopped'));
  await expect(read).rejects.toThrow('stopped');
  expect(methods(two)).toEqual([]);
});

test('asks an endpoint once which chain it is of, also where much is asked at once', async () => {
  const endpoints = open([one, two]);
  await Promise.all([call(endpoints), call(endpoints)]);
  await call(endpoints);
  expect(methods(one).toSorted()).toEqual(['eth_call', 'eth_call', 'eth_call', 'eth_chainId']);
  expect(methods(two)).toEqual([]);
});

test('asks an endpoint of another chain nothing but that, and again when it has rested', async () => {
  const endpoints = open([one, two]);
  one.fault = 'other chain';
  await call(endpoints);
  expect(methods(one)).toEqual(['eth_chainId']);
  one.fault = null;
  nowMs += 30_000;
  expect(await call(endpoints)).toBe(toRpcWord(1n));
});

test('does the whole of a piece of work by one endpoint', async () => {
  let calls = 0;
  one.answer = () => {
    calls += 1;
    if (calls === 1) one.fault = 500;
    return { result: toRpcWord(1n) };
  };
  const read = open([one, two]).use(async (ask) => [await ask('eth_call', []), await ask('eth_call', [])]);
  expect(await read).toEqual([toRpcWord(2n), toRpcWord(2n)]);
});

describe('an error of JSON-RPC', () => {
  test('lets the next endpoint be asked, and the one that said so stays the first', async () => {
    const endpoints = open([one, two]);
    one.answer = () => ({ error: { code: -32_601, message: 'the method is not available' } });
    expect(await call(endpoints)).toBe(toRpcWord(2n));
    one.answer = () => ({ result: toRpcWord(1n) });
    expect(await call(endpoints)).toBe(toRpcWord(1n));
    expect(failed).toEqual([]);
  });

  test.each([
    { code: 3, message: 'no' },
    { code: -32_000, message: 'execution reverted: not yours' },
  ])('is the answer of the chain where it refuses: %j', async (error) => {
    one.answer = () => ({ error });
    expect((await failureOf(call(open([one, two])))).code).toBe('rpc_error');
    expect(methods(two)).toEqual([]);
  });

  test('does not bring the words of the endpoint along', async () => {
    one.answer = () => ({ error: { code: -32_000, message: `project ${RPC_KEY} is over its quota` } });
    expect((await failureOf(call(open([one])))).message).toContain('rpc_error -32000');
  });
});

test('asks the next endpoint also where the work makes an error of its own of a failure, as libraries do', async () => {
  one.fault = 500;
  two.answer = () => ({ result: toRpcWord(2n) });
  const endpoints = open([one, two]);
  const ofLibrary = new RangeError('of a library');
  const read = endpoints.use((ask) => ask('eth_call', []).catch(() => Promise.reject(ofLibrary)));
  expect(await read).toBe(toRpcWord(2n));
  one.fault = null;
  nowMs += 30_000;
  await call(endpoints);
  one.fault = 500;
  const again = endpoints.use((ask) => ask('eth_call', []).catch(() => Promise.reject(ofLibrary)));
  expect(await again).toBe(toRpcWord(2n));
});

test('passes on what the work itself throws, asking nobody else', async () => {
  const read = open([one, two]).use(() => Promise.reject(new RangeError('its own')));
  await expect(read).rejects.toThrow(RangeError);
  expect(methods(two)).toEqual([]);
});

test('takes nothing for a failure where there must be something, and for an answer where there need not', async () => {
  one.answer = () => ({ result: null });
  expect(await call(open([one, two]))).toBeNull();
  expect(await open([one, two]).use((ask) => demanding(ask)('eth_call', []))).toBe(toRpcWord(2n));
  expect(failed).toMatchObject([{ code: 'garbage' }]);
});

test('lets the work say that an answer is unusable', async () => {
  const read = open([one, two]).use(async (ask) => {
    const answer = await ask('eth_call', []);
    if (answer === toRpcWord(1n)) throw new EndpointFailure('garbage');
    return answer;
  });
  expect(await read).toBe(toRpcWord(2n));
});
