import { describe, expect, test } from 'vitest';
import type { PaymentProcessor } from '../../../lib/client/index.ts';
import { createPayingTransport } from '../../../lib/client/mcp/index.ts';
import { bursarError, SIGNATURE } from '../script.ts';
import { COMBINATIONS, LINES, type ToolHandler } from './lines.ts';
import {
  ANSWER,
  askX402,
  asResult,
  createToolsWorld,
  jsonRpcError,
  paymentOf,
  refusalOf,
  sell,
  SERVER_URL,
  settlement,
  textOf,
} from './tools-world.ts';

describe.each(COMBINATIONS)('$client.name with a server of $server.name', (lines) => {
  test('pays for a call once and gets its answer', async () => {
    const world = await createToolsWorld(sell(), lines);
    const result = await world.call('search', { q: 'tea' });
    expect(result.content).toEqual(ANSWER.content);
    expect(result._meta?.['x402/payment-response']).toEqual(settlement(true));
    expect(world.books.signed()).toHaveLength(1);
    expect(paymentOf(result)).toMatchObject({
      processPaymentId: 'payment-1',
      offer: { amountUsd: '0.50' },
      replayed: false,
      settlement: { success: true },
    });
    expect(world.seen.map(({ input }) => input)).toEqual([{ q: 'tea' }, { q: 'tea' }]);
    expect(world.errors).toEqual([]);
  });

  test('presents the proof with the terms as they came', async () => {
    const world = await createToolsWorld(sell(), lines);
    await world.call('search', {});
    const { resource, accepts } = askX402();
    expect(world.seen[1]!.meta['x402/payment']).toMatchObject({
      x402Version: 2,
      resource,
      accepted: accepts[0],
      payload: { signature: SIGNATURE },
    });
  });

  test('gets a refusal as the result of the call, as one sentence and with its code', async () => {
    const world = await createToolsWorld(sell(), { ...lines, budgetUsd: '0.10' });
    const result = await world.call('search', {});
    expect(result.isError).toBe(true);
    expect(textOf(result)).toBe(
      'Nothing was paid for this call (refused: bursar:budget_exceeded), so do not repeat it unless that changes',
    );
    expect(refusalOf(result)).toMatchObject({ code: 'bursar:budget_exceeded', mayHavePaid: false });
    expect(world.seen).toHaveLength(1);
  });

  test('gets a refusal of what was asked by an error as a result as well', async () => {
    const handle = () => Promise.reject(jsonRpcError(402, askX402({ entry: { amount: '5000000' } })));
    const world = await createToolsWorld(handle, lines);
    const result = await world.call('search', {});
    expect(refusalOf(result)).toMatchObject({ code: 'client:unpayable', mayHavePaid: false });
    expect(textOf(result)).toContain('more than the USD 1.00 that may be paid');
    expect(world.books.asked).toEqual([]);
  });

  test('hears progress of both requests, in order, under the token of its call', async () => {
    const world = await createToolsWorld(async (call) => {
      await call.progress(call.meta['x402/payment'] === undefined ? 1 : 2);
      return sell()(call);
    }, lines);
    const heard: number[] = [];
    await world.call('search', {}, { onProgress: (done) => heard.push(done) });
    expect(heard).toEqual([1, 2]);
    expect(world.seen[1]!.meta['progressToken']).toBe(world.seen[0]!.meta['progressToken']);
  });

  test('gets a large answer whole', async () => {
    const text = 'x'.repeat(3 * 1024 * 1024);
    const world = await createToolsWorld(async (call) => {
      const asked = await sell()(call);
      return call.meta['x402/payment'] === undefined ? asked : { content: [{ type: 'text', text }] };
    }, lines);
    expect(textOf(await world.call('search', {}))).toBe(text);
  });

  test('cancels the request that carries the proof, by its own id', async () => {
    const stop = new AbortController();
    const ended = Promise.withResolvers<string>();
    const world = await createToolsWorld((call) => {
      if (call.meta['x402/payment'] === undefined) return asResult(askX402());
      return new Promise((resolve) => {
        call.signal.addEventListener('abort', () => {
          ended.resolve('cancelled');
          resolve(ANSWER);
        });
        stop.abort();
      });
    }, lines);
    await expect(world.call('search', {}, { signal: stop.signal })).rejects.toThrow();
    expect(await ended.promise).toBe('cancelled');
    expect(world.books.signed()).toHaveLength(1);
  });

  test('cancels the first request before it is answered, and nothing is paid', async () => {
    const stop = new AbortController();
    const ended = Promise.withResolvers<string>();
    const world = await createToolsWorld(
      (call) =>
        new Promise((resolve) => {
          call.signal.addEventListener('abort', () => {
            ended.resolve('cancelled');
            resolve(asResult(askX402()));
          });
          stop.abort();
        }),
      lines,
    );
    await expect(world.call('search', {}, { signal: stop.signal })).rejects.toThrow();
    expect(await ended.promise).toBe('cancelled');
    expect(world.books.asked).toEqual([]);
  });
});

