import { beforeEach, describe, expect, test } from 'vitest';
import { createHash } from 'node:crypto';
import { createBursarClient, createPayingFetch, PurchaseError } from '../../lib/client/index.ts';
import { OPERATIONS, type OperationName } from '../../lib/contract/operations.ts';
import { createTenant, withFunctions, type Tenant } from '../support/functions.ts';
import { CREDENTIALS, ENDPOINT } from './deployment.ts';
import { askForPayment, base64, scriptFetch, SELLER } from './script.ts';

// The functions that deploy: what a client tells of its payments, and when.

const functions = withFunctions();
const { call } = functions;
const USER = 'user-1';
const BREAKER = { version: 1, rules: [{ kind: 'breaker', name: 'no-luck' }] };
let tenant: Tenant;
// A tenant each: what a process has read of its policies holds for two seconds.
beforeEach(async () => {
  tenant = await createTenant(functions);
});

interface Asked {
  readonly operation: OperationName;
  readonly body: Record<string, unknown>;
}

function open(onReport: (answer: () => Promise<Response>) => Promise<Response> = (answer) => answer()) {
  const asked: Asked[] = [];
  const reported: Promise<unknown>[] = [];
  const fetchBursar: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const path = new URL(request.url).pathname.replace('/v1', '');
    const operation = (Object.keys(OPERATIONS) as OperationName[]).find((name) => OPERATIONS[name].path === path)!;
    const body = await request.text();
    asked.push({ operation, body: JSON.parse(body) as Asked['body'] });
    const answer = async () => {
      const { status, text, headers } = await call(operation, { user: USER, event: { body } });
      return new Response(text, { status, headers });
    };
    return operation === 'ReportOutcome' ? onReport(answer) : answer();
  };
  const access = { endpoint: ENDPOINT, region: 'us-east-1', credentials: CREDENTIALS };
  const caller = createBursarClient({ ...access, fetch: fetchBursar, attemptsMax: 1 });
  const client: typeof caller = {
    ...caller,
    reportOutcome: (...of) => {
      const report = caller.reportOutcome(...of);
      reported.push(report);
      return report;
    },
  };
  return { client, asked, settled: () => Promise.allSettled(reported) };
}

const put = (policy: object) =>
  call('PutDataPolicy', { json: { paymentManagerArn: tenant.paymentManagerArn, scope: 'user', policy }, user: USER });

function shop(client: ReturnType<typeof open>['client'], answers: readonly (Response | Error)[]) {
  const seller = scriptFetch([askForPayment(2), ...answers]);
  return createPayingFetch({ client, session: { ...tenant, userId: USER }, instrument: tenant, fetch: seller.fetch });
}

const url = `${SELLER}/report`;
const reports = (asked: readonly Asked[]) => asked.filter(({ operation }) => operation === 'ReportOutcome');

