import { describe, expect, test } from 'vitest';
import { createBursarClient, createPayingFetch, PurchaseError, UnpayableError } from '../../lib/client/index.ts';
import { OPERATIONS, type OperationName } from '../../lib/contract/operations.ts';
import { createTenant, offer, sessionRequest, withFunctions, type Tenant } from '../support/functions.ts';
import { CREDENTIALS, ENDPOINT } from './deployment.ts';
import { askForPayment, base64, scriptFetch, SELLER } from './script.ts';

// The functions that deploy, behind a client of today: a whole 402 is handed over.

const functions = withFunctions();
const { call } = functions;
const delivered = () => new Response('the report');
const USER = 'user-1';

type Spoil = (operation: OperationName, answer: () => Promise<Response>) => Promise<Response>;

/** A service of its own with a tenant, and what it was asked. */
async function open(spoil: Spoil = (_operation, answer) => answer()) {
  const tenant = await createTenant(functions);
  const asked: OperationName[] = [];
  const fetchBursar: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const path = new URL(request.url).pathname.replace('/v1', '');
    const operation = (Object.keys(OPERATIONS) as OperationName[]).find((name) => OPERATIONS[name].path === path)!;
    asked.push(operation);
    const body = await request.text();
    return spoil(operation, async () => {
      const { status, text, headers } = await call(operation, { user: USER, event: { body } });
      return new Response(text, { status, headers });
    });
  };
  const client = createBursarClient({
    endpoint: ENDPOINT,
    region: 'us-east-1',
    credentials: CREDENTIALS,
    fetch: fetchBursar,
  });
  return { tenant, client, asked };
}

type Service = Awaited<ReturnType<typeof open>>;

/** A process of its own. */
function shop({ tenant, client }: Service, answers: readonly (Response | Error)[], options: object = {}) {
  const seller = scriptFetch(answers);
  const pay = createPayingFetch({
    client,
    session: { ...tenant, userId: USER },
    instrument: tenant,
    fetch: seller.fetch,
    ...options,
  });
  return {
    sent: seller.sent,
    buy: (init: object = {}) => pay(`${SELLER}/report`, { purchaseId: 'report-1', ...init }),
  };
}

const asking = (amount: string) => askForPayment(2, { entry: { amount } });

const spent = async ({ paymentManagerArn, paymentSessionId }: Tenant) => {
  const { body } = await call<{ paymentSession: { availableLimits: { availableSpendAmount: { value: string } } } }>(
    'GetPaymentSession',
    { json: { paymentManagerArn, paymentSessionId }, user: USER },
  );
  return 10 - Number(body.paymentSession.availableLimits.availableSpendAmount.value);
};

const proofOf = (headers: Headers) => {
  const header = headers.get('payment-signature');
  return header === null ? null : JSON.parse(Buffer.from(header, 'base64').toString());
};

/** What API Gateway answers for a route that a deployment does not have. */
const noRoute = () =>
  new Response(JSON.stringify({ message: 'Missing Authentication Token' }), {
    status: 403,
    headers: { 'x-amzn-errortype': 'MissingAuthenticationTokenException' },
  });
const without: Spoil = async (operation, answer) => (operation === 'PayChallenge' ? noRoute() : answer());

describe('a whole 402', () => {
  test('is paid by the best of its offers, in one call, and its seller gets the headers that Bursar gives', async () => {
    const service = await open();
    const accepts = [offer({ amount: '300000' }), offer({ amount: '200000' })];
    const document = { x402Version: 2, accepts, resource: { url: `${SELLER}/report` }, extensions: {} };
    const challenge = new Response('', { status: 402, headers: { 'payment-required': base64(document) } });
    const { sent, buy } = shop(service, [challenge, delivered()]);
    const response = await buy();
    expect(await response.text()).toBe('the report');
    expect(response.payment).toMatchObject({ offer: { version: '2', amountUsd: '0.20' } });
    expect(service.asked).toEqual(['PayChallenge']);
    expect(proofOf(sent[1]!.headers)).toMatchObject({ accepted: accepts[1], resource: document.resource });
    expect(await spent(service.tenant)).toBeCloseTo(0.2);
  });

  test('in a body, of version 1, is paid with the header of that version', async () => {
    const service = await open();
    const { sent, buy } = shop(service, [askForPayment(1), delivered()]);
    expect((await buy()).payment).toMatchObject({ offer: { version: '1', amountUsd: '0.50' } });
    expect(sent[1]!.headers.has('x-payment')).toBe(true);
    expect(service.asked).toEqual(['PayChallenge']);
  });

  test('that costs more than may be paid is not handed over', async () => {
    const service = await open();
    await expect(shop(service, [asking('500001')]).buy({ maxPriceUsd: '0.50' })).rejects.toBeInstanceOf(UnpayableError);
    expect(service.asked).toEqual([]);
    expect((await shop(service, [asking('500000'), delivered()]).buy({ maxPriceUsd: '0.50' })).status).toBe(200);
  });

  test('of a call that was given up is not handed over', async () => {
    const service = await open();
    const stop = new AbortController();
    const shopping = shop(service, [asking('1')], {
      onEvent: ({ type }: { type: string }) => type === 'payment_required' && stop.abort(new Error('given up')),
    });
    await expect(shopping.buy({ signal: stop.signal })).rejects.toThrow();
    expect(await spent(service.tenant)).toBe(0);
  });
});

