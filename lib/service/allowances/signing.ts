import {
  unsignedCopy,
  type Allowance,
  type AllowanceKey,
  type ApprovalAttempt,
  type Copy,
} from '../../domain/allowances/allowance.ts';
import { keepBytes } from '../../domain/allowances/steps.ts';
import { findNetwork } from '../../domain/assets.ts';
import { findFreeze } from '../../domain/payment/freeze.ts';
import type { AllowanceBooks, ApprovalForm } from '../../domain/ports/allowances.ts';
import type { Gate } from '../../domain/payment/gate.ts';
import type { Ledger } from '../../domain/ports/books.ts';
import type { Registry } from '../../domain/ports/registry.ts';
import type { Signer } from '../../domain/ports/services.ts';
import type { InstrumentType } from '../../domain/tenants/wallet-shapes.ts';
import type { Clock } from '../../domain/time.ts';
import { signsTransactions } from '../../wallets/abilities.ts';
import { judgeWithdrawal, type ToSign, type WithdrawalSigning } from './signing-withdrawals.ts';

export interface ApprovalSigningDeps {
  readonly books: AllowanceBooks;
  readonly registry: Pick<Registry, 'readInstrument'>;
  readonly ledger: Pick<Ledger, 'readGate'>;
  readonly signers: Readonly<Record<InstrumentType, Signer>>;
  readonly form: ApprovalForm;
  readonly withdrawals: WithdrawalSigning;
  readonly allowedNetworks: ReadonlySet<string>;
  /** The most that one transaction may cost, in wei: the budget of a wallet's day. */
  readonly gasPerDay: bigint;
  readonly clock: Clock;
}

/** What became of a copy that was to be signed. */
export type ApprovalSigning =
  | 'signed'
  /** There is none, or somebody else was faster. */
  | 'nothing'
  /** The books or the wallet's part of them are frozen, the network is not allowed any more, or the wallet is gone: it stays as it is. */
  | 'refused';

/**
 * Signs the copy that waits for it, from what is written alone, and keeps the bytes; sends nothing. Two that sign the same keep one
 * signature between them, and the other leaves no process. Throws as the signer and the books do, and may then be called again.
 */
export async function signApproval(deps: ApprovalSigningDeps, key: AllowanceKey): Promise<ApprovalSigning> {
  const [allowance, gate] = await Promise.all([deps.books.read(key), deps.ledger.readGate()]);
  const copy = allowance === null ? null : unsignedCopy(allowance);
  if (allowance === null || copy === null || allowance.attempt === null) return 'nothing';
  const { attempt, owner } = allowance;
  if (gate.frozenAt !== null) return 'refused';
  if (!deps.allowedNetworks.has(key.network) || findNetwork(key.network) === undefined) return 'refused';
  // Whoever wrote this has no key, and is not to decide what a transaction may cost or be for.
  if (attempt.gasLimit * copy.maxFeePerGas > deps.gasPerDay) return 'refused';
  const toSign =
    attempt.want === null
      ? await judgeWithdrawal(deps, { allowance, attempt, copy, gate })
      : await judgeApproval(deps, { allowance, attempt, copy, gate });
  if (toSign === null) return 'refused';
  // A provider is asked for typed data alone.
  if (!signsTransactions(toSign.key.type)) return 'refused';
  const signature = await deps.signers[toSign.key.type].sign(toSign.key, toSign.message, owner);
  const next = keepBytes(allowance, toSign.signed(signature), deps.clock.now());
  return (await deps.books.write(next)) === 'written' ? 'signed' : 'nothing';
}

async function judgeApproval(
  { registry, form }: ApprovalSigningDeps,
  {
    allowance,
    attempt,
    copy,
    gate,
  }: {
    readonly allowance: Allowance;
    readonly attempt: ApprovalAttempt;
    readonly copy: Copy;
    readonly gate: Gate;
  },
): Promise<ToSign | null> {
  const { network, owner, managerId, userId, instrumentId } = allowance;
  const { amount, nonce, gasLimit, want } = attempt;
  const { token, sessionId } = want;
  const offer = { payTo: owner, network, asset: token };
  const facts = { managerId, userId, instrumentId, sessionId: sessionId ?? '', agentNames: [], offer };
  if (findFreeze(gate.freezes, facts) !== null) return null;
  const instrument = await registry.readInstrument(allowance, instrumentId);
  if (instrument === null || instrument.network !== 'ETHEREUM' || instrument.status === 'DELETED') return null;
  const { wallet } = instrument;
  if (wallet === null || wallet.address !== owner) return null;
  if (amount > want.most) return null;
  const { maxFeePerGas, maxPriorityFeePerGas } = copy;
  const inputs = { network, token, amount, nonce, gasLimit, maxFeePerGas, maxPriorityFeePerGas };
  return {
    key: wallet.key,
    message: form.message(inputs),
    signed: (signature) => form.signed(inputs, signature),
  };
}
