import type { Allowance } from '../../domain/allowances/allowance.ts';
import { gasOfDay } from '../../domain/allowances/allowance.ts';
import type { Network } from '../../domain/assets.ts';
import type { Hex } from '../../domain/payment/shapes.ts';
import { APPROVAL_AMOUNT_MAX } from '../../domain/limits.ts';
import { formatInstant, type EpochMs } from '../../domain/time.ts';
import { WAITS } from './waits.ts';

const ENDS = {
  approved: 'APPROVED',
  sufficient: 'SUFFICIENT',
  not_needed: 'NOT_NEEDED',
  reverted: 'REVERTED',
} as const;

/** What is known of a wallet's approvals. */
export function toAllowanceView(
  { allowance, network }: { readonly allowance: Allowance; readonly network: Network },
  { spender, gasPerDay, now }: { readonly spender: Hex; readonly gasPerDay: bigint | null; readonly now: EpochMs },
) {
  const { instrumentId, owner, want, attempt, end, hindrance } = allowance;
  const { usdc } = network;
  const most = (want ?? attempt?.want)?.most;
  const approval = attempt?.want == null ? null : attempt;
  const isOver = want === null && approval === null;
  const amount = approval?.amount ?? (isOver && end !== null && 'amount' in end ? end.amount : undefined);
  return {
    paymentInstrumentId: instrumentId,
    walletAddress: owner,
    network: network.id,
    token: usdc.symbol,
    asset: usdc.address,
    spender,
    status: statusOf(allowance),
    ...(hindrance === null ? {} : { waitsFor: WAITS[hindrance] }),
    ...(most === undefined || most === APPROVAL_AMOUNT_MAX ? {} : { requested: `${most}` }),
    ...(amount === undefined ? {} : { amount: `${amount}` }),
    ...(isOver && end !== null && 'transaction' in end ? { transaction: end.transaction } : {}),
    ...(isOver && end !== null ? { endedAt: formatInstant(end.at) } : {}),
    gas: { perDay: gasPerDay === null ? null : `${gasPerDay}`, today: `${gasOfDay(allowance, now).wei}` },
  };
}

function statusOf({ want, attempt, end }: Allowance) {
  // A withdrawal of the wallet's coin is no approval.
  if (attempt?.want != null) return 'UNDER_WAY' as const;
  if (want !== null) return 'REQUESTED' as const;
  return end === null ? ('NONE' as const) : ENDS[end.kind];
}
