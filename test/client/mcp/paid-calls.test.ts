import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createPaidCalls, type Call, type PaidCallsDeps } from '../../../lib/client/mcp/paid-call.ts';
import { createPayingTransport, type McpTransport } from '../../../lib/client/mcp/index.ts';
import { createPayer, type PaymentContext, type PaymentProcessor } from '../../../lib/client/index.ts';
import type { ToolPaymentEvent } from '../../../lib/client/agent/index.ts';
import { MCP_CALLS_MAX } from '../../../lib/domain/limits.ts';
import { createBooks } from '../books.ts';
import { ANSWER, askX402, asResult, SERVER_URL, settlement } from './tools-world.ts';

const PAYING = {
  session: { paymentManagerArn: 'arn', paymentSessionId: 'session', userId: 'user' },
  instrument: { paymentInstrumentId: 'instrument' },
};

/** The calls of a connection whose server says what the test says, paid by a Bursar in memory. */
function open({
  client = createBooks().client(),
  ...more
}: Partial<PaidCallsDeps> & { client?: PaymentProcessor } = {}) {
  const payer = createPayer({ client, ...PAYING });
  const [sent, delivered]: [[object, unknown][], object[]] = [[], []];
  const events: ToolPaymentEvent[] = [];
  const [failures, contexts, reported, answered]: [unknown[], PaymentContext[], string[], unknown[]] = [[], [], [], []];
  const calls = createPaidCalls({
    payer: {
      pay: (challenge, context) => {
        contexts.push(context);
        return payer.pay(challenge, context);
      },
      report: (_payment, outcome) => reported.push(outcome),
    },
    url: SERVER_URL,
    send: async (message, options) => void sent.push([message, options]),
    deliver: (message) => delivered.push(message),
    limits: {},
    tell: (event) => events.push(event),
    fail: (error) => failures.push(error),
    onAnswer: ({ purchaseId }, result) => answered.push([purchaseId, result]),
    ...more,
  });
  const answer = (id: string | number, result: object) => calls.take({ id, result }, { jsonrpc: '2.0', id, result });
  const ask = (id: string | number) => answer(id, asResult(askX402()));
  const paidId = () => (sent.at(-1)![0] as { readonly id: string }).id;
  return { calls, answer, ask, paidId, sent, delivered, events, failures, contexts, reported, answered };
}

const callOf = (id: string | number, more: Partial<Call> = {}): Call => {
  const sent = { id, method: 'tools/call', params: { name: 'search', arguments: { q: 'tea' } } } as const;
  return { asked: sent, sent, sendOptions: undefined, purchaseId: `purchase-${id}`, ...more };
};

test('a call is paid, sent once more with what was sent with it, and told as its own', async () => {
  const { calls, answer, ask, paidId, ...world } = open();
  const sendOptions = { relatedRequestId: 1, resumptionToken: 'token' };
  await calls.begin(callOf(7, { sendOptions }));
  expect(ask(7)).toBe(true);
  await expect.poll(() => world.sent).toHaveLength(2);
  expect(world.sent.map(([, options]) => options)).toStrictEqual([
    sendOptions,
    { relatedRequestId: 1, resumptionToken: undefined },
  ]);
  const asked = JSON.stringify({ name: 'search', arguments: { q: 'tea' } });
  expect(world.contexts[0]!.request.bodyHash).toBe(createHash('sha256').update(asked).digest('hex'));
  const paid = paidId();
  const result = { ...ANSWER, _meta: { 'x402/payment-response': settlement(true) } };
  expect([answer(paid, result), answer(paid, result)]).toEqual([true, true]);
  await expect.poll(() => world.delivered).toHaveLength(1);
  expect(world.events.map(({ type, toolCallId }) => [type, toolCallId])).toEqual(
    ['payment_required', 'proof_received', 'presented', 'delivered'].map((type) => [type, '7']),
  );
  expect([world.reported, world.answered, world.failures]).toEqual([['DELIVERED'], [['purchase-7', result]], []]);
  expect(calls.cancel(7)).toBe(7);
});

test('a call without anything sent beside it has nothing beside its second request either', async () => {
  const { calls, ask, sent } = open();
  await calls.begin(callOf(1));
  ask(1);
  await expect.poll(() => sent).toHaveLength(2);
  expect(sent.map(([, options]) => options)).toEqual([undefined, undefined]);
});

test('what did not settle is told as failed', async () => {
  const { calls, answer, ask, paidId, ...world } = open();
  await calls.begin(callOf(1));
  ask(1);
  await expect.poll(() => world.sent).toHaveLength(2);
  answer(paidId(), { ...ANSWER, _meta: { 'x402/payment-response': settlement(false) } });
  await expect.poll(() => world.delivered).toHaveLength(1);
  expect(world.reported).toEqual(['FAILED']);
});

