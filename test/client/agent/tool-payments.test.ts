import { beforeEach, describe, expect, test } from 'vitest';
import { ToolPaymentError, type PreSignRequest, type ToolHandler } from '../../../lib/client/agent/index.ts';
import { toPurchaseId } from '../../../lib/client/agent/purchase-id.ts';
import { createTenant, withFunctions, type Tenant } from '../../support/functions.ts';
import { createBooks } from '../books.ts';
import { askForPayment, base64, SELLER } from '../script.ts';
import { USER } from '../service.ts';
import { asMarker, openTools, terms, URL_OF_REPORT } from './world.ts';

// The functions that deploy, asked by tools of an agent.

const functions = withFunctions();
const { call } = functions;
let tenant: Tenant;
beforeEach(async () => {
  tenant = await createTenant(functions);
});
const open = (options: Parameters<typeof openTools>[2] = {}) => openTools(functions, tenant, options);
const operations = ({ asked }: ReturnType<typeof open>) => asked.map(({ operation }) => operation);

test('a tool that meets a 402 is run once more with the proof, and nothing else changes', async () => {
  const world = open();
  const input = { url: URL_OF_REPORT, method: 'GET', headers: { accept: 'text/plain', 'Payment-Signature': 'mine' } };
  const { outcome, inputs } = world.run([asMarker(), 'the report'], { input });
  expect(await outcome).toMatchObject({
    kind: 'paid',
    result: 'the report',
    payment: { offer: { amountUsd: '0.50' } },
  });
  expect(inputs[0]).toEqual(input);
  const { 'PAYMENT-SIGNATURE': proof, ...headers } = inputs[1]!.headers as { readonly 'PAYMENT-SIGNATURE': string };
  expect({ ...inputs[1], headers }).toEqual({ ...input, headers: { accept: 'text/plain' } });
  expect(JSON.parse(Buffer.from(proof, 'base64').toString())).toMatchObject({ accepted: { amount: '500000' } });
  expect(world.events.map(({ type, toolCallId }) => [type, toolCallId])).toEqual(
    ['payment_required', 'proof_received', 'presented', 'delivered'].map((type) => [type, 'call-1']),
  );
  expect(JSON.stringify(world.events)).not.toContain(proof);
});

test('what asks for nothing is handed on as it is, and Bursar is not asked', async () => {
  const world = open();
  const result = { content: [{ type: 'text', text: 'the weather' }] };
  const ran = world.run([result]);
  const outcome = await ran.outcome;
  expect(outcome).toEqual({ kind: 'free', result });
  expect((outcome as { readonly result: unknown }).result).toBe(result);
  expect([ran.inputs.length, world.asked]).toEqual([1, []]);
});

test('what the tool throws by itself is thrown on', async () => {
  await expect(open().run([new Error('no such city')]).outcome).rejects.toThrow('no such city');
});

describe('a call is one purchase', () => {
  test('however often it is run, by whichever process', async () => {
    const first = await open().run([asMarker(), 'the report']).outcome;
    const second = await open().run([asMarker(), 'the report']).outcome;
    expect(first).toMatchObject({ payment: { replayed: false } });
    const { purchaseId, processPaymentId } = (first as { payment: { purchaseId: string; processPaymentId: string } })
      .payment;
    expect(second).toMatchObject({ payment: { purchaseId, processPaymentId, replayed: true } });
  });

  test.each([
    ['another call', { toolCallId: 'call-2' }],
    ['another input of a call with the same id', { input: { url: `${URL_OF_REPORT}?page=2` } }],
    ['a call without an id', { toolCallId: undefined }],
  ])('and %s is another', async (_what, other) => {
    await open().run([asMarker(), 'the report']).outcome;
    const outcome = await open().run([asMarker(), 'the report'], other).outcome;
    expect(outcome).toMatchObject({ kind: 'paid', payment: { replayed: false } });
  });

  test('under a name that no release changes: a call may be resumed by a later one', async () => {
    const one = { tool: 'http', toolCallId: 'call-1', input: { url: URL_OF_REPORT } };
    expect(await toPurchaseId(one, 'run-1')).toBe('5828755de691f5e0553c397739e8107d49e7b86b42139a15cd2865029dbf233a');
  });

  test('and so is the same id in another scope', async () => {
    await open({ scope: 'run-1' }).run([asMarker(), 'the report']).outcome;
    const outcome = await open({ scope: 'run-2' }).run([asMarker(), 'the report']).outcome;
    expect(outcome).toMatchObject({ kind: 'paid', payment: { replayed: false } });
  });
});

