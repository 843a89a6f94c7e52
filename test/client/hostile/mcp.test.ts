import { describe, expect, test } from 'vitest';
import { createToolServer } from '../../../lib/cli/mcp/tool-server.ts';
import { createFetchTool } from '../../../lib/client/agent/index.ts';
import { createPayingTransport } from '../../../lib/client/mcp/index.ts';
import { LINES, type Line, type ToolHandler } from '../mcp/lines.ts';
import { base64 } from '../script.ts';
import { callThrough, expectHarmless, type Adapter, type HostileWorld } from './call-through.ts';
import { HOSTILE_SELLERS } from './sellers.ts';

const [, v2] = LINES as [Line, Line];
const TEXT_MAX_BYTES = 100_000;
/** As the clients of sellers have it. */
const HEADER_MAX_CHARS = 65_536;

async function readSome(response: Response): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > TEXT_MAX_BYTES) break;
  }
  return text;
}

/** A server in front of a seller: its 402 becomes what MCP has for it, and the proof a header again. */
const inFrontOf =
  ({ url, fetch: send, signal }: HostileWorld): ToolHandler =>
  async ({ meta }) => {
    const proof = meta['x402/payment'];
    const headers = proof === undefined ? {} : { 'payment-signature': base64(proof) };
    const response = await send(url, { headers, redirect: 'manual', signal: signal ?? null });
    const text = await readSome(response);
    const header = response.headers.get('payment-required');
    const terms = header === null || header.length > HEADER_MAX_CHARS ? null : header;
    const body = terms === null ? text : Buffer.from(terms, 'base64').toString();
    const settled = response.headers.get('payment-response');
    return {
      content: [{ type: 'text', text: response.status === 402 ? body : text }],
      isError: response.status >= 300,
      ...(settled === null
        ? {}
        : { _meta: { 'x402/payment-response': parsed(Buffer.from(settled, 'base64').toString()) } }),
    };
  };

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const byTransport =
  (line: Line): Adapter =>
  async (world) => {
    const [near, far] = line.pair();
    await line.serve(far, inFrontOf(world));
    const { options, url } = world;
    const client = await line.connect(createPayingTransport(near, { ...options, url, tools: 'all' }));
    return client.call('http', {}, world.signal === undefined ? {} : { signal: world.signal });
  };

const byServer: Adapter = async ({ url, fetch, options, signal }) => {
  const factory = await createToolServer([createFetchTool({ ...options, fetch })], '1.0.0');
  const [near, far] = v2.pair();
  const server = await factory({} as never);
  await server.connect(far as never);
  const client = await v2.connect(near);
  return client.call('fetch_paid', { url }, signal === undefined ? {} : { signal });
};

const ADAPTERS: Readonly<Record<string, Adapter>> = {
  ...Object.fromEntries(LINES.map((line) => [`createPayingTransport with ${line.name}`, byTransport(line)])),
  'bursar mcp serve': byServer,
};

describe.each(Object.entries(ADAPTERS))('%s', (_name, adapter) => {
  test.each(HOSTILE_SELLERS.map((seller) => [seller.name, seller] as const))('%s', async (_seller, seller) => {
    expectHarmless(seller, await callThrough(seller, adapter));
  });
});

test('what only looks like a 402 is not paid over MCP, whose results say that they are errors', async () => {
  for (const seller of HOSTILE_SELLERS.filter(({ pretends }) => pretends)) {
    for (const adapter of Object.values(ADAPTERS))
      expect(await callThrough(seller, adapter)).toMatchObject({ signed: 0 });
  }
});