describe('an answer is for nobody', () => {
  test('while the call is paid for', async () => {
    const { calls, answer, ask, delivered } = open();
    await calls.begin(callOf(1));
    expect([ask(1), ask(1), answer(1, ANSWER), delivered]).toEqual([true, true, true, []]);
  });

  test('where it is to a request with a proof that is under way no more', () => {
    const { answer } = open();
    expect([answer('bursar-paid-1', ANSWER), answer('not-bursar-paid-', ANSWER)]).toEqual([true, false]);
  });
});

describe('an answer passes as it is', () => {
  test('where it asks for nothing, and then the call is over', async () => {
    const { calls, answer, ask, answered, contexts } = open();
    await calls.begin(callOf(1));
    expect([answer(1, ANSWER), ask(1)]).toEqual([false, false]);
    expect([answered, contexts]).toEqual([[['purchase-1', ANSWER]], []]);
  });

  test('after the call was refused', async () => {
    const { calls, answer, ask, delivered } = open({ client: createBooks({ budgetUsd: '0.01' }).client() });
    await calls.begin(callOf(1));
    ask(1);
    await expect.poll(() => delivered).toHaveLength(1);
    expect(answer(1, ANSWER)).toBe(false);
  });

  test('where the call could not be sent, which is told', async () => {
    const lost = new Error('broken pipe');
    const { calls, ask } = open({ send: () => Promise.reject(lost) });
    await expect(calls.begin(callOf(1))).rejects.toBe(lost);
    expect(ask(1)).toBe(false);
  });

  test('where the signal of the request has fired', async () => {
    const { calls, ask } = open();
    const stop = new AbortController();
    await calls.begin(callOf(1, { sendOptions: { requestSignal: stop.signal } }));
    stop.abort();
    expect(ask(1)).toBe(false);
  });

  test('where more calls are under way than may be', async () => {
    const { calls, ask, sent } = open();
    for (let id = 1; id <= MCP_CALLS_MAX + 1; id += 1) await calls.begin(callOf(id));
    expect([sent.length, ask(MCP_CALLS_MAX + 1), ask(MCP_CALLS_MAX)]).toEqual([MCP_CALLS_MAX + 1, false, true]);
  });
});

test('of two calls with one id the first is paid for', async () => {
  const { calls, ask, contexts } = open();
  await calls.begin(callOf(1));
  await calls.begin(callOf(1, { purchaseId: 'another' }));
  ask(1);
  await expect.poll(() => contexts.map(({ purchaseId }) => purchaseId)).toEqual(['purchase-1']);
});

test('the end of an earlier call leaves a later one with its id alone', async () => {
  const { calls, answer, ask } = open();
  const stop = new AbortController();
  await calls.begin(callOf(1, { sendOptions: { requestSignal: stop.signal } }));
  answer(1, ANSWER);
  await calls.begin(callOf(1));
  stop.abort();
  expect(ask(1)).toBe(true);
});

test('a call that is cancelled while it is paid for is told of nothing', async () => {
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const client: PaymentProcessor = {
    processPayment: async () => {
      begun.resolve();
      await ended.promise;
      throw new Error('given up');
    },
  };
  const { calls, ask, events, delivered } = open({ client });
  await calls.begin(callOf(1));
  ask(1);
  await begun.promise;
  expect(calls.cancel(1)).toBeNull();
  ended.resolve();
  await new Promise(setImmediate);
  expect([events.map(({ type }) => type), delivered]).toEqual([['payment_required'], []]);
});

describe('a transport that pays', () => {
  const transportOf = (more: Partial<McpTransport> = {}): McpTransport => ({
    start: async () => undefined,
    send: async () => undefined,
    close: async () => undefined,
    ...more,
  });
  const wrap = (transport: McpTransport, url: string | URL = SERVER_URL) =>
    createPayingTransport(transport, { client: createBooks().client(), ...PAYING, url, tools: ['search'] });

  test('goes on with the listeners that were there', () => {
    const heard: unknown[] = [];
    const transport = transportOf({ onmessage: (message) => heard.push(message), onclose: () => heard.push('closed') });
    wrap(transport);
    transport.onmessage!({ method: 'ping' });
    transport.onclose!();
    expect(heard).toEqual([{ method: 'ping' }, 'closed']);
  });

  test.each([new Error('of the client'), 'of the client'])('reports what its client throws: %s', async (thrown) => {
    const errors: Error[] = [];
    const transport = transportOf({ onerror: (error) => errors.push(error) });
    const paying = wrap(transport);
    paying.onmessage = () => {
      throw thrown;
    };
    await paying.send({ ...callOf(1).asked, params: { name: 'search' } });
    transport.onmessage!({ jsonrpc: '2.0', id: 1, result: asResult(askX402({ entry: { amount: '9000000' } })) });
    await expect.poll(() => errors.map(({ message }) => message)).toEqual(['of the client']);
  });

  test('is one to a server of the web, by http as well', () => {
    expect(() => wrap(transportOf(), 'http://localhost/search')).not.toThrow();
    expect(() => wrap(transportOf(), 'web+http://tools.example/')).toThrow(TypeError);
  });
});