test('a call that is cancelled while it is paid for is not sent again', async () => {
  const stop = new AbortController();
  const paid = Promise.withResolvers<void>();
  const through = (processor: PaymentProcessor): PaymentProcessor => ({
    processPayment: async (input) => {
      stop.abort();
      const output = await processor.processPayment(input);
      paid.resolve();
      return output;
    },
  });
  const world = await createToolsWorld(sell(), { through });
  await expect(world.call('search', {}, { signal: stop.signal })).rejects.toThrow();
  await paid.promise;
  expect(textOf(await world.call('other', {}))).toContain('x402Version');
  expect(world.seen.map(({ name }) => name)).toEqual(['search', 'other']);
  expect(world.sent.filter((message) => 'method' in message && message.method === 'notifications/cancelled')).toEqual(
    [],
  );
});

test('only the tools that are named are paid; what others ask for reaches the client as it came', async () => {
  const world = await createToolsWorld(sell());
  const result = await world.call('other', {});
  expect(result).toEqual(asResult(askX402()));
  expect(world.books.asked).toEqual([]);
  const none = await createToolsWorld(sell(), { tools: undefined });
  expect(await none.call('search', {})).toEqual(asResult(askX402()));
  const all = await createToolsWorld(sell(), { tools: 'all' });
  expect((await all.call('other', {})).content).toEqual(ANSWER.content);
});

test('a caller that brings a proof of its own pays by itself', async () => {
  const world = await createToolsWorld(() => asResult(askX402()));
  for (const name of ['x402/payment', 'org.paymentauth/credential']) {
    expect(await world.call('search', {}, { meta: { [name]: { of: 'the caller' } } })).toEqual(asResult(askX402()));
  }
  expect(world.seen[0]!.meta['x402/payment']).toEqual({ of: 'the caller' });
  expect(world.books.asked).toEqual([]);
});

test('answers that ask for nothing pass as they are, errors among them', async () => {
  const failed = { isError: true, content: [{ type: 'text', text: 'there is no such page' }] };
  const world = await createToolsWorld(({ input }) =>
    (input as { fail?: string }).fail === 'error' ? Promise.reject(jsonRpcError(-32_000, { a: 1 })) : failed,
  );
  expect(await world.call('search', {})).toEqual(failed);
  await expect(world.call('search', { fail: 'error' })).rejects.toMatchObject({ code: -32_000, data: { a: 1 } });
});

