import fc, { type Arbitrary } from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { toEpochMs } from '../../lib/domain/time.ts';
import type {
  AttributeValue,
  BatchGetItemInput,
  DeleteItemInput,
  GetItemInput,
  Item,
  PutItemInput,
  QueryInput,
  StoreClient,
  TransactWriteItemsInput,
  UpdateItemInput,
} from '../../lib/ledger/dynamodb/store/client.ts';
import { verifySignature } from '../../lib/sigv4/verification.ts';
import { TRANSPORTS, type StoreTransport } from '../support/transports.ts';
import { startWire, type Wire, type WireAnswer, type WireRequest } from '../support/wire.ts';

const REQUESTS = 10_000;

// Requests: whatever the port can be given, sense or not.

const nameText = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((text) => text !== '__proto__');
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const bytes = fc.uint8Array({ maxLength: 40 });
const { value } = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.record({ S: text }),
    fc.record({ N: fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }).map(String) }),
    fc.record({ B: bytes }),
    fc.record({ BOOL: fc.boolean() }),
    fc.constant({ NULL: true }),
    fc.record({ SS: fc.array(text, { minLength: 1, maxLength: 3 }) }),
    fc.record({ BS: fc.array(bytes, { minLength: 1, maxLength: 3 }) }),
    fc.record({ L: fc.array(tie('value'), { maxLength: 3 }) }),
    fc.record({ M: fc.dictionary(nameText, tie('value'), { maxKeys: 3, noNullPrototype: true }) }),
  ) as Arbitrary<AttributeValue>,
}));
const item: Arbitrary<Item> = fc.dictionary(nameText, value, { maxKeys: 6, noNullPrototype: true });
const expressions = {
  ConditionExpression: text,
  ReturnValuesOnConditionCheckFailure: fc.constantFrom('ALL_OLD', 'NONE'),
  ExpressionAttributeNames: fc.dictionary(nameText, nameText, { maxKeys: 3, noNullPrototype: true }),
  ExpressionAttributeValues: fc.dictionary(nameText, value, { maxKeys: 3, noNullPrototype: true }),
} as const;
const TableName = fc.constant('T');
const inputOf = <T>(members: object, required: readonly string[]) =>
  fc.record(members as Record<string, Arbitrary<unknown>>, { requiredKeys: [...required] }) as unknown as Arbitrary<T>;

const put = inputOf<PutItemInput>({ TableName, Item: item, ...expressions }, ['TableName', 'Item']);
const part = { TableName, Key: item, ...expressions };
const update = { ...part, UpdateExpression: text };
const required = ['TableName', 'Key', 'UpdateExpression'];
const query = {
  TableName,
  IndexName: text,
  KeyConditionExpression: text,
  FilterExpression: text,
  ExpressionAttributeValues: expressions.ExpressionAttributeValues,
  ConsistentRead: fc.boolean(),
  ScanIndexForward: fc.boolean(),
  Limit: fc.nat(),
  ExclusiveStartKey: item,
};
const batchOf = (name: string) =>
  inputOf<BatchGetItemInput>(
    {
      TableName: fc.constant(name),
      Keys: fc.array(item, { minLength: 1, maxLength: 4 }),
      ConsistentRead: fc.boolean(),
    },
    ['TableName', 'Keys'],
  );
const returned = fc.constantFrom('NONE', 'ALL_NEW', 'UPDATED_NEW');

