import { ConditionalCheckFailedException, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { toMicroUsd } from '../../lib/domain/money.ts';
import { processPayment } from '../../lib/service/paying/process-payment.ts';
import type { SeenCall } from '../../test/support/store-hop.ts';
import { againstLimit, againstPeer, type Row } from './row.ts';
import { withStore, type StoreWorld } from './store-world.ts';

/** Payments at once on one session, and what each costs; the budget is for half of them. */
const CROWDS = [16, 64, 256] as const;
const PRICE_MICRO_USD = 10_000n;
const GROWTH_MAX = 4.2;
/** No place in a session is scarce here: what is measured is the law of growth. */
const IN_FLIGHT_NO_CAP = 10_000;
/** A writer that loses this often is a bug of the bench. */
const CAS_TRIES_MAX = 2_000;

interface Crowd {
  readonly calls: number;
  readonly accepted: number;
  /** Budget writes beyond one for each payment. */
  readonly repeated: number;
}

/** P12: calls to the store as the crowd on one session grows, against reading a version and writing if it still holds. */
export async function measureContention(): Promise<Row[]> {
  return withStore(async (store) => {
    const ours = new Map<number, Crowd>();
    const peers = new Map<number, Crowd>();
    for (const count of CROWDS) {
      ours.set(count, await payAtOnce(store, count));
      peers.set(count, await compareAndSetAtOnce(store, count));
    }
    return [
      ...CROWDS.map((count) => toCallsRow(count, ours.get(count)!, peers.get(count)!)),
      ...toGrowthRows(ours, peers),
    ];
  });
}

function toCallsRow(count: number, ours: Crowd, peer: Crowd): Row {
  return againstPeer({
    id: 'P12',
    name: `store calls, ${count} payments at once`,
    ours: { value: ours.calls, unit: 'calls' },
    peer: { value: peer.calls, unit: 'calls' },
    peerName: 'read + version CAS',
    ratio: ours.calls / peer.calls,
    target: { kind: 'none' },
    note: `accepted ${ours.accepted} of ${count / 2} affordable (CAS ${peer.accepted}); budget writes repeated ${ours.repeated} (CAS ${peer.repeated})`,
  });
}

function toGrowthRows(ours: ReadonlyMap<number, Crowd>, peers: ReadonlyMap<number, Crowd>): Row[] {
  const growth = (of: ReadonlyMap<number, Crowd>) => of.get(256)!.calls / of.get(64)!.calls;
  const all = CROWDS.map((count) => ours.get(count)!);
  const wrong = CROWDS.reduce((sum, count) => sum + Math.abs(ours.get(count)!.accepted - count / 2), 0);
  const repeated = all.reduce((sum, crowd) => sum + crowd.repeated, 0);
  const none = { kind: 'ours_at_most', value: 0 } as const;
  return [
    againstPeer({
      id: 'P12',
      name: 'growth, calls(256)/calls(64)',
      ours: { value: growth(ours), unit: 'x' },
      peer: { value: growth(peers), unit: 'x' },
      peerName: 'read + version CAS',
      ratio: growth(ours) / growth(peers),
      target: { kind: 'ours_at_most', value: GROWTH_MAX },
      note: 'ours counts every call of a payment, the peer those of the budget alone',
    }),
    { ...againstLimit('P12', 'budget writes repeated', { value: repeated, unit: 'writes' }, none), ratio: repeated },
    { ...againstLimit('P12', 'payments too many or too few', { value: wrong, unit: 'payments' }, none), ratio: wrong },
  ];
}

async function payAtOnce({ world, hop }: StoreWorld, count: number): Promise<Crowd> {
  const session = await world.open({ limit: toMicroUsd((BigInt(count) / 2n) * PRICE_MICRO_USD) });
  const deps = { ...world.deps, inFlightMax: IN_FLIGHT_NO_CAP };
  hop.forget();
  const results = await Promise.all(
    Array.from({ length: count }, () =>
      processPayment(deps, world.request(session, { amount: PRICE_MICRO_USD.toString() })),
    ),
  );
  const accepted = results.filter(({ ok }) => ok).length;
  return { calls: hop.calls.length, accepted, repeated: hop.calls.filter(isReserve).length - count };
}

function isReserve({ operation, body }: SeenCall): boolean {
  const values = body['ExpressionAttributeValues'];
  return operation === 'UpdateItem' && typeof values === 'object' && values !== null && ':cap' in values;
}

/** The textbook alternative: read the budget with its version, write the new one if nobody was faster, else start over. */
async function compareAndSetAtOnce({ world, database }: StoreWorld, count: number): Promise<Crowd> {
  const pk = { S: `BENCH#${count}` };
  const table = { TableName: world.booksTable };
  const limit = (BigInt(count) / 2n) * PRICE_MICRO_USD;
  const toItem = (available: bigint, version: number) => ({
    pk,
    av: { N: available.toString() },
    version: { N: version.toString() },
  });
  await database.client.send(new PutItemCommand({ ...table, Item: toItem(limit, 1) }));
  let [calls, writes] = [0, 0];

  const payOnce = async (): Promise<boolean> => {
    for (let tries = 1; tries <= CAS_TRIES_MAX; tries += 1) {
      calls += 1;
      const { Item } = await database.client.send(new GetItemCommand({ ...table, Key: { pk }, ConsistentRead: true }));
      const [available, version] = [BigInt(Item!['av']!.N!), Number(Item!['version']!.N)];
      if (available < PRICE_MICRO_USD) return false;
      calls += 1;
      writes += 1;
      const put = new PutItemCommand({
        ...table,
        Item: toItem(available - PRICE_MICRO_USD, version + 1),
        ConditionExpression: 'version = :version',
        ExpressionAttributeValues: { ':version': { N: version.toString() } },
      });
      try {
        await database.client.send(put);
        return true;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    }
    throw new Error('the peer never got its turn');
  };

  const results = await Promise.all(Array.from({ length: count }, payOnce));
  const accepted = results.filter(Boolean).length;
  return { calls, accepted, repeated: writes - accepted };
}
