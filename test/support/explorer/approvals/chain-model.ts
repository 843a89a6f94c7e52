import type { Allowance } from '../../../../lib/domain/allowances/allowance.ts';
import type { Hex } from '../../../../lib/domain/payment/shapes.ts';
import type { WithdrawalOutcome } from '../../../../lib/domain/allowances/withdrawal-outcome.ts';
import type {
  AllowanceBooks,
  ApprovalChain,
  TransactionForm,
  TransactionInputs,
  WithdrawalOutcomes,
} from '../../../../lib/domain/ports/allowances.ts';
import type { ReplayWorld, Sleep } from '../replay.ts';

// One wallet's item in the books, and the chain that its transactions come to: values, which every request turns into others.

/** A transaction of the wallet. */
export interface Sent {
  readonly hash: Hex;
  readonly raw: Hex;
  readonly nonce: number;
  readonly amount: bigint;
}

export interface ApprovalState {
  readonly item: Allowance;
  /** All bytes that the books ever held. */
  readonly kept: ReadonlySet<Hex>;
  /** What nodes were given, and may put into a block in any order of fees. */
  readonly pool: readonly Sent[];
  /** Those of ours that are in blocks. */
  readonly mined: readonly Sent[];
  readonly nonce: number;
  /** Transactions of the wallet in final blocks. */
  readonly finalNonce: number;
  /** What the books hold of a withdrawal's end. */
  readonly outcome: WithdrawalOutcome | null;
}

export type ApprovalEffect =
  | { readonly kind: 'read' }
  | { readonly kind: 'write'; readonly next: Allowance }
  | { readonly kind: 'nonce' }
  | { readonly kind: 'receipts'; readonly hashes: readonly Hex[] }
  | { readonly kind: 'allowance' }
  | { readonly kind: 'final' }
  | { readonly kind: 'outcome'; readonly outcome: WithdrawalOutcome }
  | { readonly kind: 'broadcast'; readonly raw: Hex }
  /** No two signatures are alike, as with KMS. */
  | { readonly kind: 'sign'; readonly digest: string }
  | Sleep;

/** A transaction as text: what it is made of, and its signature. */
export const FORM: TransactionForm<TransactionInputs & { readonly amount: bigint }> = {
  message: (inputs) => ({ digest: Buffer.from(textOf(inputs)) }) as never,
  signed: (inputs, signature) => {
    const raw = toHex(
      JSON.stringify({ nonce: inputs.nonce, amount: `${inputs.amount}`, of: textOf(inputs), signature }),
    );
    return { raw, hash: raw };
  },
};

function textOf(inputs: TransactionInputs): string {
  return JSON.stringify(inputs, (_name, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));
}

function toHex(text: string): Hex {
  return `0x${Buffer.from(text).toString('hex')}`;
}

function parseSent(raw: Hex): Sent {
  const { nonce, amount } = JSON.parse(Buffer.from(raw.slice(2), 'hex').toString()) as {
    nonce: number;
    amount: string;
  };
  return { raw, hash: raw, nonce, amount: BigInt(amount) };
}

/** Applies one request. */
export function applyEffect(
  state: ApprovalState,
  effect: Exclude<ApprovalEffect, Sleep | { readonly kind: 'sign' }>,
): { readonly state: ApprovalState; readonly reply: unknown } {
  switch (effect.kind) {
    case 'read':
      return { state, reply: state.item };
    case 'write':
      return write(state, effect.next);
    case 'nonce':
      return { state, reply: state.nonce };
    case 'receipts': {
      const mined = state.mined.find(({ hash }) => effect.hashes.includes(hash));
      return { state, reply: mined === undefined ? null : { hash: mined.hash, succeeded: true } };
    }
    case 'allowance':
      // Sellers take at once what is approved, so that who begins anew finds nothing that would keep it from a second approval.
      return { state, reply: 0n };
    case 'final':
      return { state, reply: state.finalNonce };
    case 'outcome':
      return { state: { ...state, outcome: state.outcome ?? effect.outcome }, reply: undefined };
    case 'broadcast': {
      const known = state.pool.some(({ raw }) => raw === effect.raw);
      const sent = parseSent(effect.raw);
      if (known || sent.nonce < state.nonce) return { state, reply: undefined };
      return { state: { ...state, pool: [...state.pool, sent] }, reply: undefined };
    }
  }
}