describe('a purchase', () => {
  test('is another one for each call', async () => {
    const world = await createToolsWorld(sell());
    await world.call('search', {});
    await world.call('search', {});
    expect(world.books.signed()).toHaveLength(2);
  });

  test('is the same one where its caller says so, and is told to nobody else', async () => {
    const world = await createToolsWorld(sell());
    const meta = { 'bursar/purchase-id': 'purchase-1', other: 1 };
    await world.call('search', {}, { meta });
    const again = await world.call('search', {}, { meta });
    expect(world.books.signed()).toHaveLength(1);
    expect(paymentOf(again)).toMatchObject({ purchaseId: 'purchase-1', replayed: true });
    expect(world.seen[0]!.meta).toMatchObject({ other: 1 });
    expect(JSON.stringify(world.sent)).not.toContain('purchase-1');
    await expect(world.call('search', {}, { meta: { 'bursar/purchase-id': 'a b' } })).rejects.toThrow('8 to 128');
  });

  test('may cost as much as one call may, and no unit more', async () => {
    const asking = (amount: string) => sell(askX402({ entry: { amount } }));
    const dear = await createToolsWorld(asking('250001'), { maxPriceUsd: '0.25' });
    expect(refusalOf(await dear.call('search', {}))).toMatchObject({ code: 'client:unpayable' });
    const fair = await createToolsWorld(asking('250000'), { maxPriceUsd: '0.25' });
    expect(paymentOf(await fair.call('search', {}))).toMatchObject({ offer: { amountUsd: '0.25' } });
  });

  test('is told to policies and receipts by the server and the tool', async () => {
    const asked: unknown[] = [];
    const through = (): PaymentProcessor => ({
      processPayment: () => Promise.reject(new Error('not used')),
      payChallenge: (input) => {
        asked.push(input);
        return Promise.reject(bursarError('ValidationException', 400, 'bursar:host_not_allowed'));
      },
    });
    const world = await createToolsWorld(sell(), { through });
    expect(refusalOf(await world.call('search', { q: 1 }))).toMatchObject({ code: 'bursar:host_not_allowed' });
    expect(asked).toMatchObject([
      {
        request: { method: 'POST', url: SERVER_URL, tool: 'search', bodyHash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    ]);
  });
});

describe('before anything is signed', () => {
  test('the policy of the program is asked, with the server and the tool', async () => {
    const asked: unknown[] = [];
    const preSignPolicy = (request: object) => asked.push(request) > 1;
    const world = await createToolsWorld(sell(), { preSignPolicy });
    expect(refusalOf(await world.call('search', {}))).toMatchObject({ code: 'client:policy_blocked' });
    expect(world.books.asked).toEqual([]);
    expect(asked).toMatchObject([{ statusCode: 402, tool: 'search', method: 'POST', url: SERVER_URL }]);
    expect((await world.call('search', {})).content).toEqual(ANSWER.content);
  });

  test('a person is asked, above what they let pass by itself', async () => {
    const asked: unknown[] = [];
    const approve = (request: object) => asked.push(request) > 1;
    const world = await createToolsWorld(sell(), { approve });
    expect(refusalOf(await world.call('search', {}))).toMatchObject({ code: 'client:not_approved' });
    expect(world.books.asked).toEqual([]);
    expect(asked).toMatchObject([{ tool: 'search', amountUsd: '0.50', offers: [{ amountUsd: '0.50' }] }]);
    expect((await world.call('search', {})).content).toEqual(ANSWER.content);
    const free = await createToolsWorld(sell(), { approve: () => false, approveAboveUsd: '0.50' });
    expect((await free.call('search', {})).content).toEqual(ANSWER.content);
  });

  test('a price that is none is refused at once', async () => {
    await expect(createToolsWorld(sell(), { approveAboveUsd: 'one' })).rejects.toThrow(TypeError);
  });
});

test('where settlement is required, what comes without it is not handed on', async () => {
  const silent: ToolHandler = (call) =>
    call.meta['x402/payment'] === undefined ? asResult(askX402()) : { ...ANSWER, structuredContent: { a: 1 } };
  const strict = await createToolsWorld(silent, { requireSettlement: true });
  const result = await strict.call('search', {});
  expect(refusalOf(result)).toMatchObject({ code: 'client:not_settled', processPaymentId: 'payment-1' });
  expect(JSON.stringify(result)).not.toContain('the answer');
  expect(result.structuredContent).toBeUndefined();
  expect((await (await createToolsWorld(silent)).call('search', {})).content).toEqual(ANSWER.content);
});

test('events tell what happens, and none carries a proof', async () => {
  const world = await createToolsWorld(sell());
  await world.call('search', {});
  expect(world.events.map(({ type }) => type)).toEqual([
    'payment_required',
    'proof_received',
    'presented',
    'delivered',
  ]);
  expect(JSON.stringify(world.events)).not.toContain(SIGNATURE.slice(0, 20));
});

test('where Bursar may have signed and did not say so, the result says that it may have been paid', async () => {
  const through = (): PaymentProcessor => ({ processPayment: () => Promise.reject(new TypeError('fetch failed')) });
  const world = await createToolsWorld(sell(), { through });
  const result = await world.call('search', {});
  expect(refusalOf(result)).toMatchObject({ code: 'client:outcome_unknown', mayHavePaid: true });
  expect(textOf(result)).toContain('may have been paid already');
});

test('where the connection ends before the proof leaves, the result names the payment', async () => {
  const world = await createToolsWorld(sell());
  const { send } = world.transport;
  world.transport.send = (message, options) =>
    JSON.stringify(message).includes('x402/payment')
      ? Promise.reject(new Error('broken pipe'))
      : send(message, options);
  const result = await world.call('search', {});
  expect(refusalOf(result)).toMatchObject({
    code: 'client:not_delivered',
    mayHavePaid: true,
    processPaymentId: 'payment-1',
  });
  expect(textOf(result)).toContain('broken pipe');
});

test('where the server goes away, what is being paid for is given up', async () => {
  const aborted = Promise.withResolvers<string>();
  const through = (): PaymentProcessor => ({
    processPayment: (_input, options) =>
      new Promise((_, reject) => {
        options?.signal?.addEventListener('abort', () => {
          aborted.resolve('given up');
          reject(new Error('given up'));
        });
        void world.server?.close();
      }),
  });
  const world = await createToolsWorld(sell(), { through });
  await expect(world.call('search', {})).rejects.toThrow(/closed/i);
  expect(await aborted.promise).toBe('given up');
});

describe('the stand-in', () => {
  const options = {
    client: { processPayment: () => Promise.reject(new Error('not used')) },
    session: { paymentManagerArn: 'arn', paymentSessionId: 'session', userId: 'user' },
    instrument: { paymentInstrumentId: 'instrument' },
    url: SERVER_URL,
    tools: 'all',
  } as const;

  test.each(LINES)('has everything else of a transport of $name', async ({ pair }) => {
    const [transport] = pair();
    const paying = createPayingTransport(transport, options);
    expect(paying).toBeInstanceOf(transport.constructor);
    expect(paying.constructor).toBe(transport.constructor);
    const handler = (): void => undefined;
    Object.assign(paying, { onerror: handler, sessionId: 'session-1' });
    expect(transport).toMatchObject({ onerror: handler, sessionId: 'session-1' });
  });

  test.each(['tools.example', 'mcp://tool', ''])('refuses %j as the URL of a server', (url) => {
    expect(() => createPayingTransport(LINES[0]!.pair()[0], { ...options, url })).toThrow(TypeError);
  });
});
