import { inspect } from 'node:util';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NotNow, OutcomeUnknown } from '../../lib/domain/ports/services.ts';
import { StoreRefused, WriteConflict, type StoreClient } from '../../lib/ledger/dynamodb/store/client.ts';
import { createLeanStore } from '../../lib/ledger/dynamodb/store/lean-client.ts';
import { TRANSPORTS } from '../support/transports.ts';
import { startWire, type Wire, type WireAnswer, type WireReply } from '../support/wire.ts';

const TIMEOUT_MS = 250;
const UPDATE = {
  TableName: 'Books',
  Key: { pk: { S: 'SES#1' } },
  UpdateExpression: 'SET av = av - :a',
  ConditionExpression: 'av >= :a',
  ExpressionAttributeValues: { ':a': { N: '1' } },
  ReturnValues: 'ALL_NEW',
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
} as const;
const ITEM = { pk: { S: 'SES#1' }, av: { N: '9' }, sg: { B: Uint8Array.from([1, 2]) } };
const ITEM_JSON = { pk: { S: 'SES#1' }, av: { N: '9' }, sg: { B: 'AQI=' } };

const failure = (name: string, status = 400, members: object = {}): WireAnswer => ({
  status,
  body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'said by the test', ...members },
});

let wire: Wire;
const closing: (() => void)[] = [];
beforeEach(async () => {
  wire = await startWire();
});
afterEach(async () => {
  for (const close of closing.splice(0)) close();
  await wire.close();
});

/** Answers with these in turn, and with the last for ever. */
function script(...replies: readonly WireReply[]): void {
  let next = 0;
  wire.reply = () => replies[Math.min(next++, replies.length - 1)]!;
}

async function thrown(call: Promise<unknown>): Promise<Error> {
  return call.then(
    (value) => expect.fail(`it gave ${JSON.stringify(value)}`),
    (error: unknown) => error as Error,
  );
}

