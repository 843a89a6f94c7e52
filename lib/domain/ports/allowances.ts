import type { Allowance, AllowanceKey, Copy } from '../allowances/allowance.ts';
import type { ApprovalFacts, ApprovalNeed, ApprovalSight } from '../allowances/sight.ts';
import type { NetworkId } from '../assets.ts';
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
  /** Gives bytes to the chain. A failure says nothing of whether it has them. */
  broadcast(raw: Hex): Promise<void>;
}

export type ApprovalChains = ReadonlyMap<NetworkId, ApprovalChain>;

/** What the sessions of a wallet's owner may still need of one of its tokens. */
export type ReadNeed = (allowance: Allowance, token: Hex) => Promise<ApprovalNeed>;

/** All that an approval is made of besides what our own tables say: frozen before it is signed. */
export interface ApprovalInputs {
  readonly network: NetworkId;
  readonly token: Hex;
  readonly amount: bigint;
  readonly nonce: number;
  readonly gasLimit: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** How approvals of a chain family look. Throws where an input is out of its bounds: a bug, never input. */
export interface ApprovalForm {
  message(inputs: ApprovalInputs): SigningMessage;
  signed(inputs: ApprovalInputs, signature: Signature): NonNullable<Copy['signed']>;
}