describe('a refusal is one sentence in the place of the result, with its code', () => {
  test('of a tool that is on no list: none is by default', async () => {
    const world = open({ tools: undefined });
    const { outcome, inputs } = world.run([asMarker()]);
    const refusal = await outcome;
    expect(refusal).toMatchObject({ kind: 'refused', code: 'client:tool_not_allowed', mayHavePaid: false });
    expect((refusal as { readonly message: string }).message).toMatch(
      /^Nothing was paid for this call \([^\n]+\), so do not/,
    );
    expect([inputs.length, world.asked]).toEqual([1, []]);
    expect(world.events).toEqual([{ ...(refusal as object), type: 'refused', tool: 'http', toolCallId: 'call-1' }]);
  });

  test('of a budget that is used up', async () => {
    const world = open({ maxPriceUsd: null });
    const { outcome, inputs } = world.run([asMarker(terms({ entry: { amount: '10000001' } }))]);
    expect(await outcome).toMatchObject({ code: 'bursar:budget_exceeded', mayHavePaid: false });
    expect(inputs).toHaveLength(1);
  });

  test.each<[string, object, object, string, string?]>([
    ['a price above the limit', { maxPriceUsd: '0.49' }, {}, 'client:unpayable'],
    [
      'an input that names no URL',
      {},
      { input: { city: 'Rome' } },
      'client:no_url',
      'the input of http names no URL of the web',
    ],
    ['a URL that is none of the web', {}, { input: { url: 'file:///etc/passwd' } }, 'client:no_url'],
    [
      'headers that are a text',
      {},
      { input: { url: URL_OF_REPORT, headers: 'accept: */*' } },
      'client:no_place_for_proof',
      'the input of http has no place for the headers of a proof',
    ],
    ['a seller of another origin', {}, { input: { url: 'https://other.example/' } }, 'client:unpayable'],
  ])('of %s', async (_what, options, more, code, why = '') => {
    const world = open(options);
    const { outcome, inputs } = world.run([asMarker()], more);
    expect(await outcome).toMatchObject({ kind: 'refused', code, mayHavePaid: false });
    expect((await outcome) as object).toHaveProperty('message', expect.stringContaining(why));
    expect([inputs.length, operations(world)]).toEqual([1, []]);
  });

  test('of a tool that was redirected to another origin', async () => {
    const headers = { 'payment-required': base64(terms()) };
    const result = { statusCode: 402, url: 'https://other.example/report', headers, body: {} };
    const world = open();
    expect(await world.run([result]).outcome).toMatchObject({
      code: 'client:redirected',
      message: expect.stringContaining('http was redirected to https://other.example, which asks') as string,
    });
    expect(operations(world)).toEqual([]);
    const same = { ...result, url: `${SELLER}/elsewhere` };
    expect(await open().run([same, 'the report']).outcome).toMatchObject({ kind: 'paid' });
  });

  test('and is thrown where the program wants it so', async () => {
    const failure = open({ tools: [], failures: 'throw' }).run([asMarker()]).outcome;
    await expect(failure).rejects.toBeInstanceOf(ToolPaymentError);
    await expect(failure).rejects.toMatchObject({ refusal: { code: 'client:tool_not_allowed' } });
  });
});

