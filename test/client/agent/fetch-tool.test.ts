import { beforeEach, describe, expect, test } from 'vitest';
import {
  createFetchTool,
  ToolPaymentError,
  type FetchToolEvent,
  type FetchToolOptions,
} from '../../../lib/client/agent/index.ts';
import { createTenant, withFunctions, type Tenant } from '../../support/functions.ts';
import { askForPayment, base64, cameFrom, scriptFetch, SELLER } from '../script.ts';
import { openService, USER } from '../service.ts';

// The functions that deploy, asked by a tool that fetches.

const functions = withFunctions();
let tenant: Tenant;
beforeEach(async () => {
  tenant = await createTenant(functions);
});

const url = `${SELLER}/report`;
const SETTLED = { 'payment-response': base64({ success: true, transaction: '0x1', network: 'eip155:84532' }) };
const text = (body: string, headers: Record<string, string> = {}) =>
  new Response(body, { headers: { 'content-type': 'text/plain', ...headers } });

function open(answers: readonly (Response | Error)[], options: Partial<FetchToolOptions> = {}) {
  const { client, asked } = openService(functions);
  const seller = scriptFetch(answers);
  const events: FetchToolEvent[] = [];
  const tool = createFetchTool({
    client,
    session: { ...tenant, userId: USER },
    instrument: tenant,
    fetch: seller.fetch,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { tool, asked, sent: seller.sent, events };
}

test('a 402 is paid, and the model gets what it bought and what was paid', async () => {
  const { tool, sent, asked, events } = open([askForPayment(2), text('the report', SETTLED)]);
  const output = await tool.execute({ url, intent: 'a report' }, { toolCallId: 'call-1' });
  expect(output).toEqual({
    status: 200,
    url,
    headers: { 'content-type': 'text/plain' },
    body: 'the report',
    encoding: 'text',
    isTruncated: false,
    payment: {
      purchaseId: expect.any(String) as string,
      processPaymentId: expect.any(String) as string,
      amountUsd: '0.50',
      network: 'eip155:84532',
      payTo: expect.stringMatching(/^0x/) as string,
      isSettled: true,
      deliveredAt: null,
    },
  });
  expect(sent.map(({ redirect, headers }) => [redirect, headers.has('payment-signature')])).toEqual([
    ['follow', false],
    ['manual', true],
  ]);
  expect(asked[0]!.body).toMatchObject({ request: { tool: 'fetch_paid', intent: 'a report', method: 'GET', url } });
  expect(events.map(({ type }) => type)).toEqual(['payment_required', 'proof_received', 'settled']);
  expect(JSON.stringify([output, events])).not.toContain(sent[1]!.headers.get('payment-signature'));
});

test('a model is told what it is for, and that it spends', () => {
  const { tool } = open([]);
  expect(tool).toMatchObject({ name: 'fetch_paid', isReadOnly: false });
  expect(tool.description).toBe(
    'Fetches a URL over HTTP. Where the host asks for a payment (402), it is paid once, within the limits that are set, and the answer is returned. A refusal says why, and repeating the call does not help.',
  );
  expect(open([], { name: 'buy', description: 'Buys.' }).tool).toMatchObject({ name: 'buy', description: 'Buys.' });
});

test('one is not made with a price that is none', () => {
  expect(() => open([], { approveAboveUsd: 'much' })).toThrow(TypeError);
  expect(() => open([], { maxPriceUsd: 'much' })).toThrow(TypeError);
});

test.each([
  ['application/json', 'text'],
  ['application/problem+json; charset=utf-8', 'text'],
  ['application/vnd.a.b-1+xml', 'text'],
  ['IMAGE/SVG+xml', 'text'],
  ['application/octet-stream', 'base64'],
  ['multipart/mixed; of=text/plain', 'base64'],
  ['application/zip/json', 'base64'],
])('a body of type %s is handed on as %s', async (type, encoding) => {
  const { tool } = open([text('the report', { 'content-type': type })]);
  expect(await tool.execute({ url })).toMatchObject({ encoding });
});

test('an answer says where it came from, and may have no body', async () => {
  const { tool } = open([cameFrom(new Response(null, { status: 204 }), `${SELLER}/moved`)]);
  expect(await tool.execute({ url })).toMatchObject({ url: `${SELLER}/moved`, body: '', isTruncated: false });
});

test('what costs nothing is fetched, and what is no text is handed on in base64', async () => {
  const bytes = new Uint8Array([0, 255, 1]);
  const { tool } = open([new Response(bytes, { status: 404, headers: { 'content-type': 'image/png' } })]);
  expect(await tool.execute({ url })).toMatchObject({ status: 404, body: 'AP8B', encoding: 'base64', payment: null });
});

test('a 402 that makes no offer is handed on as it is', async () => {
  const { tool, asked } = open([new Response('please subscribe', { status: 402 })]);
  expect(await tool.execute({ url })).toMatchObject({ status: 402, payment: null });
  expect(asked).toEqual([]);
});

test('a call with the same id that asks for something else is another purchase', async () => {
  const post = { url, method: 'POST', body: 'one' };
  const inputs = [{ url }, { url: `${url}?page=2` }, post, { ...post, body: 'two' }, { url, headers: { accept: 'a' } }];
  const ids = new Set<string>();
  for (const input of inputs) {
    const bought = await open([askForPayment(2), text('x')]).tool.execute(input, { toolCallId: 'call-1' });
    ids.add((bought as { payment: { processPaymentId: string } }).payment.processPaymentId);
  }
  expect(ids.size).toBe(inputs.length);
});

test('a call is one purchase, however often it is run, whatever a model says about it', async () => {
  const first = await open([askForPayment(2), text('one')]).tool.execute({ url }, { toolCallId: 'call-1' });
  const again = { url, intent: 'other words', maxPriceUsd: '0.60' };
  const second = await open([askForPayment(2), text('two')]).tool.execute(again, { toolCallId: 'call-1' });
  const third = await open([askForPayment(2), text('three')]).tool.execute({ url }, { toolCallId: 'call-2' });
  const ids = [first, second, third].map(
    (each) => (each as { payment: { processPaymentId: string } }).payment.processPaymentId,
  );
  expect(ids[1]).toBe(ids[0]);
  expect(ids[2]).not.toBe(ids[0]);
});

describe('of an answer no more than the bound is handed on', () => {
  test.each([
    [10, '0123456789', false],
    [9, '012345678', true],
  ])('%i bytes', async (bodyMaxBytes, body, isTruncated) => {
    const { tool } = open([text('0123456789')], { bodyMaxBytes });
    expect(await tool.execute({ url })).toMatchObject({ body, isTruncated });
  });

  test('and a body without an end is left there', async () => {
    let isCancelled = false;
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(16_384)),
      cancel: () => {
        isCancelled = true;
      },
    });
    const { tool } = open([askForPayment(2), new Response(endless, { headers: { 'content-type': 'text/plain' } })]);
    expect(await tool.execute({ url })).toMatchObject({ isTruncated: true, payment: { amountUsd: '0.50' } });
    expect(isCancelled).toBe(true);
  });

  test('and one that does not come is a refusal that says that money may have moved', async () => {
    const broken = new ReadableStream({
      pull: () => {
        throw new Error('reset');
      },
    });
    const { tool } = open([askForPayment(2), new Response(broken)]);
    expect(await tool.execute({ url })).toMatchObject({
      code: 'client:not_delivered',
      mayHavePaid: true,
      message: expect.stringContaining('but its body did not come: reset, so') as string,
    });
    const free = open([
      new Response(
        new ReadableStream({
          pull: () => {
            throw new Error('reset');
          },
        }),
      ),
    ]).tool;
    expect(await free.execute({ url })).toMatchObject({
      code: 'client:no_answer',
      mayHavePaid: false,
      message: expect.stringContaining('(the host did not answer: reset)') as string,
    });
  });
});

