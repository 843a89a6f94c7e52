import { describe, expect, test } from 'vitest';
import { callThrough, expectHarmless, type Adapter, type HostileWorld } from '../hostile/call-through.ts';
import { HOSTILE_SELLERS } from '../hostile/sellers.ts';
import { aiSdk } from './ai-sdk.ts';
import type { Framework, ProgramTool } from './framework.ts';
import { langchain } from './langchain.ts';
import { openAiAgents } from './openai-agents.ts';
import { strands } from './strands.ts';

const TEXT_MAX_BYTES = 100_000;

/** As a program reads an answer that may have no end. */
async function readSome({ body }: Response): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > TEXT_MAX_BYTES) break;
  }
  return text;
}

/** A tool as people write it. */
const toTool = ({ fetch: send, signal = new AbortController().signal }: HostileWorld): ProgramTool => ({
  name: 'shop',
  run: async ({ url, headers = {} }) => {
    const response = await send(url, { headers, redirect: 'manual', signal });
    const told = { statusCode: response.status, headers: Object.fromEntries(response.headers) };
    return { ...told, body: await readSome(response) };
  },
});

/** The framework's own loop, in which the model calls one tool once. */
const buyBy =
  ({ run }: Framework, tool: string): Adapter =>
  async (world) => {
    const { options, fetch, url, signal } = world;
    const script = [[{ id: 'call-1', tool, input: { url } }]];
    return (await run({ ...options, fetch, tools: ['shop'] }, toTool(world), script, signal)).transcript;
  };

const WAYS = [strands, aiSdk, langchain, openAiAgents].flatMap((framework) =>
  ['fetch_paid', 'shop'].map((tool) => [`${tool} of ${framework.name}`, buyBy(framework, tool)] as const),
);

describe.each(WAYS)('%s', (_way, adapter) => {
  test.each(HOSTILE_SELLERS.map((seller) => [seller.name, seller] as const))('%s', async (_name, seller) => {
    const verdict = await callThrough(seller, adapter);
    expect(verdict.requests).toBeGreaterThan(0);
    expectHarmless(seller, verdict);
  });
});
