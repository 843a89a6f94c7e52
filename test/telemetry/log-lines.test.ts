import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { AGENT_HEADER, USER_HEADER } from '../../lib/contract/headers.ts';
import { InvariantViolated } from '../../lib/domain/invariant.ts';
import { OutcomeUnknown } from '../../lib/domain/ports/services.ts';
import { composeAuthorizeJwt } from '../../lib/functions/authorize-jwt.ts';
import { composePublishEvents } from '../../lib/functions/publish-events.ts';
import { composeProblemReport, reportDroppedKeys } from '../../lib/functions/runtime/runtime.ts';
import { PAY_TO } from '../support/paying.ts';
import { BASE_SEPOLIA } from '../support/payments.ts';
import { ACCOUNT, createTenant, offer, paymentRequest, withFunctions, type Tenant } from '../support/functions.ts';
import { expectPublished, LOG_SCHEMA, metricsOf, problemsOf } from './log-schema.ts';

const functions = withFunctions({ AGENT_NAMES: 'shopper,researcher' });
const root = join(import.meta.dirname, '../..');
let tenant: Tenant;
beforeEach(async () => {
  tenant = await createTenant(functions);
  functions.logs.length = 0;
});

const pay = (json: object, agent = 'shopper') =>
  functions.call('ProcessPayment', {
    json,
    event: {
      headers: {
        [USER_HEADER]: 'user-1',
        [AGENT_HEADER]: agent,
        'X-Amzn-Trace-Id': 'Root=1-5759e988-bd862e3fe1be46a994272793',
      },
    },
  });

const environment = () => ({
  ...process.env,
  METRIC_NAMESPACE: 'Bursar',
  BOOKS_TABLE: functions.database.booksTable,
  REGISTRY_TABLE: functions.database.registryTable,
  DEPLOYMENT_PARTITION: 'aws',
  DEPLOYMENT_ACCOUNT: ACCOUNT,
  DEFAULT_SESSION_LIMIT_USD: '10.00',
  ALLOWED_NETWORKS: BASE_SEPOLIA.id,
});

