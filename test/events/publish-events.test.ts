import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { AwsError } from '../../lib/local/aws-endpoint/aws-error.ts';
import { createAwsEndpoint, type AwsEndpoint } from '../../lib/local/aws-endpoint/endpoint.ts';
import { createEventBuses, type EventBuses } from '../../lib/local/triggers/event-bus.ts';
import { composePublishEvents } from '../../lib/functions/publish-events.ts';
import { addMs } from '../../lib/domain/time.ts';
import { makePayment, makeSession, NOW } from '../support/payments.ts';
import { paymentChange, SECRETS } from './records.ts';

const session = makeSession();
const BUS = 'Bursar';

function signing() {
  const payment = makePayment(session);
  return paymentChange(payment, {
    ...payment,
    status: 'SIGNED',
    decidedAt: addMs(NOW, 1),
    signatures: [SECRETS.signature],
  });
}

let endpoint: AwsEndpoint;
let buses: EventBuses;
let refusals: AwsError[] = [];
let requests = 0;
let mayPut = true;
let allowed: { action: string; resourceArn: string }[] = [];

beforeAll(async () => {
  endpoint = await createAwsEndpoint({
    dataDir: null,
    region: 'us-east-1',
    account: '000000000000',
    events: { has: (name) => buses.has(name), accept: (event) => buses.accept(event) },
    authorize: ({ action, resourceArn }) => {
      allowed.push({ action, resourceArn });
      return mayPut;
    },
    verify: () => {
      requests += 1;
      return refusals.shift() ?? null;
    },
  });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_EVENTBRIDGE: endpoint.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIATEST',
    AWS_SECRET_ACCESS_KEY: 'secret',
  });
});
afterAll(() => endpoint.close());
beforeEach(() => {
  buses = createEventBuses([BUS], null);
  refusals = [];
  requests = 0;
  mayPut = true;
  allowed = [];
});

const throttled = () => new AwsError('ThrottlingException', 'Rate exceeded');

describe('publish-events', () => {
  const handler = composePublishEvents({ EVENT_BUS_NAME: BUS, EVENT_SOURCE: 'Bursar' });

  test('puts what changed on its bus, as EventBridge gives it to rules', async () => {
    const record = signing();
    expect(await handler({ Records: [record] })).toEqual({ batchItemFailures: [] });
    expect(buses.events()).toMatchObject([
      {
        bus: BUS,
        source: 'Bursar',
        detailType: 'payment.signed',
        time: '2025-10-09T08:53:20Z',
        detail: { version: 1 },
      },
    ]);
    expect(allowed).toEqual([
      { action: 'PutEvents', resourceArn: `arn:aws:events:us-east-1:000000000000:event-bus/${BUS}` },
    ]);
  });

  test('tries again while it is throttled', async () => {
    refusals = [throttled(), throttled()];
    expect(await handler({ Records: [signing(), signing()] })).toEqual({ batchItemFailures: [] });
    expect(requests).toBe(3);
    expect(buses.events()).toHaveLength(2);
  });

  test('leaves to Lambda what is throttled each time', async () => {
    refusals = Array.from({ length: 4 }, throttled);
    const record = signing();
    const failed = { itemIdentifier: record.dynamodb.SequenceNumber };
    expect(await handler({ Records: [record] })).toEqual({ batchItemFailures: [failed] });
    expect(requests).toBe(4);
    expect(buses.events()).toEqual([]);
  });

  test('puts again only the entries that EventBridge refused, and logs why where it still refuses', async () => {
    const lines: string[] = [];
    const print = vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
    const refused = { ErrorCode: 'ThrottlingException', ErrorMessage: 'Rate exceeded' };
    const mock = mockClient(EventBridgeClient);
    try {
      mock
        .on(PutEventsCommand)
        .resolvesOnce({ FailedEntryCount: 1, Entries: [{ EventId: '1' }, refused] })
        .resolves({ FailedEntryCount: 1, Entries: [refused] });
      const [first, second] = [signing(), signing()];
      const failed = { itemIdentifier: second.dynamodb.SequenceNumber };
      expect(await handler({ Records: [first, second] })).toEqual({ batchItemFailures: [failed] });
    } finally {
      print.mockRestore();
      mock.restore();
    }
    expect(mock.commandCalls(PutEventsCommand).map(({ args: [{ input }] }) => input.Entries?.length)).toEqual([
      2, 1, 1, 1,
    ]);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      event: 'events.put_failed',
      failure: [expect.stringContaining('refused 1 of 1 events: ThrottlingException')],
    });
  });

  test.each([
    ['its role may not put them', () => void (mayPut = false)],
    ['there is no such bus', () => void (buses = createEventBuses(['other'], null))],
  ])('tells nothing where %s', async (_, plant) => {
    plant();
    const record = signing();
    const failed = { itemIdentifier: record.dynamodb.SequenceNumber };
    expect(await handler({ Records: [record] })).toEqual({ batchItemFailures: [failed] });
    expect(buses.events()).toEqual([]);
  });

  test('is not configured without a bus', () => {
    expect(() => composePublishEvents({})).toThrow('EVENT_BUS_NAME is not set');
  });
});
