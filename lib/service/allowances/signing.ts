import { unsignedCopy, type AllowanceKey } from '../../domain/allowances/allowance.ts';
import { keepBytes } from '../../domain/allowances/steps.ts';
import { findNetwork } from '../../domain/assets.ts';
import { findFreeze } from '../../domain/payment/freeze.ts';
import type { AllowanceBooks, ApprovalForm } from '../../domain/ports/allowances.ts';
import type { Ledger } from '../../domain/ports/books.ts';
import type { Registry } from '../../domain/ports/registry.ts';
import type { Signer } from '../../domain/ports/services.ts';
import type { InstrumentType } from '../../domain/tenants/wallet-shapes.ts';
import type { Clock } from '../../domain/time.ts';
import { signsTransactions } from '../../wallets/abilities.ts';

export interface ApprovalSigningDeps {
  readonly books: AllowanceBooks;
  readonly registry: Pick<Registry, 'readInstrument'>;
  readonly ledger: Pick<Ledger, 'readGate'>;
  readonly signers: Readonly<Record<InstrumentType, Signer>>;
  readonly form: ApprovalForm;
  readonly allowedNetworks: ReadonlySet<string>;
  /** The most that one approval may cost, in wei: the budget of a wallet's day. */
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
  const { attempt, owner, managerId, userId, instrumentId } = allowance;
  const { token, sessionId } = attempt.want;
  const offer = { payTo: owner, network: key.network, asset: token };
  const facts = { managerId, userId, instrumentId, sessionId: sessionId ?? '', agentNames: [], offer };
  if (gate.frozenAt !== null || findFreeze(gate.freezes, facts) !== null) return 'refused';
  if (!deps.allowedNetworks.has(key.network) || findNetwork(key.network) === undefined) return 'refused';
  const instrument = await deps.registry.readInstrument(allowance, allowance.instrumentId);
  const wallet = instrument?.wallet;
  if (wallet == null || wallet.address !== owner || instrument?.status === 'DELETED') return 'refused';
  // A provider is asked for typed data alone.
  if (!signsTransactions(wallet.key.type)) return 'refused';
  const { maxFeePerGas, maxPriorityFeePerGas } = copy;
  const { amount, nonce, gasLimit, want } = attempt;
  // Whoever wrote this has no key, and is not to decide what an approval may cost or be for.
  if (amount > want.most || gasLimit * maxFeePerGas > deps.gasPerDay) return 'refused';
  const inputs = { network: key.network, token, amount, nonce, gasLimit, maxFeePerGas, maxPriorityFeePerGas };
  const signature = await deps.signers[wallet.key.type].sign(wallet.key, deps.form.message(inputs), owner);
  const next = keepBytes(allowance, deps.form.signed(inputs, signature), deps.clock.now());
  return (await deps.books.write(next)) === 'written' ? 'signed' : 'nothing';
}
