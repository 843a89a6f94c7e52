import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ReceivedSpan } from '../../lib/local/host.ts';
import {
  sellerOf,
  askSeller,
  newToken,
  newUser,
  openSession,
  openWallet,
  paymentOf,
  sendSigned,
  withStack,
} from './scene.ts';

const scene = withStack(null, { traces: 'all' });
const DATAGRAM_WAIT_MAX_MS = 5_000;
const POLL_MS = 10;

const CALLERS = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const TRACEPARENT = `00-${CALLERS.traceId}-${CALLERS.spanId}-01`;

const newRoot = (): string => {
  const hex = newToken().replaceAll('-', '');
  return `1-${hex.slice(0, 8)}-${hex.slice(8)}`;
};
const toTraceId = (root: string): string => root.slice(2).replace('-', '');

/** Pays in a trace of its own, and returns the answer with the spans of that trace once they have come. */
async function pay(
  wallet: 'SeedVault' | 'AwsKms' | 'StripePrivy',
  limitUsd: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ answer: Awaited<ReturnType<typeof sendSigned>>; spans: readonly ReceivedSpan[]; root: string }> {
  const { stack } = scene;
  const userId = newUser();
  const { instrumentId } = await openWallet(stack, userId, wallet);
  const sessionId = await openSession(stack, userId, limitUsd);
  const terms = await askSeller(stack, 'market-data');
  const request = paymentOf({ connector: wallet, instrumentId, address: '0x' }, sessionId, terms);
  const body = { ...request, paymentManagerArn: stack.info.paymentManagerArn, clientToken: newToken() };
  const root = newRoot();
  const answer = await sendSigned(stack, stack.info.credentials.processPayment, {
    path: '/payments/processPayment',
    body: JSON.stringify(body),
    userId,
    headers: {
      'x-amzn-trace-id': `Root=${root};Sampled=1`,
      'x-amzn-bedrock-agentcore-payments-agent-name': 'shopper',
      ...headers,
    },
  });
  return { answer, spans: await spansOf(root), root };
}

/** A datagram is not answered, so that its arrival can only be waited for. */
async function spansOf(root: string): Promise<readonly ReceivedSpan[]> {
  const deadline = Date.now() + DATAGRAM_WAIT_MAX_MS;
  for (;;) {
    const found = scene.stack.services.spans().filter(({ traceId }) => traceId === toTraceId(root));
    if (found.length > 0 || Date.now() > deadline) return found;
    await wait(POLL_MS);
  }
}

const logOf = (root: string): Readonly<Record<string, unknown>> => {
  const line = scene.logs.find((entry) => entry.line.includes(root))?.line;
  return JSON.parse(line ?? 'null') as Readonly<Record<string, unknown>>;
};

// The first sampled request of a process loads what makes spans, which on a busy machine may take longer than it waits.
beforeAll(async () => {
  await pay('SeedVault', '5.00');
});