describe('the line of a payment', () => {
  test('says who paid whom how much, and what is left', async () => {
    const { body } = await pay(paymentRequest(tenant));
    const lines = expectPublished(functions.logs);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      event: 'request.served',
      level: 'INFO',
      function: 'process-payment',
      operation: 'ProcessPayment',
      status: 200,
      traceId: '1-5759e988-bd862e3fe1be46a994272793',
      agentName: 'shopper',
      managerId: tenant.managerId,
      sessionId: tenant.paymentSessionId,
      instrumentId: tenant.paymentInstrumentId,
      paymentId: body['processPaymentId'],
      payee: PAY_TO,
      network: BASE_SEPOLIA.id,
      asset: 'USDC',
      amountUsd: '0.50',
      remainingUsd: '9.50',
    });
    expect(lines[0]).not.toHaveProperty('replayed');
  });

  test('counts the payment once, each of its phases, and its amount', async () => {
    await pay(paymentRequest(tenant));
    const { SpendAmount: _, ...metrics } = metricsOf(functions.logs);
    const latency = expect.any(Number) as number;
    expect(metrics).toEqual({
      'OperationSuccess{Operation=ProcessPayment}': 1,
      'OperationLatency{Operation=ProcessPayment}': latency,
      'PaymentRequestCount{}': 1,
      'PaymentRequestCount{AgentName=shopper}': 1,
      'PaymentSuccessCount{}': 1,
      'PaymentSuccessCount{AgentName=shopper}': 1,
      'PaymentLatency{}': latency,
      'ReserveLatency{}': latency,
      'SignLatency{}': latency,
      'DecideLatency{}': latency,
      'SettleLatency{}': latency,
      'SpendAmount{Currency=USDC}': 0.5,
      'SpendAmount{AgentName=shopper,Currency=USDC}': 0.5,
    });
    expect(metrics['DecideLatency{}']).toBeGreaterThan(0);
  });

  test('holds no proof and no token', async () => {
    const request = paymentRequest(tenant);
    const { text } = await pay(request);
    const { signature } = /"signature":"(?<signature>0x[0-9a-f]+)"/.exec(text)?.groups ?? {};
    expect(signature).toMatch(/^0x[0-9a-f]{130}$/);
    expect(functions.logs.join()).not.toContain(signature!.slice(2, 40));
    expect(functions.logs.join()).not.toContain(request.clientToken);
  });

  test('spends nothing for a replay', async () => {
    const request = paymentRequest(tenant);
    await pay(request);
    functions.logs.length = 0;
    await pay(request);
    const [line] = expectPublished(functions.logs);
    expect(line).toMatchObject({ status: 200, replayed: true, amountUsd: '0.50', PaymentSuccessCount: 1 });
    for (const name of ['SpendAmount', 'SignLatency', 'remainingUsd']) expect(line).not.toHaveProperty(name);
  });

  test('spends once where duplicates come at the same time', async () => {
    const request = paymentRequest(tenant);
    const answers = await Promise.all(Array.from({ length: 8 }, () => pay(request)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const lines = expectPublished(functions.logs);
    expect(metricsOf(functions.logs)).toMatchObject({
      'SpendAmount{Currency=USDC}': 0.5,
      'PaymentSuccessCount{}': 8,
    });
    expect(lines.filter((line) => line['replayed'] === true)).toHaveLength(7);
  });

  test('counts a denial with its reason, and what was left', async () => {
    await pay(paymentRequest(tenant, {}, offer({ amount: '20000000' })), 'nobody knows me');
    const [line] = expectPublished(functions.logs);
    expect(line).toMatchObject({
      level: 'INFO',
      status: 400,
      code: 'bursar:budget_exceeded',
      payee: PAY_TO,
      amountUsd: '20.00',
      remainingUsd: '10.00',
      agentName: 'nobody knows me',
    });
    const metrics = metricsOf(functions.logs);
    expect(metrics).toMatchObject({
      'Denials{}': 1,
      'Denials{Reason=budget_exceeded}': 1,
      'PaymentFailureCount{AgentName=other}': 1,
      'UserErrors{Operation=ProcessPayment}': 1,
    });
    expect(Object.keys(metrics).join()).not.toMatch(/SpendAmount|SignLatency|Success/);
  });

  test('counts a refused challenge as a denial, and a malformed request as none', async () => {
    await pay(paymentRequest(tenant, {}, offer({ network: 'eip155:5' })));
    expect(metricsOf(functions.logs)).toMatchObject({ 'Denials{Reason=invalid_challenge}': 1 });
    functions.logs.length = 0;
    await pay({});
    expectPublished(functions.logs);
    expect(metricsOf(functions.logs)).not.toHaveProperty('Denials{}');
  });

  test('counts books that do not balance', async () => {
    const pk = { S: `SES#${tenant.managerId}#${tenant.paymentSessionId}` };
    await functions.database.client.send(
      new UpdateItemCommand({
        TableName: functions.database.booksTable,
        Key: { pk },
        UpdateExpression: 'SET av = :av',
        ExpressionAttributeValues: { ':av': { N: '1' } },
      }),
    );
    expect((await pay(paymentRequest(tenant))).status).toBe(500);
    const [line] = expectPublished(functions.logs);
    expect(line).toMatchObject({ level: 'ERROR', failure: [expect.stringContaining('do not balance')] });
    expect(metricsOf(functions.logs)).toMatchObject({
      'InvariantViolations{}': 1,
      'OperationFailure{Operation=ProcessPayment}': 1,
    });
  });
});