describe('a text that does not say of itself that it is a 402', () => {
  const unmarked = JSON.stringify(terms());
  test.each<[string, object, string]>([
    ['is handed on', {}, 'free'],
    ['is paid where that is wanted', { unmarked402: true }, 'paid'],
    ['is handed on where the tool may not pay', { unmarked402: true, tools: [] }, 'free'],
  ])('%s', async (_what, options, kind) => {
    const world = open(options);
    expect(await world.run([unmarked, 'the report']).outcome).toMatchObject({ kind });
    expect(operations(world)).toEqual(kind === 'paid' ? ['PayChallenge'] : []);
  });
});

describe('the list of tools', () => {
  test('lets none pay once the last name is off it', async () => {
    const { payments, run } = open();
    payments.disallow('http');
    expect(payments.allows('http')).toBe(false);
    expect(await run([asMarker()]).outcome).toMatchObject({ code: 'client:tool_not_allowed' });
    payments.allow('http');
    expect(await run([asMarker(), 'the report']).outcome).toMatchObject({ kind: 'paid' });
  });

  test('may be all tools, and all but some', () => {
    const { payments } = open({ tools: 'all' });
    expect([payments.allows('http'), payments.allows('constructor')]).toEqual([true, true]);
    payments.disallow('http');
    expect([payments.allows('http'), payments.allows('other')]).toEqual([false, true]);
  });
});

describe('a proof that brings nothing is no reason for another', () => {
  test('where the seller asks again', async () => {
    const again = asMarker(terms({ document: { error: 'invalid signature' } }));
    const world = open();
    const { outcome, inputs } = world.run([asMarker(), again, 'never']);
    const refusal = await outcome;
    expect(refusal).toMatchObject({
      code: 'client:not_accepted',
      mayHavePaid: true,
      processPaymentId: expect.any(String),
    });
    expect((refusal as { readonly message: string }).message).toContain('invalid signature');
    expect([inputs.length, operations(world)]).toEqual([2, ['PayChallenge']]);
  });

  test('where the tool throws, which is told without the proof that it may quote', async () => {
    const world = open();
    const quoting = (input: { readonly url: string; readonly headers?: object }) => {
      if (input.headers === undefined) return asMarker();
      throw new Error(`cannot send ${JSON.stringify(input.headers)}`);
    };
    const input = { url: URL_OF_REPORT };
    const refusal = await world.payments.call({ tool: 'http', toolCallId: 'call-1', input }, quoting);
    expect(refusal).toMatchObject({ code: 'client:not_delivered', mayHavePaid: true });
    expect(JSON.stringify([refusal, world.events])).not.toMatch(/PAYMENT-SIGNATURE|eyJ/);
    expect(operations(world)).toEqual(['PayChallenge']);
  });

  test('where the seller says that it could not settle, or does not say that it did where that is asked for', async () => {
    const failed = {
      status: 200,
      headers: {
        'payment-response': base64({ success: false, errorReason: 'too late', transaction: '', network: '' }),
      },
      body: 'x',
    };
    expect(await open().run([asMarker(), failed]).outcome).toMatchObject({ code: 'client:not_accepted' });
    const silent = { status: 200, headers: {}, body: 'x' };
    const wanting = open({ requireSettlement: true });
    expect(await wanting.run([asMarker(), silent], { toolCallId: 'two' }).outcome).toMatchObject({
      code: 'client:not_settled',
    });
    const settled = {
      ...silent,
      headers: { 'PAYMENT-RESPONSE': base64({ success: true, transaction: '0x1', network: 'x' }) },
    };
    expect(await wanting.run([asMarker(), settled], { toolCallId: 'three' }).outcome).toMatchObject({ kind: 'paid' });
  });

  test('and the same one may be presented again, as often as was said', async () => {
    const reset = new Error('reset');
    const world = open({ presentationsMax: 2 });
    const { outcome, inputs } = world.run([asMarker(), reset, 'the report']);
    expect(await outcome).toMatchObject({ kind: 'paid' });
    expect(inputs[2]).toEqual(inputs[1]);
    const other = world.run([asMarker(), reset, reset, 'never'], { toolCallId: 'two' });
    expect(await other.outcome).toMatchObject({ code: 'client:not_delivered' });
    expect([other.inputs.length, operations(world)]).toEqual([3, ['PayChallenge', 'PayChallenge']]);
    for (const presentationsMax of [1, 3]) expect(() => open({ presentationsMax })).not.toThrow();
    for (const presentationsMax of [0, 4, Number.NaN]) expect(() => open({ presentationsMax })).toThrow(TypeError);
  });
});