describe.each(TRANSPORTS)('over the wire of %s', (_name, open) => {
  function connect(maxAttempts: number, env: Readonly<Record<string, string>> = {}): StoreClient {
    const { client, close } = open({ ...wire.environment, ...env }, { maxAttempts, timeoutMs: TIMEOUT_MS });
    closing.push(close);
    return client;
  }

  test.each<[string, WireReply]>([
    ['cut without an answer', 'drop'],
    ['never answered', 'stall'],
    ['cut in the middle of its answer', 'half_a_body'],
    ['answered with a server error', failure('InternalServerError', 500)],
    ['answered by something in between', { status: 502, body: '<html>Bad Gateway</html>' }],
    ['answered with what is no JSON', { body: '{"Attributes":' }],
    ['said to be still at work', failure('TransactionInProgressException')],
  ])('a reserve that is %s has an unknown outcome, and appears once', async (_what, reply) => {
    script(reply);
    expect(await thrown(connect(1).updateItem(UPDATE))).toBeInstanceOf(OutcomeUnknown);
    expect(wire.requests).toHaveLength(1);
  });

  test.each(['ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded'])(
    'a reserve that meets %s did nothing, and appears once',
    async (code) => {
      script(failure(code));
      expect(await thrown(connect(1).updateItem(UPDATE))).toBeInstanceOf(NotNow);
      expect(wire.requests).toHaveLength(1);
    },
  );

  test('a reserve that meets a transaction did nothing, and that is said', async () => {
    script(failure('TransactionConflictException'));
    expect(await thrown(connect(1).updateItem(UPDATE))).toBeInstanceOf(WriteConflict);
  });

  test('a refused condition gives the item that it saw', async () => {
    script(failure('ConditionalCheckFailedException', 400, { Item: ITEM_JSON }));
    expect(await connect(1).updateItem(UPDATE)).toEqual({ kind: 'refused', item: ITEM });
  });

  test.each([
    ['expired credentials', 'ExpiredTokenException'],
    ['credentials that nobody has', 'UnrecognizedClientException'],
    ['a missing permission', 'AccessDeniedException'],
  ])('%s are a refusal, and are not tried again', async (_what, code) => {
    script(failure(code));
    const error = await thrown(connect(3).updateItem(UPDATE));
    expect(error).toBeInstanceOf(StoreRefused);
    expect(error).toMatchObject({ code });
    expect(wire.requests).toHaveLength(1);
  });

  test.each<[string, WireReply]>([
    ['a cut connection', 'drop'],
    ['silence', 'stall'],
    ['a server error', failure('InternalServerError', 500)],
    ['being throttled', failure('ThrottlingException')],
  ])('other calls are sent again after %s', async (_what, reply) => {
    script(reply, { body: { Attributes: ITEM_JSON } });
    expect(await connect(3).updateItem(UPDATE)).toEqual({ kind: 'applied', item: ITEM });
    expect(wire.requests).toHaveLength(2);
    expect(wire.requests[0]!.body).toBe(wire.requests[1]!.body);
  });

  test('being throttled after an attempt whose reply was lost says nothing of that one', async () => {
    script('drop', failure('ThrottlingException'));
    expect(await thrown(connect(2).updateItem(UPDATE))).toBeInstanceOf(OutcomeUnknown);
  });

  test('a connection that breaks after the request left on it, used again, is an unknown outcome', async () => {
    const client = connect(1);
    script({ body: { Attributes: ITEM_JSON } }, 'drop');
    await client.updateItem(UPDATE);
    expect(await thrown(client.updateItem(UPDATE))).toBeInstanceOf(OutcomeUnknown);
    expect(wire.requests.map(({ connection }) => connection)).toEqual([1, 1]);
  });

  test('a transaction is repeated under the same token, and another has another', async () => {
    const client = connect(3);
    script('drop', { body: {} });
    const TransactItems = [{ Delete: { TableName: 'Books', Key: { pk: { S: '1' } } } }];
    await client.transactWriteItems({ TransactItems });
    await client.transactWriteItems({ TransactItems });
    const tokens = wire.requests.map(
      ({ body }) => (JSON.parse(body) as { ClientRequestToken: string }).ClientRequestToken,
    );
    expect(tokens[0]).toMatch(/^[\w-]{32,36}$/);
    expect(tokens[1]).toBe(tokens[0]);
    expect(tokens[2]).not.toBe(tokens[0]);
  });

  test('a clock that is wrong is put right by what AWS says the time is', async () => {
    const ahead = new Date(Date.now() + 3_600_000);
    wire.reply = ({ headers }) => {
      const at = String(headers['x-amz-date']);
      const right = at.slice(0, 11) === ahead.toISOString().replaceAll(/[-:]/g, '').slice(0, 11);
      const date = { date: ahead.toUTCString() };
      if (right) return { headers: date, body: { Attributes: ITEM_JSON } };
      return { ...failure('InvalidSignatureException'), headers: date };
    };
    const client = connect(3);
    expect(await client.updateItem(UPDATE)).toEqual({ kind: 'applied', item: ITEM });
    const before = wire.requests.length;
    await client.updateItem(UPDATE);
    expect(wire.requests).toHaveLength(before + 1);
  });

  test('a signature that is refused with the clock right is refused', async () => {
    script({ ...failure('InvalidSignatureException'), headers: { date: new Date().toUTCString() } });
    expect(await thrown(connect(3).updateItem(UPDATE))).toMatchObject({ code: 'InvalidSignatureException' });
    expect(wire.requests).toHaveLength(1);
  });

  test('nobody there is an unknown outcome', async () => {
    const env = { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1' };
    expect(await thrown(connect(1, env).updateItem(UPDATE))).toBeInstanceOf(OutcomeUnknown);
  });

  test('a right checksum is taken, also over bytes that are no ASCII', async () => {
    const body = JSON.stringify({ Item: { pk: { S: 'ü💸' } } });
    script({ headers: { 'x-amz-crc32': String(crc32(Buffer.from(body))) }, body });
    expect(await connect(1).getItem({ TableName: 'Books', Key: UPDATE.Key })).toEqual({ pk: { S: 'ü💸' } });
  });
});

describe('over the wire of the lean client alone', () => {
  function connect(maxAttempts: number) {
    const store = createLeanStore(wire.environment);
    closing.push(() => store.close());
    return { store, client: store.createClient({ maxAttempts, timeoutMs: TIMEOUT_MS }) };
  }

  // The SDK checks no sum and bounds neither the time nor the length of an answer's body.
  test.each<[string, WireReply]>([
    ['has a wrong checksum', { headers: { 'x-amz-crc32': '1' }, body: { Attributes: ITEM_JSON } }],
    ['stops in the middle', 'stalled_body'],
    ['never ends', { body: { Attributes: { pk: { S: 'x'.repeat(9 * 1024 * 1024) } } } }],
  ])('an answer that %s is an unknown outcome', async (_what, reply) => {
    script(reply);
    expect(await thrown(connect(1).client.updateItem(UPDATE))).toBeInstanceOf(OutcomeUnknown);
    expect(wire.requests).toHaveLength(1);
  });

  test('calls use the connections that were opened ahead, and open no other', async () => {
    const { store, client } = connect(1);
    script({ body: { Item: ITEM_JSON } });
    store.connect(2);
    await until(() => wire.connections === 2);
    const get = () => client.getItem({ TableName: 'Books', Key: UPDATE.Key });
    expect(await Promise.all([get(), get()])).toEqual([ITEM, ITEM]);
    await get();
    expect(wire.connections).toBe(2);
    expect(new Set(wire.requests.map(({ connection }) => connection))).toEqual(new Set([1, 2]));
  });

  test('connections that were opened ahead and closed by the other side are not used', async () => {
    const { store, client } = connect(1);
    store.connect(1);
    await until(() => wire.connections === 1);
    wire.closeAll();
    blockFor(REST_MS);
    expect(await client.updateItem(UPDATE)).toEqual({ kind: 'applied', item: null });
    expect(wire.requests.map(({ connection }) => connection)).toEqual([2]);
  });

  test('a reserve after a rest goes out on a connection that is still open', async () => {
    const { client } = connect(1);
    await client.updateItem(UPDATE);
    // As a frozen process: what the other side did meanwhile is in the kernel and nobody has read it.
    wire.closeAll();
    blockFor(REST_MS);
    expect(await client.updateItem(UPDATE)).toEqual({ kind: 'applied', item: null });
    expect(wire.requests.map(({ connection }) => connection)).toEqual([1, 2]);
  });

  test('a name that stands for no address, and a port where nobody listens, leave nothing open', async () => {
    for (const endpoint of ['http://127.0.0.1:1', 'http://bursar.invalid']) {
      const store = createLeanStore({ ...wire.environment, AWS_ENDPOINT_URL_DYNAMODB: endpoint });
      closing.push(() => store.close());
      store.connect(2);
      const client = store.createClient({ maxAttempts: 1, timeoutMs: TIMEOUT_MS });
      expect(await thrown(client.updateItem(UPDATE))).toBeInstanceOf(OutcomeUnknown);
    }
  });

  test('no failure shows the secret, the token or the answer', async () => {
    script(
      { status: 400, body: 'canary' },
      { body: 'canary' },
      failure('ValidationException', 400, { Item: 'canary' }),
    );
    const env = { ...wire.environment, AWS_SECRET_ACCESS_KEY: 'canary-secret', AWS_SESSION_TOKEN: 'canary-token' };
    const store = createLeanStore(env);
    closing.push(() => store.close());
    const client = store.createClient({ maxAttempts: 1, timeoutMs: TIMEOUT_MS });
    for (let call = 0; call < 3; call += 1) {
      expect(inspect(await thrown(client.updateItem(UPDATE)), { depth: 9 })).not.toContain('canary');
    }
    expect(wire.requests.map(({ headers }) => headers['x-amz-security-token'])).toEqual(Array(3).fill('canary-token'));
  });
});

/** Longer than a rest after which connections are looked at. */
const REST_MS = 1_050;

/** Stops the process as a freeze does: no event is heard meanwhile. */
function blockFor(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