describe('a model asks for no more than it may', () => {
  test.each<[string, unknown, string]>([
    ['no input', undefined, 'client:input_refused'],
    ['a relative URL', { url: '/report' }, 'client:input_refused'],
    ['credentials in the URL', { url: 'https://user:secret@seller.example/' }, 'client:input_refused'],
    ['a long URL', { url: `${url}?${'x'.repeat(9_000)}` }, 'client:input_refused'],
    ['another method', { url, method: 'DELETE' }, 'client:input_refused'],
    ['a body of a GET', { url, body: 'x' }, 'client:input_refused'],
    ['a long body', { url, method: 'POST', body: 'x'.repeat(262_145) }, 'client:input_refused'],
    ['a header with a proof', { url, headers: { 'PAYMENT-SIGNATURE': 'x' } }, 'client:input_refused'],
    ['a credential', { url, headers: { Authorization: 'Bearer x' } }, 'client:input_refused'],
    ['a cookie', { url, headers: { cookie: 'x' } }, 'client:input_refused'],
    ['two lines in a header', { url, headers: { accept: 'a\r\nhost: b' } }, 'client:input_refused'],
    ['headers in a list', { url, headers: ['accept'] }, 'client:input_refused'],
    ['a price that is none', { url, maxPriceUsd: 'much' }, 'client:input_refused'],
    ['a number for a price', { url, maxPriceUsd: 5 }, 'client:input_refused'],
  ])('%s is refused', async (_what, input, code) => {
    const { tool, sent, events } = open([]);
    expect(await tool.execute(input)).toMatchObject({ kind: 'refused', code, mayHavePaid: false });
    expect([sent, events.map(({ type }) => type)]).toEqual([[], ['refused']]);
  });

  test('and may send what the schema says', async () => {
    const { tool, sent } = open([text('found')]);
    const input = { url, method: 'post', body: '{}', headers: { 'Content-Type': 'application/json' } };
    expect(await tool.execute(input)).toMatchObject({ status: 200 });
    expect(sent[0]).toMatchObject({ method: 'POST', body: '{}' });
    expect(tool.inputSchema.properties['method']).toMatchObject({ enum: ['GET', 'POST'] });
  });

  test('hosts that are not listed are not asked', async () => {
    const hosts = ['seller.example', '*.shops.example'];
    const { tool, sent } = open([text('a'), text('b')], { hosts });
    for (const host of ['other.example', 'shops.example', 'evilshops.example', 'seller.example.evil.example']) {
      expect(await tool.execute({ url: `https://${host}/` })).toMatchObject({ code: 'client:host_refused' });
    }
    expect(sent).toEqual([]);
    for (const host of ['seller.example', 'my.shops.example']) {
      expect(await tool.execute({ url: `https://${host}/` })).toMatchObject({ status: 200 });
    }
  });

  test('and spends less where it says so, and never more', async () => {
    const refused = await open([askForPayment(2)]).tool.execute({ url, maxPriceUsd: '0.49' });
    expect(refused).toMatchObject({ code: 'client:unpayable' });
    const more = await open([askForPayment(2)], { maxPriceUsd: '0.49' }).tool.execute({ url, maxPriceUsd: '5' });
    expect(more).toMatchObject({ code: 'client:unpayable' });
    const unlimited = open([askForPayment(2), text('x')], { maxPriceUsd: null });
    expect(await unlimited.tool.execute({ url, maxPriceUsd: '0.50' })).toMatchObject({ status: 200 });
  });
});

