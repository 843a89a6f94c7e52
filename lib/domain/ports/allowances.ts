import type { Allowance, AllowanceKey, Copy } from '../allowances/allowance.ts';
import type { ApprovalFacts, ApprovalNeed, ApprovalSight, TransferFacts } from '../allowances/sight.ts';
import type { WithdrawalOutcome } from '../allowances/withdrawal-outcome.ts';
import type { NetworkId } from '../assets.ts';
import type { PaymentId } from '../ids.ts';
import type { Hex, Signature, SigningMessage } from '../payment/shapes.ts';
import type { EpochMs } from '../time.ts';

/** What is known of wallets' approvals: one item each, which changes whole, upon the version that was read. */
export interface AllowanceBooks {
  /** Strongly consistent. */
  read(key: AllowanceKey): Promise<Allowance | null>;
  /** Writes the next version. `overtaken`: somebody else has written it, and nothing was changed. May throw `OutcomeUnknown`. */
  write(next: Allowance): Promise<'written' | 'overtaken'>;
}

/** Wallets that the sender is to look at, as an index shows them a moment later. */
export interface AllowanceVisits {
  due(now: EpochMs): Promise<readonly AllowanceKey[]>;
}

/** One chain, as those who send approvals need it. No key, and nothing but what is signed leaves. */
export interface ApprovalChain {
  /** The nonces first, then each of the transactions. */
  look(owner: Hex, hashes: readonly Hex[]): Promise<ApprovalSight>;
  readFacts(owner: Hex, token: Hex): Promise<ApprovalFacts>;
  /** Of a transfer of the chain's own coin. Throws where the chain says that it would fail. */
  readTransferFacts(owner: Hex, transfer: { readonly to: Hex; readonly amount: bigint }): Promise<TransferFacts>;
  /** The same look whose `nonce` counts the transactions that are in final blocks, all by one endpoint. Of its nodes one may lag behind another. */
  lookAtFinal(owner: Hex, hashes: readonly Hex[]): Promise<ApprovalSight>;
  /** Gives bytes to the chain. A failure says nothing of whether it has them. */
  broadcast(raw: Hex): Promise<void>;
}

export type ApprovalChains = ReadonlyMap<NetworkId, ApprovalChain>;

/** What became of withdrawals of coins: written once each, and never changed. */
export interface WithdrawalOutcomes {
  /** Strongly consistent. */
  read(paymentId: PaymentId): Promise<WithdrawalOutcome | null>;
  /** Nothing is changed where there is one. */
  write(outcome: WithdrawalOutcome): Promise<void>;
}

/** What the sessions of a wallet's owner may still need of one of its tokens. */
export type ReadNeed = (allowance: Allowance, token: Hex) => Promise<ApprovalNeed>;

/** What a transaction is made of besides what it does: frozen before it is signed. */
export interface TransactionInputs {
  readonly network: NetworkId;
  readonly nonce: number;
  readonly gasLimit: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** All that an approval is made of besides what our own tables say. */
export interface ApprovalInputs extends TransactionInputs {
  readonly token: Hex;
  readonly amount: bigint;
}

/** All that a transfer of the chain's own coin is made of. */
export interface TransferInputs extends TransactionInputs {
  readonly to: Hex;
  readonly amount: bigint;
}

/** How transactions of a chain family look. Throws where an input is out of its bounds: a bug, never input. */
export interface TransactionForm<I extends TransactionInputs> {
  message(inputs: I): SigningMessage;
  signed(inputs: I, signature: Signature): NonNullable<Copy['signed']>;
}

export type ApprovalForm = TransactionForm<ApprovalInputs>;
export type TransferForm = TransactionForm<TransferInputs>;