describe('the policy of the program', () => {
  test.each<[string, (request: PreSignRequest) => unknown]>([
    ['answers false', () => false],
    ['answers nothing', () => undefined],
    ['answers what is only like true', () => 'true'],
    ['answers 1', () => 1],
    ['promises something else', async () => ({ allowed: true })],
    [
      'throws',
      () => {
        throw new Error('secret detail');
      },
    ],
    [
      'promises and fails',
      async () => {
        throw new Error('secret detail');
      },
    ],
  ])('blocks where it %s', async (_what, preSignPolicy) => {
    const world = open({ preSignPolicy: preSignPolicy as () => boolean });
    const refusal = await world.run([asMarker()]).outcome;
    expect(refusal).toMatchObject({ code: 'client:policy_blocked', mayHavePaid: false });
    expect([operations(world), JSON.stringify(refusal)]).toEqual([[], expect.not.stringContaining('secret')]);
  });

  test.each<[string, () => boolean | Promise<boolean>]>([
    ['true', () => true],
    ['a promise of true', async () => true],
  ])('lets pass by %s, and sees the 402 and what Bursar read in it', async (_what, answer) => {
    const seen: PreSignRequest[] = [];
    const world = open({
      preSignPolicy: (request) => {
        seen.push(request);
        return answer();
      },
    });
    expect(await world.run([asMarker(), 'the report']).outcome).toMatchObject({ kind: 'paid' });
    expect(seen).toEqual([
      {
        statusCode: 402,
        headers: { 'payment-required': base64(terms()) },
        body: '',
        tool: 'http',
        method: 'GET',
        url: URL_OF_REPORT,
        offers: [expect.objectContaining({ amountUsd: '0.50', protocol: 'x402' })],
      },
    ]);
  });

  test('sees the document of a body as an object', async () => {
    const bodies: unknown[] = [];
    const world = open({ preSignPolicy: ({ body }) => bodies.push(body) > 0 });
    const result = { statusCode: 402, headers: {}, body: await askForPayment(1).json() };
    expect(await world.run([result, 'the report']).outcome).toMatchObject({ kind: 'paid' });
    expect(bodies).toEqual([expect.objectContaining({ x402Version: 1, accepts: [expect.anything()] })]);
  });
});

describe('a person', () => {
  test('is told the most that it may cost, and more than that is not paid', async () => {
    const asked: unknown[] = [];
    const accepts = [terms().accepts[0], { ...terms().accepts[0], amount: '600000' }];
    const world = open({ approve: (request) => asked.push(request) > 0 });
    await world.run([asMarker(terms({ document: { accepts } })), 'the report']).outcome;
    expect(asked).toEqual([
      expect.objectContaining({ tool: 'http', toolCallId: 'call-1', url: URL_OF_REPORT, amountUsd: '0.60' }),
    ]);
    expect(world.asked[0]!.body).toMatchObject({ maxPrice: { value: '0.60' } });
  });

  test('is not asked for what is cheap', async () => {
    const approve = () => false;
    expect(await open({ approve, approveAboveUsd: '0.50' }).run([asMarker(), 'x']).outcome).toMatchObject({
      kind: 'paid',
    });
    const world = open({ approve, approveAboveUsd: '0.499999' });
    const refusal = await world.run([asMarker()], { toolCallId: 'two' }).outcome;
    expect(refusal).toMatchObject({ code: 'client:not_approved', mayHavePaid: false });
    expect(operations(world)).toEqual([]);
    expect(() => open({ approveAboveUsd: 'much' })).toThrow(TypeError);
  });

  test('may be asked by the framework, whose interrupt suspends the call', async () => {
    const interrupt = new Error('interrupted');
    const world = open({ approve: () => true });
    const suspended = world.run([asMarker()], {
      approve: () => {
        throw interrupt;
      },
    });
    await expect(suspended.outcome).rejects.toBe(interrupt);
    expect([operations(world), world.events.map(({ type }) => type)]).toEqual([[], ['payment_required']]);
    const resumed = world.run([asMarker(), 'the report'], { approve: () => true });
    expect(await resumed.outcome).toMatchObject({ kind: 'paid' });
  });
});