test('addresses that are none of the internet are not asked by default', async () => {
  const { tool } = open([], { fetch: undefined });
  for (const host of ['127.0.0.1', 'localhost', '169.254.169.254', '[::1]']) {
    expect(await tool.execute({ url: `https://${host}/` })).toMatchObject({ code: 'client:host_refused' });
    expect(await tool.execute({ url: `http://${host}/` })).toMatchObject({ code: 'client:host_refused' });
  }
});

describe('a proof that brings nothing is told, and no other is asked for', () => {
  test('where the seller asks again', async () => {
    const again = askForPayment(2, { document: { error: 'invalid signature' } });
    const { tool, sent, asked } = open([askForPayment(2), again, text('never')]);
    const refusal = await tool.execute({ url });
    expect(refusal).toMatchObject({ code: 'client:not_accepted', mayHavePaid: true });
    expect((refusal as { readonly message: string }).message).toContain(
      'but the seller did not take it, saying invalid signature, so',
    );
    expect([sent.length, asked.length]).toEqual([2, 1]);
  });

  test.each<[string, object, string]>([
    ['without a reason', {}, 'but the seller did not take it, so'],
    [
      'with a reason that something helps against',
      { error: 'permit2_allowance_required' },
      'saying permit2_allowance_required (the wallet has not let the Permit2 contract',
    ],
  ])('where the seller asks again %s', async (_what, document, message) => {
    const { tool } = open([askForPayment(2), askForPayment(2, { document })]);
    expect(await tool.execute({ url })).toMatchObject({
      code: 'client:not_accepted',
      message: expect.stringContaining(message) as string,
    });
  });

  test('where the seller says that it could not settle', async () => {
    const failed = base64({ success: false, errorReason: 'too late', transaction: '', network: 'eip155:84532' });
    const { tool } = open([askForPayment(2), text('the report', { 'payment-response': failed })]);
    expect(await tool.execute({ url })).toMatchObject({
      code: 'client:not_accepted',
      message: expect.stringContaining('saying too late') as string,
    });
  });

  test('where the seller does not answer', async () => {
    const { tool } = open([askForPayment(2), new Error('reset')]);
    expect(await tool.execute({ url })).toMatchObject({ code: 'client:outcome_unknown', mayHavePaid: true });
  });

  test('where the seller does not say that it was settled, if that is asked for', async () => {
    const wanting = { requireSettlement: true };
    const { tool } = open([askForPayment(2), text('the report')], wanting);
    const refusal = await tool.execute({ url });
    expect(refusal).toMatchObject({
      code: 'client:not_settled',
      mayHavePaid: true,
      message: expect.stringContaining('but the seller does not say that it was settled, so') as string,
    });
    expect(JSON.stringify(refusal)).not.toContain('the report');
    const settled = open([askForPayment(2), text('the report', SETTLED)], wanting);
    expect(await settled.tool.execute({ url })).toMatchObject({ body: 'the report' });
    expect(await open([text('free')], wanting).tool.execute({ url })).toMatchObject({ body: 'free' });
  });
});

