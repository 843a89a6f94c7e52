import { Client, InMemoryTransport } from '@modelcontextprotocol/client';
import { Server } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { afterEach, expect, test } from 'vitest';
import { createPayingTransport } from '../../../lib/client/mcp/index.ts';
import { createBooks } from '../books.ts';
import { ANSWER, askX402, asResult, paymentOf, refusalOf, SERVER_URL } from './tools-world.ts';

const REVISION = '2026-07-28';
/** A call that nobody answers is over before its test would be. */
const PATIENCE = { timeout: 5_000 };
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

type Message = Record<string, unknown> & { readonly params?: { readonly _meta?: Record<string, unknown> } };

/** A client and a server of the revision without sessions. */
async function open(
  handle: (params: Record<string, unknown>, state: string | undefined) => object,
  { budgetUsd = '10.00', answer = (message: Message) => message } = {},
) {
  const books = createBooks({ budgetUsd });
  const [near, far] = InMemoryTransport.createLinkedPair();
  const calls: Message[] = [];
  const { send } = far;
  far.send = (message, options) => send.call(far, answer(message as never) as never, options);
  opened.push(
    serveStdio(
      () => {
        const server = new Server({ name: 'tools', version: '1.0.0' }, { capabilities: { tools: {} } });
        server.setRequestHandler(
          'tools/call',
          ({ params }, { mcpReq }) => handle(params, mcpReq.requestState()) as never,
        );
        return server;
      },
      { transport: far },
    ),
  );
  const { onmessage } = far;
  far.onmessage = (message, extra) => {
    if ('method' in message && message.method === 'tools/call') calls.push(message as never);
    onmessage?.(message, extra);
  };
  const client = new Client({ name: 'agent', version: '1' }, { versionNegotiation: { mode: { pin: REVISION } } });
  const paying = createPayingTransport(near, {
    client: books.client(),
    session: { paymentManagerArn: 'arn', paymentSessionId: 'session', userId: 'user' },
    instrument: { paymentInstrumentId: 'instrument' },
    url: SERVER_URL,
    tools: ['search'],
  });
  await client.connect(paying);
  opened.push(client);
  return { client, books, calls };
}

const metaOf = (params: Record<string, unknown>) => (params['_meta'] ?? {}) as Record<string, unknown>;
const sell = (params: Record<string, unknown>) =>
  metaOf(params)['x402/payment'] === undefined ? asResult(askX402()) : ANSWER;

test('a call is paid in the revision without sessions', async () => {
  const { client, books } = await open(sell);
  const result = await client.callTool({ name: 'search', arguments: {} }, PATIENCE);
  expect(result.content).toEqual(ANSWER.content);
  expect(paymentOf(result as never)).toMatchObject({ processPaymentId: 'payment-1' });
  expect(books.signed()).toHaveLength(1);
});

test('a refusal is a complete result', async () => {
  const { client } = await open(sell, { budgetUsd: '0.01' });
  const result = await client.callTool({ name: 'search', arguments: {} }, PATIENCE);
  expect(refusalOf(result as never)).toMatchObject({ code: 'bursar:budget_exceeded' });
});

const EXTENSION = 'org.x402/payment';
const extensionsOf = ({ params }: Message) =>
  (params?._meta?.['io.modelcontextprotocol/clientCapabilities'] as { extensions?: object } | undefined)?.extensions;

test('the extension of x402 is told of for tools that may be paid alone, and its result is paid', async () => {
  const asExtension = (message: Message): Message => {
    const result = message['result'] as { isError?: boolean; structuredContent?: object } | undefined;
    if (result?.isError !== true) return message;
    return { ...message, result: { resultType: 'payment_required', paymentRequired: result.structuredContent } };
  };
  const { client, books, calls } = await open(sell, { answer: asExtension });
  const result = await client.callTool({ name: 'search', arguments: {} }, PATIENCE);
  expect(result.content).toEqual(ANSWER.content);
  expect(books.signed()).toHaveLength(1);
  expect(extensionsOf(calls[0]!)).toEqual({ [EXTENSION]: {} });
  await client.callTool({ name: 'other', arguments: {} }, PATIENCE).catch(() => undefined);
  expect(extensionsOf(calls.at(-1)!)).toBeUndefined();
});

test('a call that its server continues with questions is one purchase', async () => {
  const { client, books } = await open((params, state) => {
    if (metaOf(params)['x402/payment'] === undefined) return asResult(askX402());
    return state === undefined ? { resultType: 'input_required', requestState: 'state-1' } : ANSWER;
  });
  const result = await client.callTool({ name: 'search', arguments: {} }, PATIENCE);
  expect(result.content).toEqual(ANSWER.content);
  expect(paymentOf(result as never)).toMatchObject({ replayed: true });
  expect(books.signed()).toHaveLength(1);
});
