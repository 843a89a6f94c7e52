import { APPROVAL_AMOUNT_MAX } from '../domain/limits.ts';
import { formatInstant, type EpochMs } from '../domain/time.ts';
import type { AllowanceChange } from '../ledger/dynamodb/allowances/allowance-changes.ts';
import { EVENT_VERSION } from './event-version.ts';
import type { DetailOf, EventType } from './schemas.ts';

type AllowanceEventType = Extract<EventType, `allowance.${string}`>;
type AllowanceEvent = {
  [T in AllowanceEventType]: { readonly type: T; readonly at: EpochMs; readonly detail: Readonly<DetailOf<T>> };
}[AllowanceEventType];

const REASONS = {
  gas_missing: 'GAS',
  gas_budget: 'GAS_BUDGET',
  nonce_busy: 'NONCE',
  fee_ceiling: 'FEE',
  reverted: 'REVERTED',
  not_needed: 'NOT_NEEDED',
} as const;

/** What happened to a wallet's approvals, in the words of events. */
export function allowanceEvent(change: AllowanceChange): AllowanceEvent {
  const { network, owner, managerId, userId, instrumentId, version, token, at } = change;
  const detail = {
    version: EVENT_VERSION,
    id: `allowance/${network}/${owner}/${version}`,
    paymentManagerId: managerId,
    userId,
    paymentInstrumentId: instrumentId,
    network,
    walletAddress: owner,
    asset: token,
  } as const;
  const [amountOf, instant] = [(amount: bigint) => amount.toString(), formatInstant(at)];
  switch (change.kind) {
    case 'requested': {
      const { most, sessionId: paymentSessionId } = change;
      const assetAmountMax = most === APPROVAL_AMOUNT_MAX ? null : amountOf(most);
      return {
        type: 'allowance.requested',
        at,
        detail: { ...detail, paymentSessionId, assetAmountMax, requestedAt: instant },
      };
    }
    case 'sent': {
      const { amount, transaction } = change;
      return {
        type: 'allowance.sent',
        at,
        detail: { ...detail, assetAmount: amountOf(amount), transaction, sentAt: instant },
      };
    }
    case 'mined': {
      const { amount, transaction } = change;
      return {
        type: 'allowance.mined',
        at,
        detail: { ...detail, assetAmount: amountOf(amount), transaction, minedAt: instant },
      };
    }
    case 'sufficient':
      return {
        type: 'allowance.sufficient',
        at,
        detail: { ...detail, assetAmount: amountOf(change.amount), seenAt: instant },
      };
    case 'failed': {
      const { why, transaction } = change;
      return {
        type: 'allowance.failed',
        at,
        detail: { ...detail, reason: REASONS[why], transaction, failedAt: instant },
      };
    }
  }
}
