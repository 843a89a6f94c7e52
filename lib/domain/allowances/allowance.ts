import type { NetworkId } from '../assets.ts';
import type { PaymentId } from '../ids.ts';
import type { Hex } from '../payment/shapes.ts';
import type { EpochMs } from '../time.ts';

/** A wallet on a network: it has one nonce there, and so one transaction in flight. */
export interface AllowanceKey {
  readonly network: NetworkId;
  readonly owner: Hex;
}

/** What somebody asks the wallet to let Permit2 take. Amounts are in the token's smallest unit. */
export interface Want {
  readonly token: Hex;
  /** The most to approve; what open sessions may still need bounds it besides. */
  readonly most: bigint;
  /** Nothing is sent while the chain shows as much. `null`: it is to be exactly what is approved. */
  readonly least: bigint | null;
  readonly askedAt: EpochMs;
  /** The session of the payment that it was asked for with; `null`: its owner's backend asked. */
  readonly sessionId: string | null;
}

/** A withdrawal of the network's own coin that the books have decided, and that is to be sent. Amounts are in wei. */
export interface Withdrawal {
  readonly paymentId: PaymentId;
  readonly to: Hex;
  readonly amount: bigint;
  readonly askedAt: EpochMs;
  /** From then on nothing of it is signed for the first time. */
  readonly until: EpochMs;
  readonly hindrance: Hindrance | null;
}

/** One signing of a transaction: its fees, and the bytes once they are signed. */
export interface Copy {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  readonly frozenAt: EpochMs;
  readonly signed: { readonly raw: Hex; readonly hash: Hex } | null;
}

/** A transaction under one nonce: of its copies, which differ in their fees, the chain takes one at most. Only the last may be unsigned. */
interface AttemptBase {
  readonly nonce: number;
  readonly gasLimit: bigint;
  readonly copies: readonly Copy[];
  /** When the last signed copy was given to the chain first; `null`: nobody knows of it yet. */
  readonly sentAt: EpochMs | null;
}

/** An approval of Permit2. */
export interface ApprovalAttempt extends AttemptBase {
  readonly want: Want;
  readonly amount: bigint;
  readonly withdrawal: null;
}

/** A transfer of the network's own coin. */
export interface WithdrawalAttempt extends AttemptBase {
  readonly want: null;
  readonly withdrawal: Withdrawal;
  /** Since when a final block has its nonce and nobody showed a copy that has it; `null`: that was not seen. */
  readonly lostAt: EpochMs | null;
}

export type Attempt = ApprovalAttempt | WithdrawalAttempt;

/** Why nothing happens at the moment. */
export type Hindrance =
  /** The wallet lacks the coin for gas, or for what is to leave it and gas. */
  | 'gas_missing'
  /** The day's budget of gas is used up. */
  | 'gas_budget'
  /** A transaction that is not ours is under way from the wallet. */
  | 'nonce_busy'
  /** The chain does not take the transaction, and the fee is not to be raised any further. */
  | 'fee_ceiling';

/** What became of what was asked for last. */
export type AllowanceEnd =
  | {
      readonly kind: 'approved';
      readonly token: Hex;
      readonly amount: bigint;
      readonly transaction: Hex;
      readonly at: EpochMs;
    }
  /** The chain showed enough already. */
  | { readonly kind: 'sufficient'; readonly token: Hex; readonly amount: bigint; readonly at: EpochMs }
  /** No open session may need any of it, or less than was asked for may be approved. */
  | { readonly kind: 'not_needed'; readonly token: Hex; readonly at: EpochMs }
  /** The token's contract refused. */
  | { readonly kind: 'reverted'; readonly token: Hex; readonly transaction: Hex; readonly at: EpochMs };

/** What Bursar knows of one wallet's own transactions on one network: its approvals, and the withdrawals of its coin. */
export interface Allowance extends AllowanceKey {
  readonly managerId: string;
  readonly userId: string;
  readonly instrumentId: string;
  /** Rises with every write, which is made only upon the version that was read. */
  readonly version: number;
  readonly want: Want | null;
  /** Asked for and not under way yet. There is one at a time, here or in the attempt. */
  readonly withdrawal: Withdrawal | null;
  readonly attempt: Attempt | null;
  /** The most that the transactions of a day can cost, in wei; the day counts from 1970-01-01. */
  readonly gas: { readonly day: number; readonly wei: bigint };
  readonly hindrance: Hindrance | null;
  readonly end: AllowanceEnd | null;
  /** When the sender looks again; `null`: there is nothing to do. */
  readonly visitAt: EpochMs | null;
}

/** A wallet of which nothing was ever asked. */
export function newAllowance(key: AllowanceKey & Pick<Allowance, 'managerId' | 'userId' | 'instrumentId'>): Allowance {
  const { network, owner, managerId, userId, instrumentId } = key;
  return {
    network,
    owner,
    managerId,
    userId,
    instrumentId,
    version: 0,
    want: null,
    withdrawal: null,
    attempt: null,
    gas: { day: 0, wei: 0n },
    hindrance: null,
    end: null,
    visitAt: null,
  };
}

/** The copy that waits for its signature; `null`: there is none. */
export function unsignedCopy({ attempt }: Pick<Allowance, 'attempt'>): Copy | null {
  const last = attempt?.copies.at(-1);
  return last !== undefined && last.signed === null ? last : null;
}

/** The bytes that the chain is to get: those of the newest copy that is signed. */
export function newestSigned({ copies }: Attempt): NonNullable<Copy['signed']> | null {
  return copies.findLast(({ signed }) => signed !== null)?.signed ?? null;
}

const DAY_MS = 86_400_000;

/** What the day's transactions can cost so far. */
export function gasOfDay({ gas }: Pick<Allowance, 'gas'>, now: EpochMs): Allowance['gas'] {
  const day = Math.floor(now / DAY_MS);
  return gas.day === day ? gas : { day, wei: 0n };
}