describe('other lines', () => {
  test('of requests that are no payment count for their operation alone', async () => {
    await functions.call('ListPaymentSessions', { json: { paymentManagerArn: tenant.paymentManagerArn } });
    await functions.call('GetPaymentSession', {
      json: { ...tenant, paymentSessionId: 'payment-session-000000000000000' },
    });
    await functions.call('CreatePaymentSession', { event: { resource: '/nowhere', path: '/nowhere' } });
    expectPublished(functions.logs);
    const latency = expect.any(Number) as number;
    expect(metricsOf(functions.logs)).toEqual({
      'OperationSuccess{Operation=ListPaymentSessions}': 1,
      'OperationLatency{Operation=ListPaymentSessions}': latency,
      'UserErrors{Operation=GetPaymentSession}': 1,
      'OperationLatency{Operation=GetPaymentSession}': latency,
      'UserErrors{Operation=Unknown}': 1,
      'OperationLatency{Operation=Unknown}': latency,
    });
  });

  test('of what is left to the sweeper count where the books are to blame', () => {
    const paymentId = '00000000-0000-8000-8000-000000000000';
    const reportProblem = composeProblemReport(environment());
    for (const event of ['sweep.visit_failed', 'payment.close_deferred', 'payment.abort_deferred']) {
      reportProblem({ event, paymentId, error: new OutcomeUnknown('no answer') });
    }
    expectPublished(functions.logs);
    expect(metricsOf(functions.logs)).toEqual({});
    reportProblem({ event: 'sweep.visit_failed', paymentId, error: new InvariantViolated('books') });
    expectPublished(functions.logs);
    expect(metricsOf(functions.logs)).toEqual({ 'InvariantViolations{}': 1 });
  });

  test('of the publisher name the record that could not be told', async () => {
    const publish = composePublishEvents({ ...environment(), EVENT_BUS_NAME: 'default', EVENT_SOURCE: 'Bursar' });
    const image = { pk: { S: 'PAY#canary' }, v: { N: '1' }, st: { S: 'S' } };
    const dynamodb = { SequenceNumber: '17', OldImage: { ...image, st: { S: 'P' } }, NewImage: image };
    const record = { eventName: 'MODIFY', dynamodb } as const;
    await expect(publish({ Records: [record] })).rejects.toThrow();
    expect(expectPublished(functions.logs)).toMatchObject([{ event: 'events.unreadable', sequenceNumber: '17' }]);
  });

  test('of the authorizer say why a token is not let in, and nothing of it', async () => {
    const authorize = composeAuthorizeJwt({ ...environment(), JWT_ISSUERS: 'any' });
    const methodArn = 'arn:aws:execute-api:us-east-1:111122223333:api/v1/POST/oauth/x';
    const event = { methodArn, headers: { authorization: 'Bearer canary' }, requestContext: { requestId: 'r-1' } };
    expect(await authorize(event)).toMatchObject({ principalId: 'nobody', context: { refusal: expect.any(String) } });
    const [line] = expectPublished(functions.logs);
    const detail = expect.stringContaining('expected two JSON objects');
    expect(line).toMatchObject({
      event: 'token.judged',
      level: 'INFO',
      requestId: 'r-1',
      refused: 'malformed',
      detail,
    });
    expect(functions.logs.join()).not.toContain('canary');
  });

  test('of an issuer say which of its keys are not taken', () => {
    reportDroppedKeys({ issuer: 'https://issuer.example', taken: 2, dropped: { not_for_signatures: 1, too_many: 3 } });
    expect(expectPublished(functions.logs)).toMatchObject([{ event: 'issuer.keys_dropped', taken: 2 }]);
  });
});

describe('the published schema', () => {
  test('has every event that the code writes', () => {
    const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' });
    const written = files
      .filter((file) => /^(api|events|functions|service|ledger|jwt|telemetry)\/.*\.ts$/.test(file))
      .flatMap((file) => [...readFileSync(join(root, 'lib', file), 'utf8').matchAll(/\bevent: '([^']+)'/g)])
      .map(([, event]) => event ?? '');
    const { aws: _aws, metrics: _metrics, ...events } = LOG_SCHEMA.$defs;
    expect([...new Set(written)].toSorted()).toEqual(Object.keys(events).toSorted());
  });

  test.each([
    ['a member that nobody knows', { surprise: 1 }],
    ['an unknown event', { event: 'request.forged' }],
    ['no level', { level: undefined }],
    ['a time of another form', { timestamp: 'yesterday' }],
    ['a currency that is none of ours', { Currency: 'EVIL' }],
    ['a metric without a value', { PaymentLatency: undefined }],
    ['a dimension without a value', { AgentName: undefined }],
  ])('refuses a line with %s', async (_what, planted) => {
    await pay(paymentRequest(tenant));
    const line = JSON.parse(functions.logs[0]!) as object;
    expect(problemsOf(JSON.stringify(line))).toEqual([]);
    expect(problemsOf(JSON.stringify({ ...line, ...planted }))).not.toEqual([]);
  });

  test('refuses two lines in one', () => {
    expect(problemsOf('{}\n{}')).toEqual(['more than one line']);
  });
});