describe('a client', () => {
  test('reports nothing where no policy goes by it', async () => {
    const { client, asked } = open();
    await shop(client, [new Response('the report')])(url);
    expect(reports(asked)).toEqual([]);
  });

  test('states the hash of what it sends, so that rules can tell equal requests', async () => {
    const { client, asked } = open();
    const body = '{"q":"tea"}';
    await shop(client, [new Response('found')])(url, { method: 'POST', body });
    const hash = (text: string) => createHash('sha256').update(text).digest('hex');
    const request = (at: number) => (asked[at]!.body['request'] as { readonly bodyHash: string }).bodyHash;
    expect(request(0)).toBe(hash(body));
    await shop(client, [new Response('found')])(url);
    expect(request(1)).toBe(hash(''));
  });

  test('reports where a policy does: what was delivered, what was not accepted, and what nobody answered', async () => {
    await put(BREAKER);
    const { client, asked, settled } = open();
    await shop(client, [new Response('the report')])(url);
    await shop(client, [new Response('broken', { status: 500 })])(url);
    await expect(shop(client, [new Error('reset')])(url)).rejects.toThrow(PurchaseError);
    await settled();
    expect(reports(asked).map(({ body }) => body['outcome'])).toEqual(['DELIVERED', 'FAILED', 'FAILED']);
    expect(reports(asked)[0]!.body).toMatchObject({ url, paymentManagerArn: tenant.paymentManagerArn });
    await shop(client, [new Response('broken', { status: 503 })])(url);
    await settled();
    // Three in a row: the seller is left alone.
    await expect(shop(client, [])(url)).rejects.toMatchObject({
      code: expect.stringContaining('no_payable_offer') as string,
    });
  });

  const settledWith = (receipt: unknown, init: ResponseInit = {}) =>
    new Response('the report', {
      ...init,
      headers: {
        'payment-response': base64({
          success: true,
          transaction: '0xabc',
          network: 'eip155:84532',
          extensions: { 'offer-receipt': { info: { receipt } } },
        }),
      },
    });

  test('passes on a receipt that the seller signed, where no policy asks for a report', async () => {
    const { client, asked, settled } = open();
    const receipt = { format: 'jws', signature: 'e30.e30.e30' };
    const { payment } = await shop(client, [settledWith(receipt)])(url);
    await shop(client, [settledWith(receipt, { status: 500 })])(url);
    await settled();
    const signedReceipt = JSON.stringify(receipt);
    expect(payment?.settlement).toMatchObject({ success: true, signedReceipt });
    expect(reports(asked).map(({ body }) => body)).toMatchObject([
      { outcome: 'DELIVERED', signedReceipt, url },
      { outcome: 'FAILED', signedReceipt, url },
    ]);
  });

  test('passes on none above the bound, and reports what it would without', async () => {
    const { client, asked, settled } = open();
    await shop(client, [settledWith({ signature: 'x'.repeat(4_096) })])(url);
    await settled();
    expect(reports(asked)).toEqual([]);
  });

  test('passes on none above the bound where a policy asks for a report, which is made all the same', async () => {
    await put(BREAKER);
    const { client, asked, settled } = open();
    await shop(client, [settledWith({ signature: '"'.repeat(20_000) }, { status: 500 })])(url);
    await settled();
    expect(reports(asked).map(({ body }) => [body['outcome'], body['signedReceipt']])).toEqual([['FAILED', undefined]]);
  });

  test('waits for no report, and hears nothing of one that fails', async () => {
    await put(BREAKER);
    const { promise: stuck, reject } = Promise.withResolvers<Response>();
    const { client, settled } = open(() => stuck);
    const other = `${SELLER.replace('seller', 'other')}/report`;
    const seller = scriptFetch([askForPayment(2, { resource: { url: other } } as never), new Response('the report')]);
    const pay = createPayingFetch({
      client,
      session: { ...tenant, userId: USER },
      instrument: tenant,
      fetch: seller.fetch,
      resource: 'any',
    });
    expect(await (await pay(other)).text()).toBe('the report');
    reject(new Error('no network'));
    expect(await settled()).toMatchObject([{ status: 'rejected' }]);
  });
});

describe('a report', () => {
  const report = (members: object, user = USER) =>
    call('ReportOutcome', {
      json: { paymentManagerArn: tenant.paymentManagerArn, url, outcome: 'FAILED', ...members },
      user,
    });

  test('is taken for a signed payment of the user alone, and moves no money', async () => {
    await put({ version: 1, rules: [] });
    const { client } = open();
    const response = await shop(client, [new Response('the report')])(url);
    const { processPaymentId } = response.payment!;
    const before = await call('GetPaymentSession', { json: { ...tenant }, user: USER });
    expect(await report({ processPaymentId, url: 'https://elsewhere.example/' })).toMatchObject({
      status: 200,
      body: { status: 'RECORDED', failuresInARow: 1 },
    });
    expect(await report({ processPaymentId, url: 'https://user@elsewhere.example/' })).toMatchObject({
      body: { status: 'IGNORED' },
    });
    expect(await report({ processPaymentId }, 'user-2')).toMatchObject({ status: 404 });
    expect(await report({ processPaymentId: '00000000-0000-8000-8000-000000000001' })).toMatchObject({ status: 404 });
    const after = await call('GetPaymentSession', { json: { ...tenant }, user: USER });
    expect(after.body).toEqual(before.body);
  });
});