test('a call that was given up is not a refusal', async () => {
  const stop = new AbortController();
  const world = open({
    preSignPolicy: () => {
      stop.abort(new Error('given up'));
      return true;
    },
  });
  await expect(world.run([asMarker()], { signal: stop.signal }).outcome).rejects.toThrow('given up');
  expect(operations(world)).toEqual([]);
});

test('another session and another wallet are paid from as of the next call', async () => {
  const other = await createTenant(functions);
  const { payments, run, asked } = open();
  await run([asMarker(), 'x']).outcome;
  payments.useSession({ ...tenant, paymentSessionId: other.paymentSessionId, userId: USER });
  await run([asMarker(), 'x'], { toolCallId: 'two' }).outcome;
  expect(asked.map(({ body }) => body['paymentSessionId'])).toEqual([tenant.paymentSessionId, other.paymentSessionId]);
  expect(() => payments.useInstrument({ paymentInstrumentId: undefined })).toThrow(TypeError);
});

test('a tool may say by itself what it asks for, what a 402 is and where a proof goes', async () => {
  const handler: ToolHandler = {
    requestOf: () => ({ method: 'POST', url: URL_OF_REPORT }),
    detect: (result) =>
      result === 'pay!'
        ? { status: 402, headers: [{ name: 'payment-required', value: base64(terms()) }], body: null }
        : null,
    present: (input, proof) => ({ ...(input as object), meta: proof }),
  };
  const { outcome, inputs } = open({ handlers: { http: handler } }).run(['pay!', 'the report'], {
    input: { q: 'tea' },
  });
  expect(await outcome).toMatchObject({ kind: 'paid', result: 'the report' });
  expect(inputs[1]).toEqual({ q: 'tea', meta: [{ name: 'PAYMENT-SIGNATURE', value: expect.any(String) as string }] });
});

test('what was delivered for money is kept, and told to a service that wants to know', async () => {
  const policy = { version: 1, rules: [{ kind: 'breaker', name: 'no-luck' }] };
  const json = { paymentManagerArn: tenant.paymentManagerArn, scope: 'user', policy };
  await call('PutDataPolicy', { json, user: USER });
  const world = open();
  await world.run([asMarker(), 'the report']).outcome;
  await world.run([asMarker(), asMarker()], { toolCallId: 'two' }).outcome;
  expect(world.payments.payments()).toEqual([
    expect.objectContaining({ offer: expect.objectContaining({ amountUsd: '0.50' }) as object }),
  ]);
  const outcomes = () =>
    world.asked.flatMap(({ operation, body }) => (operation === 'ReportOutcome' ? [body['outcome']] : []));
  await expect.poll(outcomes).toEqual(['DELIVERED', 'FAILED']);
});

test('of what was delivered for money the last hundred are kept', async () => {
  const { payments, run } = open({ client: createBooks({ budgetUsd: '100.00' }).client() });
  for (let nth = 1; nth <= 101; nth += 1) {
    await run([asMarker(), 'the report'], { toolCallId: `call-${nth}` }).outcome;
    if (nth === 100) expect(payments.payments()).toHaveLength(100);
  }
  const ids = payments.payments().map(({ processPaymentId }) => processPaymentId);
  expect([ids.length, ids[0], ids.at(-1)]).toEqual([100, 'payment-2', 'payment-101']);
});