type Call = (client: StoreClient) => Promise<unknown>;
const calls: Arbitrary<Call> = fc.oneof(
  inputOf<GetItemInput>({ TableName, Key: item, ConsistentRead: fc.boolean() }, ['TableName', 'Key']).map(
    (input): Call =>
      (client) =>
        client.getItem(input),
  ),
  put.map(
    (input): Call =>
      (client) =>
        client.putItem(input),
  ),
  inputOf<UpdateItemInput>({ ...update, ReturnValues: returned }, required).map(
    (input): Call =>
      (client) =>
        client.updateItem(input),
  ),
  inputOf<DeleteItemInput>({ ...part, ReturnValues: fc.constantFrom('NONE', 'ALL_OLD') }, ['TableName', 'Key']).map(
    (input): Call =>
      (client) =>
        client.deleteItem(input),
  ),
  inputOf<QueryInput>(query, ['TableName', 'KeyConditionExpression']).map(
    (input): Call =>
      (client) =>
        client.query(input),
  ),
  batchOf('T').map(
    (input): Call =>
      (client) =>
        client.batchGetItem(input),
  ),
  fc.tuple(batchOf('T'), batchOf('U')).map(
    (parts): Call =>
      (client) =>
        client.batchGetItems(parts),
  ),
  fc
    .record({
      TransactItems: fc.array(
        fc.oneof(
          fc.record({ Put: put }),
          fc.record({ Update: inputOf<UpdateItemInput>(update, required) }),
          fc.record({ Delete: inputOf<DeleteItemInput>(part, ['TableName', 'Key']) }),
        ),
        { minLength: 1, maxLength: 3 },
      ),
      ClientRequestToken: fc.stringMatching(/^[a-z0-9]{36}$/),
    })
    .map(
      (input): Call =>
        (client) =>
          client.transactWriteItems(input as TransactWriteItemsInput),
    ),
);

// Answers: what DynamoDB says, what it never says, and what something in between says.

const wireItem = item.map((each) => JSON.parse(JSON.stringify(each, toWire)) as object);
const responses = fc.array(wireItem, { maxLength: 3 });
const unprocessed = fc.record({ Keys: fc.array(wireItem, { minLength: 1, maxLength: 2 }) });
const success: Arbitrary<WireAnswer> = fc
  .record(
    {
      Item: wireItem,
      Attributes: wireItem,
      Items: fc.array(wireItem, { maxLength: 3 }),
      LastEvaluatedKey: wireItem,
      Responses: fc.record({ T: responses, U: responses }, { requiredKeys: [] }),
      UnprocessedKeys: fc.record({ T: unprocessed, U: unprocessed }, { requiredKeys: [] }),
    },
    { requiredKeys: [] },
  )
  .map((body) => ({ body }));
const CODES = [
  'ConditionalCheckFailedException',
  'TransactionCanceledException',
  'TransactionConflictException',
  'TransactionInProgressException',
  'IdempotentParameterMismatchException',
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'LimitExceededException',
  'ItemCollectionSizeLimitExceededException',
  'ReplicatedWriteConflictException',
  'ResourceNotFoundException',
  'InternalServerError',
  'ServiceUnavailable',
  'ValidationException',
  'AccessDeniedException',
  'ExpiredTokenException',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'SerializationException',
  'NobodyKnowsException',
];
const PREFIXES = ['', 'com.amazonaws.dynamodb.v20120810#', 'com.amazon.coral.service#', 'com.amazon.coral.validate#'];
const reasons = fc.array(
  fc.record(
    {
      Code: fc.constantFrom('None', 'ConditionalCheckFailed', 'TransactionConflict', 'ThrottlingError'),
      Item: wireItem,
    },
    { requiredKeys: [] },
  ),
  { maxLength: 3 },
);
const failure: Arbitrary<WireAnswer> = fc
  .record({
    status: fc.constantFrom(400, 400, 400, 403, 404, 413, 429, 500, 502, 503, 504),
    code: fc.constantFrom(...CODES),
    prefix: fc.constantFrom(...PREFIXES),
    suffix: fc.constantFrom('', ':http://internal.amazon.com/coral/'),
    where: fc.constantFrom('__type', '__type', 'code', 'header'),
    message: fc.constantFrom('message', 'Message'),
    members: fc.record({ Item: wireItem, CancellationReasons: reasons }, { requiredKeys: [] }),
  })
  .map(({ status, code, prefix, suffix, where, message, members }) => {
    const name = `${prefix}${code}${suffix}`;
    const body = { [message]: 'said by the test', ...members, ...(where === 'header' ? {} : { [where]: name }) };
    return { status, body, headers: where === 'header' ? { 'x-amzn-errortype': name } : {} };
  });