describe('a payment that is sampled', () => {
  test.each(['SeedVault', 'AwsKms'] as const)('is one span with its four phases: %s', async (wallet) => {
    const { answer, spans, root } = await pay(wallet, '5.00', { traceparent: TRACEPARENT, tracestate: 'vendor=1' });
    expect(answer.status).toBe(200);
    const [request, ...others] = spans.filter(({ kind }) => kind === 'SERVER');
    expect(others).toEqual([]);
    const { info } = scene.stack;
    expect(request).toMatchObject({
      name: 'Bedrock.AgentCore.Payments.ProcessPayment',
      traceId: toTraceId(root),
      parentId: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      status: 'UNSET',
      links: [{ ...CALLERS, state: 'vendor=1' }],
    });
    expect(request!.attributes).toEqual({
      'aws.payments.payment_manager_id': info.paymentManagerArn.split('/').at(-1),
      'aws.payments.payment_instrument_id': expect.stringMatching(/^payment-instrument-/) as string,
      'aws.payments.payment_session_id': expect.stringMatching(/^payment-session-/) as string,
      'aws.payments.payment_agent_name': 'shopper',
      'aws.payments.merchant': sellerOf(scene.stack, 'market-data').payTo,
      'aws.payments.spend_amount': request!.attributes['bursar.amount_usd'],
      'aws.payments.spend_currency': 'USDC',
      'aws.payments.session_remaining_budget': expect.stringMatching(/^4\.[0-9]+$/) as string,
      'aws.payments.total_budget_amount': '5.00',
      'aws.region': info.region,
      'aws.account.id': '000000000000',
      'aws.resource.arn': info.paymentManagerArn,
      'aws.request_id': answer.headers.get('x-amzn-requestid'),
      'http.response.status_code': 200,
      'faas.coldstart': expect.any(Boolean) as boolean,
      'bursar.payment_id': answer.body['processPaymentId'],
      'bursar.network': expect.stringMatching(/^eip155:/) as string,
      'bursar.amount_usd': expect.stringMatching(/^0\.[0-9]+$/) as string,
      'bursar.sign_latency_ms': expect.any(Number) as number,
    });

    const phases = spans.filter(({ kind }) => kind === 'INTERNAL');
    expect(phases.map(({ name }) => name)).toEqual(['reserve', 'sign', 'decide', 'settle']);
    let from = request!.startMs;
    for (const phase of phases) {
      expect(phase).toMatchObject({ parentId: request!.spanId, links: [] });
      expect(phase.startMs).toBeGreaterThanOrEqual(from);
      expect(phase.durationMs).toBeGreaterThan(0);
      from = phase.startMs + phase.durationMs;
    }
    expect(from).toBeLessThanOrEqual(request!.startMs + request!.durationMs);
    const sign = phases[1]!;
    expect(sign.attributes).toEqual({
      'bursar.wallet_type': wallet,
      'bursar.provider_latency_ms': request!.attributes['bursar.sign_latency_ms'],
    });
    expect(sign.durationMs).toBeCloseTo(Number(sign.attributes['bursar.provider_latency_ms']), 2);
    expect(answer.headers.get('traceresponse')).toBe(`00-${toTraceId(root)}-${request!.spanId}-01`);
    expect(logOf(root)).toMatchObject({ traceId: root, spans: 'sent' });
  });

  test('has the steps of a wallet that a provider signs for, and nothing of its secrets', async () => {
    const { answer, spans } = await pay('StripePrivy', '5.00');
    expect(answer.status).toBe(200);
    const sign = spans.find(({ name }) => name === 'sign')!;
    const steps = spans.filter(({ parentId }) => parentId === sign.spanId);
    expect(steps.map(({ name }) => name)).toEqual(['secret', 'token', 'provider']);
    for (const { startMs, durationMs, attributes } of steps) {
      expect(startMs).toBeGreaterThanOrEqual(sign.startMs);
      expect(startMs + durationMs).toBeLessThanOrEqual(sign.startMs + sign.durationMs + 0.001);
      expect(attributes).toEqual({});
    }
    const { attributes } = spans.find(({ kind }) => kind === 'SERVER')!;
    const fetched = steps.slice(0, 2).reduce((total, { durationMs }) => total + durationMs, 0);
    expect(attributes['aws.payments.token_fetch_latency_ms']).toBeCloseTo(fetched, 1);
    expect(attributes['bursar.sign_latency_ms']).toBeCloseTo(sign.durationMs, 1);
    const { appSecret, authorizationPrivateKey } = scene.stack.services.stripePrivy.app.credentials();
    for (const secret of [appSecret, authorizationPrivateKey]) expect(JSON.stringify(spans)).not.toContain(secret);
  });

  test('says nothing of the proof, and has no link without a traceparent', async () => {
    const { answer, spans } = await pay('SeedVault', '5.00');
    const { signature } = /"signature":"0x(?<signature>[0-9a-f]{130})"/.exec(answer.text)?.groups ?? {};
    expect(signature).toBeDefined();
    expect(JSON.stringify(spans)).not.toContain(signature!.slice(0, 32));
    expect(spans.flatMap(({ links }) => links)).toEqual([]);
  });

  test('says why it was denied, and what was left', async () => {
    const { answer, spans } = await pay('SeedVault', '0.01');
    expect(answer.status).toBe(400);
    const request = spans.find(({ kind }) => kind === 'SERVER');
    expect(request).toMatchObject({
      status: 'ERROR',
      attributes: {
        'error.type': 'ValidationException',
        'bursar.code': 'bursar:budget_exceeded',
        'http.response.status_code': 400,
        'aws.payments.session_remaining_budget': '0.01',
      },
    });
    expect(request!.attributes).not.toHaveProperty('aws.payments.spend_amount');
    expect(spans.map(({ name }) => name)).not.toContain('sign');
  });
});

test('a request that is not sampled sends no span, and is told its trace', async () => {
  const root = newRoot();
  const { stack } = scene;
  const userId = newUser();
  const answer = await sendSigned(stack, stack.info.credentials.management, {
    path: '/payments/listPaymentSessions',
    body: JSON.stringify({ paymentManagerArn: stack.info.paymentManagerArn }),
    userId,
    headers: { 'x-amzn-trace-id': `Root=${root};Sampled=0` },
  });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('traceresponse')).toMatch(new RegExp(`^00-${toTraceId(root)}-[0-9a-f]{16}-00$`));
  expect(logOf(root)).toMatchObject({ traceId: root, status: 200 });
  expect(logOf(root)).not.toHaveProperty('spans');
  // Datagrams on one socket come in order: this one's spans would have come before those of the next.
  await pay('SeedVault', '5.00');
  expect(stack.services.spans().filter(({ traceId }) => traceId === toTraceId(root))).toEqual([]);
});