function write(state: ApprovalState, next: Allowance) {
  if (next.version !== state.item.version + 1) return { state, reply: 'overtaken' };
  const raws = next.attempt?.copies.flatMap(({ signed }) => signed?.raw ?? []) ?? [];
  return { state: { ...state, item: next, kept: new Set([...state.kept, ...raws]) }, reply: 'written' };
}

/** The blocks that may come next: with any transaction that has the next nonce. */
export function nextBlocks(state: ApprovalState): readonly ApprovalState[] {
  return state.pool
    .filter(({ nonce }) => nonce === state.nonce)
    .map((sent) => ({ ...state, nonce: state.nonce + 1, mined: [...state.mined, sent] }));
}

/** The chain's blocks so far become final. `null`: they are. */
export function finalized(state: ApprovalState): ApprovalState | null {
  return state.finalNonce === state.nonce ? null : { ...state, finalNonce: state.nonce };
}

/** What a node that lags behind may not show yet of what it is asked for: what is final too, since some chains' blocks are so at once. */
export function mayLag(state: ApprovalState, effect: ApprovalEffect): 'lags' | 'finalLags' | null {
  const asked = effect.kind === 'receipts' ? effect.hashes : [];
  const shown = state.mined.find(({ hash }) => asked.includes(hash));
  if (shown === undefined) return null;
  return shown.nonce >= state.finalNonce ? 'lags' : 'finalLags';
}

/** A block with a transaction that is not ours, under the next nonce. */
export function foreignBlock(state: ApprovalState): ApprovalState {
  return { ...state, nonce: state.nonce + 1 };
}

/** The ports of a process, whose every request the explorer answers. */
export function portsOf({ request }: ReplayWorld<ApprovalEffect>) {
  const books: AllowanceBooks = {
    read: () => request({ kind: 'read' }),
    write: (next) => request({ kind: 'write', next }),
  };
  const chain: ApprovalChain = {
    // In the order of the real one: what is mined between the two is seen by the second.
    look: async (_owner, hashes) => {
      const nonce: number = await request({ kind: 'nonce' });
      const mined = hashes.length === 0 ? null : await request({ kind: 'receipts', hashes });
      return { nonce, pendingNonce: nonce, mined };
    },
    readFacts: async () => {
      const allowance: bigint = await request({ kind: 'allowance' });
      const fees = { maxFeePerGas: 10n, maxPriorityFeePerGas: 1n };
      return { allowance, balance: 10n ** 18n, gasLimit: 60_000n, ...fees };
    },
    readTransferFacts: () =>
      Promise.resolve({
        balance: 10n ** 18n,
        dataFee: 0n,
        gasLimit: 60_000n,
        maxFeePerGas: 10n,
        maxPriorityFeePerGas: 1n,
      }),
    lookAtFinal: async (_owner, hashes) => {
      const nonce: number = await request({ kind: 'final' });
      return { nonce, pendingNonce: nonce, mined: await request({ kind: 'receipts', hashes }) };
    },
    broadcast: (raw) => request({ kind: 'broadcast', raw }),
  };
  const outcomes: WithdrawalOutcomes = {
    read: () => Promise.reject(new Error('who sends reads no outcome')),
    write: (outcome) => request({ kind: 'outcome', outcome }),
  };
  const sign = ({ digest }: { readonly digest: Uint8Array }): Promise<Hex> =>
    request({ kind: 'sign', digest: Buffer.from(digest).toString('hex') });
  return { books, chain, outcomes, sign };
}
