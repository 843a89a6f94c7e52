import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NotNow, OutcomeUnknown } from '../../lib/domain/ports/services.ts';
import { StoreRefused, type Item } from '../../lib/ledger/dynamodb/store/client.ts';
import { withJointReads } from '../../lib/ledger/dynamodb/store/joint-reads.ts';
import { TRANSPORTS, type StoreTransport } from '../support/transports.ts';
import { startWire, type Wire, type WireAnswer, type WireReply, type WireRequest } from '../support/wire.ts';

const TIMEOUT_MS = 250;
const ATTEMPTS_MAX = 2;
const BOOKS = 'Books';
const REGISTRY = 'Registry';
const keyOf = (pk: string): Item => ({ pk: { S: pk } });

const failure = (name: string, status = 400): WireAnswer => ({
  status,
  body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'said by the test' },
});

/** What DynamoDB says of a batch: what it found, and what it did not look at. */
const batch = (found: object, left: object = {}): WireAnswer => ({
  body: { Responses: { [BOOKS]: [], [REGISTRY]: [], ...found }, UnprocessedKeys: left },
});

describe.each(TRANSPORTS)('reads of one moment over the wire of %s', (_name, open) => {
  let wire: Wire;
  let transport: StoreTransport;
  beforeEach(async () => {
    wire = await startWire();
    transport = open(wire.environment, { maxAttempts: ATTEMPTS_MAX, timeoutMs: TIMEOUT_MS });
  });
  afterEach(async () => {
    transport.close();
    await wire.close();
  });

  /** Reads a session and a manager, and says what became of each. */
  const readBoth = () => {
    const client = withJointReads(transport.client);
    return Promise.allSettled([
      client.getItem({ TableName: BOOKS, Key: keyOf('SES#1'), ConsistentRead: true }),
      client.getItem({ TableName: REGISTRY, Key: keyOf('MGR#1'), ConsistentRead: true }),
    ]);
  };
  const isBatch = ({ operation }: WireRequest) => operation === 'BatchGetItem';
  const operations = () => wire.requests.map(({ operation }) => operation);
  /** An answer for the batch, and another for each read that is asked for alone. */
  const answer = (together: WireReply, alone: WireReply = failure('AccessDeniedException')) => {
    wire.reply = (request) => (isBatch(request) ? together : alone);
  };

  test('ask for both tables, strongly consistent, in the words of DynamoDB', async () => {
    answer(batch({ [BOOKS]: [keyOf('SES#1')] }));
    expect(await readBoth()).toEqual([
      { status: 'fulfilled', value: keyOf('SES#1') },
      { status: 'fulfilled', value: null },
    ]);
    expect(wire.requests.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      {
        RequestItems: {
          [BOOKS]: { Keys: [keyOf('SES#1')], ConsistentRead: true },
          [REGISTRY]: { Keys: [keyOf('MGR#1')], ConsistentRead: true },
        },
      },
    ]);
  });

  test.each<[string, WireReply]>([
    ['cut without an answer', 'drop'],
    ['never answered', 'stall'],
    ['cut in the middle of the answer', 'half_a_body'],
    ['answered with a server error', failure('InternalServerError', 500)],
    ['answered by something in between', { status: 502, body: '<html>Bad Gateway</html>' }],
    ['answered with what is no JSON', { body: '{"Responses":{"Books":[' }],
  ])(
    'that are %s have an unknown outcome each, and none is taken for an item that is not there',
    async (_what, reply) => {
      answer(reply);
      for (const each of await readBoth()) {
        expect(each).toMatchObject({ status: 'rejected', reason: expect.any(OutcomeUnknown) });
      }
      expect(new Set(operations())).toEqual(new Set(['BatchGetItem']));
      expect(wire.requests.length).toBeLessThanOrEqual(ATTEMPTS_MAX);
    },
  );

  test('that find the database too busy, and then again, are not now', async () => {
    answer(failure('ThrottlingException'));
    transport.close();
    transport = open(wire.environment, { maxAttempts: 1, timeoutMs: TIMEOUT_MS });
    for (const each of await readBoth()) {
      expect(each).toMatchObject({ status: 'rejected', reason: expect.any(NotNow) });
    }
    expect(operations()).toEqual(['BatchGetItem']);
  });

  test('of which one was not looked at ask for that one alone, consistent, once more', async () => {
    const left = { [REGISTRY]: { Keys: [keyOf('MGR#1')], ConsistentRead: true } };
    answer(batch({ [BOOKS]: [keyOf('SES#1')] }, left), { body: { Item: keyOf('MGR#1') } });
    expect(await readBoth()).toEqual([
      { status: 'fulfilled', value: keyOf('SES#1') },
      { status: 'fulfilled', value: keyOf('MGR#1') },
    ]);
    expect(operations()).toEqual(['BatchGetItem', 'GetItem']);
    expect(JSON.parse(wire.requests[1]!.body)).toEqual({
      TableName: REGISTRY,
      Key: keyOf('MGR#1'),
      ConsistentRead: true,
    });
  });

  test.each<[string, WireReply]>([
    ['never answered', 'stall'],
    ['lost', 'drop'],
  ])(
    'of which one was not looked at and then is %s leave that one unknown, after a bounded number of tries',
    async (_what, reply) => {
      const left = { [REGISTRY]: { Keys: [keyOf('MGR#1')], ConsistentRead: true } };
      answer(batch({}, left), reply);
      expect(await readBoth()).toEqual([
        { status: 'fulfilled', value: null },
        { status: 'rejected', reason: expect.any(OutcomeUnknown) },
      ]);
      expect(operations().slice(0, 2)).toEqual(['BatchGetItem', 'GetItem']);
      expect(wire.requests.length).toBeLessThanOrEqual(1 + ATTEMPTS_MAX);
    },
  );

  test('that may not be asked for together are asked for alone, so that each meets its own permission', async () => {
    wire.reply = ({ operation, body }) => {
      if (operation === 'BatchGetItem' || body.includes(REGISTRY)) return failure('AccessDeniedException');
      return { body: { Item: keyOf('SES#1') } };
    };
    expect(await readBoth()).toEqual([
      { status: 'fulfilled', value: keyOf('SES#1') },
      { status: 'rejected', reason: expect.any(StoreRefused) },
    ]);
    expect(operations()).toEqual(['BatchGetItem', 'GetItem', 'GetItem']);
  });
});
