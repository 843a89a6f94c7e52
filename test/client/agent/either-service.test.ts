import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createFetchTool,
  createPaymentManager,
  createReadingTools,
  createToolPayments,
  InsufficientBudget,
} from '../../../lib/client/agent/index.ts';
import { createBursarClient, createPayingFetch, PurchaseError } from '../../../lib/client/index.ts';
import { memberNames, serveAsAws, serveFunctions, type ServedFunctions } from '../../support/aws-stand-in.ts';
import { createTenant, withFunctions, type Tenant } from '../../support/functions.ts';
import { CREDENTIALS } from '../deployment.ts';
import { askForPayment, scriptFetch } from '../script.ts';
import { USER } from '../service.ts';
import { asMarker, scriptTool, terms, URL_OF_REPORT } from './world.ts';

// One agent, and two services that it may be pointed to: Bursar, and one that knows nothing that AWS's model does not.

const functions = withFunctions();
let tenant: Tenant;
let service: ServedFunctions;
beforeEach(async () => {
  tenant = await createTenant(functions);
});
afterEach(() => service.close());

/** All that changes is the endpoint. */
function openAgent({ endpoint }: ServedFunctions) {
  const client = createBursarClient({ endpoint, region: 'us-east-1', credentials: CREDENTIALS, attemptsMax: 1 });
  const paying = { client, session: { ...tenant, userId: USER }, instrument: tenant, agentName: 'assistant' };
  const { paymentManagerArn } = tenant;
  return {
    fetchPaid: (answers: readonly (Response | Error)[], init: object = {}) => {
      const seller = scriptFetch(answers);
      const pay = createPayingFetch({ ...paying, fetch: seller.fetch });
      return { response: pay(URL_OF_REPORT, { purchaseId: 'report-1', ...init }), sent: seller.sent };
    },
    fetchTool: (answers: readonly (Response | Error)[]) =>
      createFetchTool({ ...paying, maxPriceUsd: null, fetch: scriptFetch(answers).fetch }),
    tools: createToolPayments({ ...paying, tools: ['http'] }),
    reading: createReadingTools({ ...paying, networks: ['eip155:84532'] }),
    manager: createPaymentManager({ client, paymentManagerArn, userId: USER, agentName: 'assistant' }),
  };
}

const proofOf = (headers: Headers | undefined) => headers?.get('payment-signature');
const delivered = () => new Response('the report', { headers: { 'content-type': 'text/plain' } });
const { accepts } = terms();

