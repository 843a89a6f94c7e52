import { describe, expect, test } from 'vitest';
import { createFetchTool, createToolPayments } from '../../../lib/client/agent/index.ts';
import { createPayingFetch } from '../../../lib/client/index.ts';
import { callThrough, expectHarmless, holdsProof, type Adapter, type HostileWorld } from './call-through.ts';
import { HOSTILE_SELLERS } from './sellers.ts';

const TEXT_MAX_BYTES = 100_000;

/** As a program reads an answer that may have no end. */
async function readSome(response: Response): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > TEXT_MAX_BYTES) break;
  }
  return text;
}

/** A tool as people write it: of a 402 it says what AWS's tools say, and of all else the text. */
const asTool =
  ({ fetch: send, signal }: HostileWorld) =>
  async ({ url, headers = {} }: { readonly url: string; readonly headers?: Readonly<Record<string, string>> }) => {
    const response = await send(url, { headers, redirect: 'manual', signal: signal ?? null });
    const body = await readSome(response);
    if (response.status !== 402) return body;
    const told = { statusCode: 402, headers: Object.fromEntries(response.headers), body };
    return `PAYMENT_REQUIRED: ${JSON.stringify(told)}`;
  };

const callTool =
  (unmarked402: boolean): Adapter =>
  async (world) => {
    const { signal, options, url } = world;
    const payments = createToolPayments({ ...options, tools: ['http'], unmarked402 });
    return payments.call({ tool: 'http', toolCallId: 'call-1', input: { url }, signal }, asTool(world));
  };

const ADAPTERS: Readonly<Record<string, Adapter>> = {
  createPayingFetch: async ({ url, fetch, options, signal }) =>
    readSome(await createPayingFetch({ ...options, fetch })(url, { signal: signal ?? null })),
  'createPayingFetch with a POST': async ({ url, fetch, options, signal }) =>
    readSome(
      await createPayingFetch({ ...options, fetch })(url, { method: 'POST', body: '{}', signal: signal ?? null }),
    ),
  createToolPayments: callTool(false),
  'createToolPayments that looks for unmarked 402s': callTool(true),
  createFetchTool: async ({ url, fetch, options, signal }) =>
    createFetchTool({ ...options, fetch }).execute({ url }, { toolCallId: 'call-1', signal }),
};

describe.each(Object.entries(ADAPTERS))('%s', (_name, adapter) => {
  test.each(HOSTILE_SELLERS.map((seller) => [seller.name, seller] as const))('%s', async (_seller, seller) => {
    expectHarmless(seller, await callThrough(seller, adapter));
  });
});

describe('what only looks like a 402', () => {
  test.each(HOSTILE_SELLERS.filter(({ pretends }) => pretends).map((seller) => [seller.name, seller] as const))(
    '%s: a fetch, whose status says that it is none, pays nothing',
    async (_name, seller) => {
      for (const name of ['createPayingFetch', 'createFetchTool']) {
        expect(await callThrough(seller, ADAPTERS[name]!)).toMatchObject({ signed: 0, requests: 1 });
      }
    },
  );
});

test('a careless adapter is found out', async () => {
  const careless: Adapter = async ({ url, fetch, options }) => {
    const pay = createPayingFetch({
      ...options,
      fetch: (input) => fetch(new Request(input as Request, { redirect: 'follow' })),
    });
    return (await pay(url)).text();
  };
  const seller = HOSTILE_SELLERS.find(({ name }) => name.startsWith('a 307'))!;
  const verdict = await callThrough(seller, careless);
  expect(() => expectHarmless(seller, verdict)).toThrow(/origins that got a proof/);
});

test('a proof is known wherever it stands', () => {
  const signature = `0x${'5a'.repeat(65)}`;
  expect(holdsProof(signature)).toBe(true);
  for (const before of ['', 'a', 'ab', 'abc']) {
    expect(holdsProof(Buffer.from(`${before}${signature}`).toString('base64'))).toBe(true);
  }
  expect(holdsProof('the report')).toBe(false);
});