test('a redirect to another origin that then asks is not paid', async () => {
  const { tool, asked } = open([cameFrom(askForPayment(2), 'https://other.example/report')]);
  expect(await tool.execute({ url })).toMatchObject({ code: 'client:unpayable' });
  expect(asked).toEqual([]);
});

describe('policy and person', () => {
  test('are asked before anything is signed', async () => {
    const { tool, asked } = open([askForPayment(2)], { preSignPolicy: () => false });
    expect(await tool.execute({ url })).toMatchObject({ code: 'client:policy_blocked' });
    const other = open([askForPayment(2)], { approve: () => false }).tool;
    expect(await other.execute({ url })).toMatchObject({ code: 'client:not_approved' });
    expect(asked).toEqual([]);
  });

  test('an interrupt of the framework suspends the call', async () => {
    const interrupt = new Error('interrupted');
    const approve = () => {
      throw interrupt;
    };
    await expect(open([askForPayment(2)]).tool.execute({ url }, { approve })).rejects.toBe(interrupt);
    await expect(open([askForPayment(2)], { approve }).tool.execute({ url })).rejects.toBe(interrupt);
  });
});

test('a call that takes too long is a refusal, and one that was given up is none', async () => {
  const silent: typeof fetch = (input) => {
    const { signal } = input as Request;
    return new Promise((_resolve, reject) => {
      const give = () => reject(signal.reason as Error);
      if (signal.aborted) give();
      signal.addEventListener('abort', give);
    });
  };
  const { tool } = open([], { fetch: silent, timeoutMs: 20 });
  expect(await tool.execute({ url })).toMatchObject({ code: 'client:no_answer', mayHavePaid: false });
  const stop = new AbortController();
  const call = open([], { fetch: silent }).tool.execute({ url }, { signal: stop.signal });
  stop.abort(new Error('given up'));
  await expect(call).rejects.toThrow('given up');
});

test('what was paid for is handed on to a call that is given up at the last moment, and a body that stops is not', async () => {
  const stop = new AbortController();
  // Asked for by whoever reads it, and no earlier.
  const late = { highWaterMark: 0 };
  const goods = new ReadableStream(
    {
      pull: (controller) => {
        stop.abort(new Error('given up'));
        controller.enqueue(new TextEncoder().encode('the report'));
        controller.close();
      },
    },
    late,
  );
  const headers = { 'content-type': 'text/plain' };
  const whole = open([askForPayment(2), new Response(goods, { headers })]).tool;
  expect(await whole.execute({ url }, { signal: stop.signal })).toMatchObject({ body: 'the report' });
  const other = new AbortController();
  const broken = new ReadableStream(
    {
      pull: (controller) => {
        other.abort(new Error('given up'));
        controller.error(new Error('reset'));
      },
    },
    late,
  );
  const { tool } = open([askForPayment(2), new Response(broken, { headers })]);
  await expect(tool.execute({ url }, { signal: other.signal })).rejects.toThrow('given up');
});

test('a refusal is thrown where the program wants it so', async () => {
  const { tool } = open([], { failures: 'throw' });
  await expect(tool.execute({})).rejects.toBeInstanceOf(ToolPaymentError);
});