const UNREADABLE = ['<html>no</html>', '{"__type":"Throttl', '{"message":', 'x', '{"Item":{"a":'];
const unreadable: Arbitrary<WireAnswer> = fc.record({
  status: fc.constantFrom(200, 400, 403, 413, 500, 502, 503),
  body: fc.constantFrom(...UNREADABLE),
});
const answers = fc.oneof(
  { weight: 6, arbitrary: success },
  { weight: 4, arbitrary: failure },
  { weight: 1, arbitrary: unreadable },
  { weight: 1, arbitrary: fc.record({ status: fc.constantFrom(400, 403, 500, 503), body: fc.constant('') }) },
);

function toWire(_key: string, held: unknown): unknown {
  if (typeof held !== 'object' || held === null) return held;
  const { B, BS } = held as { B?: unknown; BS?: unknown };
  if (B instanceof Uint8Array) return { B: Buffer.from(B).toString('base64') };
  if (Array.isArray(BS) && BS.every((each) => each instanceof Uint8Array)) {
    return { BS: BS.map((each) => Buffer.from(each as Uint8Array).toString('base64')) };
  }
  return held;
}

/** Both ways, each with a server of its own, so that they can be told apart. */
interface Side {
  readonly wire: Wire;
  readonly transport: StoreTransport;
}
let sides: readonly Side[];
beforeAll(async () => {
  sides = await Promise.all(
    TRANSPORTS.map(async ([, open]) => {
      const wire = await startWire();
      return { wire, transport: open(wire.environment, { maxAttempts: 1, timeoutMs: 20_000 }) };
    }),
  );
});
afterAll(async () => {
  for (const { wire, transport } of sides) {
    transport.close();
    await wire.close();
  }
});

/** What a call came to, in a form that can be compared. */
async function outcomeOf(call: Promise<unknown>, isReadable: boolean): Promise<unknown> {
  try {
    return { value: await call };
  } catch (error) {
    const { name, message, constructor, code } = error as Error & { code?: string };
    if (code === undefined) return { kind: constructor.name, name, message };
    // The SDK calls what it cannot read by the name of what its parser threw.
    return isReadable ? { kind: constructor.name, code, message } : { kind: constructor.name };
  }
}

/** What of a request counts, with the members of its body in one order. */
function essenceOf({ operation, headers, body }: WireRequest) {
  const signed = verifySignature(
    { method: 'POST', target: '/', headers: Object.entries(headers) as [string, string][], body: Buffer.from(body) },
    {
      region: 'eu-west-1',
      service: 'dynamodb',
      now: toEpochMs(Date.now()),
      findCredential: () => ({ secretAccessKey: 'not-a-secret', sessionToken: null }),
    },
  );
  return {
    operation,
    target: headers['x-amz-target'],
    contentType: headers['content-type'],
    length: Number(headers['content-length']) === Buffer.byteLength(body),
    signed: signed.ok,
    body: sorted(JSON.parse(body)),
  };
}

function sorted(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(sorted);
  if (typeof json !== 'object' || json === null) return json;
  return Object.entries(json)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, held]) => [key, sorted(held)]);
}

test(
  `${REQUESTS} random requests are the same on the wire, and random answers mean the same`,
  { timeout: 240_000 },
  async () => {
    const cases = fc.sample(fc.tuple(calls, answers), REQUESTS);
    const seen = new Map<string, number>();
    for (const [at, [call, answer]] of cases.entries()) {
      const isReadable = answer.body === '' || !UNREADABLE.includes(answer.body as string);
      const [ofSdk, ofLean] = await Promise.all(
        sides.map(({ transport, wire }) => {
          wire.reply = () => answer;
          return outcomeOf(call(transport.client), isReadable);
        }),
      );
      expect({ at, answer, outcome: ofLean }).toEqual({ at, answer, outcome: ofSdk });
      const kind = (ofLean as { kind?: string }).kind ?? 'value';
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
    }
    const [sdk, lean] = sides.map(({ wire }) => wire.requests.map(essenceOf));
    expect(lean).toHaveLength(REQUESTS);
    expect(lean!.every(({ signed, length }) => signed && length)).toBe(true);
    for (const [at, request] of lean!.entries()) expect(request).toEqual(sdk![at]);
    expect([...seen.keys()].toSorted()).toEqual(['NotNow', 'OutcomeUnknown', 'StoreRefused', 'WriteConflict', 'value']);
  },
);