describe('a purchase of whole 402s is one payment', () => {
  test('whatever is asked the next time, by a process of its own, in whatever session', async () => {
    const service = await open();
    const first = shop(service, [asking('500000'), new TypeError('fetch failed')]);
    const error = await first.buy().catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(PurchaseError);
    expect(error).toMatchObject({ mayHavePaid: true, purchaseId: 'report-1' });
    const { paymentSession } = (
      await call<{ paymentSession: { paymentSessionId: string } }>('CreatePaymentSession', {
        json: sessionRequest(service.tenant),
        user: USER,
      })
    ).body;
    const other = { ...service, tenant: { ...service.tenant, ...paymentSession } };
    for (const again of [service, other]) {
      const next = shop(again, [asking('500001'), delivered()]);
      const { payment } = await next.buy();
      expect(payment).toMatchObject({
        offer: { amountUsd: '0.50' },
        processPaymentId: (error as PurchaseError).processPaymentId,
      });
      expect(proofOf(next.sent[1]!.headers).payload).toEqual(proofOf(first.sent[1]!.headers).payload);
    }
    expect(await spent(service.tenant)).toBeCloseTo(0.5);
    expect(await spent(other.tenant)).toBe(0);
  });

  test('where the answer is lost, and the next try gets one', async () => {
    let lost = 0;
    const service = await open(async (_operation, answer) => {
      const response = await answer();
      if (lost++ === 0) throw new TypeError('fetch failed');
      return response;
    });
    expect((await shop(service, [asking('500000'), delivered()]).buy()).payment).not.toBeNull();
    expect(service.asked).toEqual(['PayChallenge', 'PayChallenge']);
    expect(await spent(service.tenant)).toBeCloseTo(0.5);
  });

  test('where the answer is lost, and the deployment is rolled back to one that knows no 402', async () => {
    let asks = 0;
    const service = await open(async (operation, answer) => {
      if (operation !== 'PayChallenge') return answer();
      if (asks++ > 0) return noRoute();
      await answer();
      throw new TypeError('fetch failed');
    });
    const { buy, sent } = shop(service, [asking('500000'), delivered()]);
    expect((await buy()).payment).toMatchObject({ offer: { amountUsd: '0.50' } });
    expect(service.asked).toEqual(['PayChallenge', 'PayChallenge', 'ProcessPayment']);
    expect(proofOf(sent[1]!.headers)).not.toBeNull();
    expect(await spent(service.tenant)).toBeCloseTo(0.5);
  });

  test('that was denied, and is asked for again when the seller wants less', async () => {
    const service = await open();
    const dear = shop(service, [asking('10000001')], { maxPriceUsd: null });
    await expect(dear.buy()).rejects.toMatchObject({ code: 'bursar:budget_exceeded', mayHavePaid: false });
    expect(await spent(service.tenant)).toBe(0);
    const cheap = shop(service, [asking('1'), delivered()]);
    expect((await cheap.buy()).payment).toMatchObject({ offer: { amountUsd: '0.000001' } });
    const again = shop(service, [asking('2'), delivered()]);
    expect((await again.buy()).payment).toMatchObject({ offer: { amountUsd: '0.000001' } });
  });
});

describe('a service that knows no whole 402', () => {
  test('is asked for one once, and then for an offer at a time', async () => {
    const service = await open(without);
    const { buy } = shop(service, [asking('1'), delivered(), asking('2'), delivered()]);
    await buy();
    await buy({ purchaseId: 'report-2' });
    expect(service.asked).toEqual(['PayChallenge', 'ProcessPayment', 'ProcessPayment']);
    expect(await spent(service.tenant)).toBeCloseTo(0.000003);
  });

  test('of a wrapper that has no such call is never asked', async () => {
    const service = await open();
    const { processPayment } = service.client;
    const { buy } = shop({ ...service, client: { processPayment } as never }, [asking('1'), delivered()]);
    expect((await buy()).payment).not.toBeNull();
    expect(service.asked).toEqual(['ProcessPayment']);
  });

  test('is told of each offer once', async () => {
    const events: string[] = [];
    const service = await open(without);
    await shop(service, [asking('1'), delivered()], {
      onEvent: ({ type }: { type: string }) => events.push(type),
    }).buy();
    expect(events.filter((type) => type === 'payment_required')).toHaveLength(1);
  });
});

test('a 402 that is too long to be handed over is paid by its offer, and the next one is handed over again', async () => {
  const service = await open();
  const long = { description: 'x'.repeat(70_000) };
  const body = JSON.stringify({ x402Version: 1, accepts: [{ ...offer({ amount: '1' }) }], padding: long });
  const { buy } = shop(service, [new Response(body, { status: 402 }), delivered(), asking('2'), delivered()]);
  await buy();
  await buy({ purchaseId: 'report-2' });
  expect(service.asked).toEqual(['PayChallenge', 'ProcessPayment', 'PayChallenge']);
});

test('a refusal of the choice says why, and that nothing was paid', async () => {
  const service = await open();
  const { buy } = shop(service, [
    askForPayment(2, {
      entry: { network: 'eip155:8453', asset: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913', extra: {} },
    }),
  ]);
  await expect(buy()).rejects.toMatchObject({ code: 'bursar:no_payable_offer', mayHavePaid: false });
  expect(await spent(service.tenant)).toBe(0);
});
