import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatManagerArn } from '../../lib/domain/ids.ts';
import { bundle } from '../../lib/infra/build/bundle.ts';
import { withDatabase } from '../support/database.ts';
import { toEvent } from '../support/events.ts';
import { createPayingWorld } from '../support/paying.ts';
import { BASE_SEPOLIA } from '../support/payments.ts';
import { startStoreHop, type Fault, type SeenCall, type StoreHop } from '../support/store-hop.ts';

const ACCOUNT = '111122223333';
const BUNDLE_WAIT_MAX_MS = 60_000;
const database = withDatabase();
let hop: StoreHop;
let directory: string;
beforeAll(async () => {
  hop = await startStoreHop(database.endpoint);
  const { functions } = await bundle({ log: () => undefined });
  directory = functions['process-payment']!.path;
}, BUNDLE_WAIT_MAX_MS);
afterAll(() => hop.close());

const isReserve = ({ body }: SeenCall) => String(body['UpdateExpression']).includes('o.#e = :v');
const entryOf = ({ body }: SeenCall) => (body['ExpressionAttributeNames'] as Record<string, string>)['#e']!;

/** Calls the bundle that is deployed, in a process of its own, and returns the entries that its reserves named, in order. */
async function reservesOf(fault: Fault): Promise<readonly string[]> {
  const world = await createPayingWorld(database, { endpoint: hop.endpoint });
  const { managerId } = world.manager;
  const session = await world.open();
  const deployment = { partition: 'aws', region: database.environment['AWS_REGION']!, account: ACCOUNT };
  const { paymentType, paymentInput } = world.request(session);
  const json = {
    paymentManagerArn: formatManagerArn(deployment, managerId),
    paymentSessionId: session.sessionId,
    paymentInstrumentId: world.instrument.instrumentId,
    paymentType,
    paymentInput,
    clientToken: randomBytes(24).toString('hex'),
  };
  const event = JSON.stringify(toEvent('ProcessPayment', { json }));
  const script = `
    const { handler } = await import(${JSON.stringify(join(directory, 'index.mjs'))});
    await handler(${event}, { getRemainingTimeInMillis: () => 15_000 });
    process.exit(0);`;
  hop.forget();
  hop.setFaults((call) => (isReserve(call) && hop.calls.filter(isReserve).length === 1 ? fault : null));
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env: {
      ...database.environment,
      AWS_ENDPOINT_URL_DYNAMODB: hop.endpoint,
      // Nobody is there: the seed cannot be read, and what is asked for stays unsigned.
      AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:9',
      BOOKS_TABLE: world.booksTable,
      METRIC_NAMESPACE: 'Bursar',
      REGISTRY_TABLE: world.registryTable,
      DEPLOYMENT_PARTITION: 'aws',
      DEPLOYMENT_ACCOUNT: ACCOUNT,
      DEFAULT_SESSION_LIMIT_USD: '10.00',
      ALLOWED_NETWORKS: BASE_SEPOLIA.id,
    },
  });
  return hop.calls.filter(isReserve).map(entryOf);
}

test.each(['lose_request', 'fail_after_apply', 'lose_reply'] as const)(
  'the deployed paying function sends the reserve of an attempt once, also where no answer comes: %s',
  async (fault) => {
    const entries = await reservesOf(fault);
    expect(entries.length).toBeGreaterThan(0);
    expect(new Set(entries).size).toBe(entries.length);
    // Where it did not arrive, the next attempt reserves; where it did, the session shows it.
    expect(entries).toHaveLength(fault === 'lose_request' ? 2 : 1);
  },
  BUNDLE_WAIT_MAX_MS,
);
