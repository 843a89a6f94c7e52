import type { Hex } from '../payment/shapes.ts';

/** What a chain shows of a wallet, in this order: the nonce is read before the transactions are looked for. */
export interface ApprovalSight {
  /** Transactions of the wallet that are in blocks. */
  readonly nonce: number;
  /** The same with those that wait for a block, as the endpoint knows them. */
  readonly pendingNonce: number;
  /** Of the copies that were signed, the one that is in a block. */
  readonly mined: { readonly hash: Hex; readonly succeeded: boolean } | null;
}

/** What a new approval is made of. */
export interface ApprovalFacts {
  /** How much Permit2 may take of the token now. */
  readonly allowance: bigint;
  /** The wallet's own coin, in wei. */
  readonly balance: bigint;
  readonly gasLimit: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** What a transfer of the network's own coin is made of. */
export type TransferFacts = Omit<ApprovalFacts, 'allowance'> & {
  /** The most that a rollup takes for the transaction's data besides, in wei. */
  readonly dataFee: bigint;
};

/** What may still be asked of a wallet's token, in its smallest unit. */
export interface ApprovalNeed {
  /** The sum of what open sessions may still need; `null`: one of them has no limit. */
  readonly most: bigint | null;
  /** Of it, what is signed already and can still be taken. */
  readonly signed: bigint;
}
