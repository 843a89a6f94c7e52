import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { toSessionItem } from '../../lib/ledger/dynamodb/books/new-session-item.ts';
import { AGENT_NAME_MAX_CHARS, IN_FLIGHT_MAX, USER_ID_MAX_CHARS } from '../../lib/domain/limits.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import { toEntryKey } from '../../lib/domain/payment/payment.ts';
import { processPayment } from '../../lib/service/paying/process-payment.ts';
import { sizeOfItem } from '../../test/support/item-size.ts';
import { paid } from '../../test/support/paying.ts';
import { againstLimit, type Figure, type Row } from './row.ts';
import { withStore, type StoreWorld } from './store-world.ts';

const ITEM_MAX_BYTES = 1_024;
const AGENT_NAME = 'research-assistant';

/** P11: the two items that a payment writes, as stored after it. The longest possible ones are for information. */
export async function measureItemSizes(): Promise<Row[]> {
  return withStore(async (store) => {
    const common = await storedSizes(store, AGENT_NAME);
    const longNames = 'a'.repeat(AGENT_NAME_MAX_CHARS);
    const withLongAgent = await storedSizes(store, longNames);
    // The user's id stands in the item and in its list key; the instrument of the world has a short one.
    const userId = store.world.instrument.userId;
    const worstPayment = withLongAgent.payment + 2 * (USER_ID_MAX_CHARS - userId.length);
    const most = { kind: 'ours_at_most', value: ITEM_MAX_BYTES } as const;
    const full = await fullSessionSize(store);
    const info = { kind: 'none' } as const;
    return [
      againstLimit('P11', 'payment item', bytes(common.payment), most),
      againstLimit(
        'P11',
        'session item',
        bytes(common.session),
        most,
        'nothing in flight; each payment in flight adds an entry',
      ),
      { ...againstLimit('P11', 'payment item, longest names', bytes(worstPayment), most), target: info },
      { ...againstLimit('P11', `session item, ${IN_FLIGHT_MAX} in flight`, bytes(full), most), target: info },
    ];
  });
}

function bytes(value: number): Figure {
  return { value, unit: 'bytes' };
}

async function storedSizes({ world, database }: StoreWorld, agentName: string) {
  const session = await world.open({ userId: world.instrument.userId });
  const payment = paid(await processPayment(world.deps, world.request(session, { agentName })));
  const sizeOf = async (pk: string): Promise<number> => {
    const input = { TableName: world.booksTable, Key: { pk: { S: pk } }, ConsistentRead: true };
    const { Item } = await database.client.send(new GetItemCommand(input));
    if (Item === undefined) throw new Error('the payment left no item');
    return sizeOfItem(Item);
  };
  return {
    payment: await sizeOf(`PAY#${payment.id}`),
    session: await sizeOf(`SES#${session.managerId}#${session.sessionId}`),
  };
}

async function fullSessionSize({ world }: StoreWorld): Promise<number> {
  const session = await world.open({ userId: 'u'.repeat(USER_ID_MAX_CHARS) });
  const payment = paid(
    await processPayment(world.deps, world.request(await world.open({ userId: world.instrument.userId }))),
  );
  const entry = { amount: toMicroUsd(500_000n), leaseUntil: payment.leaseUntil, charges: [] };
  const open = new Map(
    Array.from({ length: IN_FLIGHT_MAX }, (_, index) => [toEntryKey(payment.id, index + 1), entry] as const),
  );
  return sizeOfItem(toSessionItem({ ...session, open, inFlight: IN_FLIGHT_MAX }, payment.requestHash));
}