describe.each([
  ['Bursar', serveFunctions],
  ['a service that is as AWS’s', serveAsAws],
] as const)('on %s', (name, serve) => {
  const isAws = name !== 'Bursar';
  let agent: ReturnType<typeof openAgent>;
  beforeEach(async () => {
    service = await serve(functions);
    agent = openAgent(service);
  });

  const leftUsd = async () => {
    const { availableLimits } = await agent.manager.getPaymentSession({ paymentSessionId: tenant.paymentSessionId });
    return availableLimits?.availableSpendAmount.value;
  };

  test('a purchase is paid once, and presents the same proof when it is repeated', async () => {
    const first = agent.fetchPaid([askForPayment(2), new Error('reset')]);
    await expect(first.response).rejects.toBeInstanceOf(PurchaseError);
    const second = agent.fetchPaid([askForPayment(2), delivered()]);
    expect((await second.response).payment).toMatchObject({ offer: { amountUsd: '0.50' } });
    expect(proofOf(second.sent[1]?.headers)).toBe(proofOf(first.sent[1]?.headers));
    expect(await leftUsd()).toBe('9.50');
  });

  test('a purchase whose price has changed is paid once as well', async () => {
    await agent.fetchPaid([askForPayment(2), delivered()]).response;
    const dearer = askForPayment(2, { entry: { amount: '600000' } });
    const { response } = agent.fetchPaid([dearer, delivered()]);
    const outcome = await response.then(
      ({ payment }) => payment,
      (error: unknown) => error,
    );
    // Bursar tells what was paid before, and it is presented; AWS's service tells nothing, so that it is left open.
    expect(outcome).toMatchObject(isAws ? { mayHavePaid: true } : { offer: { amountUsd: '0.50' } });
    expect(await leftUsd()).toBe('9.50');
  });

  test('tools pay, and a denial is a result with its code', async () => {
    const tool = scriptTool([asMarker(), 'the report']);
    const call = { tool: 'http', toolCallId: 'call-1', input: { url: URL_OF_REPORT } };
    expect(await agent.tools.call(call, tool.execute)).toMatchObject({ kind: 'paid', result: 'the report' });
    expect(await agent.fetchTool([askForPayment(1), delivered()]).execute({ url: URL_OF_REPORT })).toMatchObject({
      body: 'the report',
      payment: { amountUsd: '0.50' },
    });
    const dear = agent.fetchTool([askForPayment(2, { entry: { amount: '9000001' } })]);
    expect(await dear.execute({ url: URL_OF_REPORT })).toMatchObject({
      kind: 'refused',
      code: 'bursar:budget_exceeded',
      mayHavePaid: false,
    });
    expect(await leftUsd()).toBe('9.00');
  });

  test('the manager generates a header and sorts what is refused', async () => {
    const { paymentInstrumentId, paymentSessionId } = tenant;
    const wallet = { paymentInstrumentId, paymentSessionId };
    const paymentRequiredRequest = { statusCode: 402, headers: {}, body: terms() };
    const header = await agent.manager.generatePaymentHeader({ ...wallet, paymentRequiredRequest });
    expect(Object.keys(header)).toEqual(['PAYMENT-SIGNATURE']);
    const dear = { statusCode: 402, headers: {}, body: terms({ entry: { amount: '9500001' } }) };
    const refused = agent.manager.generatePaymentHeader({ ...wallet, paymentRequiredRequest: dear });
    await expect(refused).rejects.toBeInstanceOf(InsufficientBudget);
    expect(await leftUsd()).toBe('9.50');
  });

  test('a model may read what it may spend', async () => {
    const read = (tool: string) => agent.reading.find((each) => each.name === tool)!.execute({});
    expect(await read('get_payment_session')).toMatchObject({ paymentSessionId: tenant.paymentSessionId });
    expect(await read('get_payment_instrument')).toMatchObject({ status: 'ACTIVE' });
    expect(await read('get_payment_instrument_balance')).toMatchObject([{ token: 'USDC' }]);
    expect(await read('list_payment_instruments')).toMatchObject({ paymentInstruments: [{ status: 'ACTIVE' }] });
    const payments = await read('list_payments');
    expect(payments).toMatchObject(isAws ? { kind: 'refused', code: 'client:not_readable' } : { payments: [] });
  });

  test(`it hears ${isAws ? 'nothing' : 'more'} of what AWS’s model does not know`, async () => {
    await agent.fetchPaid([askForPayment(2), delivered()]).response;
    const buy = () =>
      agent.tools.call({ tool: 'http', input: { url: URL_OF_REPORT } }, scriptTool([asMarker(), 'x']).execute);
    await buy();
    await buy();
    const answered = service.exchanges.filter(({ status }) => status === 200);
    const isAdditive = (member: string) => ['bursar', 'headers', 'replayed', 'wantsOutcome'].includes(member);
    expect(answered.flatMap(({ answer }) => memberNames(answer)).some(isAdditive)).toBe(!isAws);
    const paths = service.exchanges.map(({ path, status }) => `${status} ${path}`);
    // Each client asks once whether a whole 402 is taken, and remembers.
    const asAws = ['404 /bursar/payChallenge', '200 /payments/processPayment'];
    const asBursar = Array.from({ length: 3 }, () => '200 /bursar/payChallenge');
    expect(paths).toEqual(isAws ? [...asAws, ...asAws, asAws[1]] : asBursar);
  });
});

test('the stand-in is held to AWS’s model: an offer of the wrong form is refused by it as by Bursar', async () => {
  service = await serveAsAws(functions);
  const { manager } = openAgent(service);
  const { paymentInstrumentId, paymentSessionId } = tenant;
  const paymentInput = { cryptoX402: { version: '2' as const, payload: { ...accepts[0], amount: '1e3' } } };
  const asked = { paymentInstrumentId, paymentSessionId, paymentType: 'CRYPTO_X402' as const, paymentInput };
  await expect(manager.processPayment(asked)).rejects.toMatchObject({ name: 'PaymentError', code: null });
  expect(service.exchanges).toMatchObject([{ status: 400, path: '/payments/processPayment' }]);
  expect(JSON.stringify(service.exchanges[0]!.answer)).not.toContain('bursar:');
});
