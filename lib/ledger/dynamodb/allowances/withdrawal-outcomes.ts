import { unpackAddress } from '../../../chains/families.ts';
import type { WithdrawalOutcome } from '../../../domain/allowances/withdrawal-outcome.ts';
import { findNetwork } from '../../../domain/assets.ts';
import type { PaymentId } from '../../../domain/ids.ts';
import { InvariantViolated } from '../../../domain/invariant.ts';
import type { WithdrawalOutcomes } from '../../../domain/ports/allowances.ts';
import {
  SCHEMA_VERSION,
  assertReadable,
  bytes,
  number,
  readBigInt,
  readHex,
  readInstant,
  readOneOf,
  readText,
  text,
} from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import { putIf, type StoreTable } from '../store/conditional-write.ts';

// docs/reference/storage-schema.md lists every attribute.

export const OUTCOME_PREFIX = 'WDR#';
const RESULTS = { settled: 's', reverted: 'r' } as const;

const pkOf = (paymentId: PaymentId): string => `${OUTCOME_PREFIX}${paymentId}`;

/** What became of withdrawals of coins, in the table of the books. */
export function createWithdrawalOutcomes(table: StoreTable): WithdrawalOutcomes {
  return {
    read: async (paymentId) => {
      const Key = { pk: text(pkOf(paymentId)) };
      const item = await table.client.getItem({ TableName: table.tableName, Key, ConsistentRead: true });
      return item === null ? null : parseOutcomeItem(item);
    },
    write: async (outcome) => {
      await putIf(table, toOutcomeItem(outcome), { expression: 'attribute_not_exists(pk)' });
    },
  };
}

export function toOutcomeItem(outcome: WithdrawalOutcome): Item {
  const { paymentId, managerId, userId, sessionId, instrumentId, agentName, network, asset, amount, payTo } = outcome;
  return {
    pk: text(pkOf(paymentId)),
    v: number(SCHEMA_VERSION),
    m: text(managerId),
    u: text(userId),
    s: text(sessionId),
    i: text(instrumentId),
    ...(agentName === null ? {} : { ag: text(agentName) }),
    nw: text(network),
    ast: bytes(asset),
    ba: number(amount),
    pt: bytes(payTo),
    hs: bytes(outcome.transaction),
    re: text(outcome.succeeded ? RESULTS.settled : RESULTS.reverted),
    at: number(outcome.at),
  };
}

export function parseOutcomeItem(item: Item): WithdrawalOutcome {
  assertReadable(item);
  const network = findNetwork(readText(item, 'nw'))?.id;
  if (network === undefined) throw new InvariantViolated(`stored item ${readText(item, 'pk')} is of no known network`);
  return {
    paymentId: readText(item, 'pk').slice(OUTCOME_PREFIX.length) as PaymentId,
    managerId: readText(item, 'm'),
    userId: readText(item, 'u'),
    sessionId: readText(item, 's'),
    instrumentId: readText(item, 'i'),
    agentName: item['ag']?.S ?? null,
    network,
    asset: unpackAddress(network, readHex(item, 'ast')),
    amount: readBigInt(item, 'ba'),
    payTo: unpackAddress(network, readHex(item, 'pt')),
    transaction: readHex(item, 'hs'),
    succeeded: readOneOf(item, 're', [RESULTS.settled, RESULTS.reverted]) === RESULTS.settled,
    at: readInstant(item, 'at'),
  };
}
