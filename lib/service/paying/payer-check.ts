import type { Ledger } from '../../domain/ports/books.ts';
import type { Registry } from '../../domain/ports/registry.ts';
import type { Principal } from '../../domain/tenants/principal.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { Authorizer, EvmInstrument, PaymentInstrument } from '../../domain/tenants/resources.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { Payment } from '../../domain/payment/payment.ts';
import type { FreezeFacts } from '../../domain/payment/freeze.ts';
import { gateRefusal, type Gate } from '../../domain/payment/gate.ts';
import { sessionStatus, type Session } from '../../domain/payment/session.ts';
import type { Clock, EpochMs } from '../../domain/time.ts';
import { pinMismatch } from '../../domain/payment/pins.ts';
import { admitCaller, callerOf, noManager } from '../tenants/admission.ts';
import type { KnownPayer, PayerNames, Payer } from './payer.ts';

export interface PayerCheckDeps {
  readonly ledger: Pick<Ledger, 'readSession' | 'readGate'>;
  readonly registry: Pick<Registry, 'readManager' | 'readInstrument'>;
  readonly clock: Clock;
}

/** That a user may pay from an instrument within a session, as of the reads just made. */
export interface CheckedPayer<F extends Payer = KnownPayer> {
  readonly payer: F;
  readonly session: Session;
  readonly gate: Gate;
  /** As the call states it. */
  readonly agentName: string | null;
}

/** Why the wallet of a payer cannot be expected to cover a payment; `null` where it can. */
export type ShortageOf = (
  payment: Pick<Payment, 'id' | 'offer'>,
  checked: Pick<CheckedPayer<Payer>, 'session' | 'payer'>,
) => Promise<Refusal | null>;

/** Who pays, for which agent, and what, where that is known already. */
export interface PayerClaim extends PayerNames {
  readonly agentName: string | null;
  readonly offer?: NonNullable<FreezeFacts['offer']>;
}

/** A payer with the instrument as it was read. */
export interface PayerWithInstrument extends CheckedPayer {
  readonly instrument: EvmInstrument;
}

/** What was read: whether the manager lets the caller in, and if so whether the user may pay. */
export interface PayerCheck {
  readonly admission: Result<'admitted', Refusal>;
  readonly checked: Result<PayerWithInstrument, Refusal>;
}

/**
 * Reads gate, manager, session and instrument in one round trip and says whether the caller may come in and the user may pay. What is
 * missing, deleted or somebody else's is "not found", indistinguishably. The reserve checks the session's state again, in its
 * own write.
 */
export async function checkPayer(deps: PayerCheckDeps, key: PayerClaim, principal: Principal): Promise<PayerCheck> {
  const [gate, manager, session, instrument] = await Promise.all([
    deps.ledger.readGate(),
    deps.registry.readManager(key.managerId),
    deps.ledger.readSession(key),
    deps.registry.readInstrument(key, key.instrumentId),
  ]);
  const now = deps.clock.now();
  if (manager === null) {
    // Without the manager nobody can tell whom it admits, so that even a payment made under it is not replayed.
    const missing = noManager(principal);
    return { admission: missing, checked: missing };
  }
  const admission = admitCaller(manager.authorizer, principal, 'pay', now);
  const { authorizer } = manager;
  return {
    admission,
    checked: admission.ok ? judge({ gate, session, instrument, authorizer }, key, principal, now) : admission,
  };
}

function judge(
  read: {
    readonly gate: Gate;
    readonly session: Session | null;
    readonly instrument: PaymentInstrument | null;
    readonly authorizer: Authorizer;
  },
  claim: PayerClaim,
  principal: Principal,
  now: EpochMs,
): Result<PayerWithInstrument, Refusal> {
  const { gate, session, instrument, authorizer } = read;
  const { userId, agentName } = claim;
  if (session === null || session.userId !== userId) return refuse({ reason: 'session_not_found' });
  const status = sessionStatus(session, now);
  if (status === 'DELETED') return refuse({ reason: 'session_not_found' });
  if (status === 'EXPIRED') return refuse({ reason: 'session_expired', expiresAt: session.expiresAt });
  const closed = gateRefusal(gate, session, { ...claim, agentNames: [agentName] });
  if (closed !== null) return refuse(closed);
  // Enough here, and no condition of the reserve: pins are written with the session and never again.
  const pinned = pinMismatch(session.pins, { ...claim, caller: session.pins === undefined ? '' : callerOf(principal) });
  if (pinned !== null) return refuse({ reason: 'session_pinned', to: pinned });
  if (instrument === null || instrument.status === 'DELETED') {
    return refuse({ reason: 'instrument_not_found' });
  }
  // As `payingInstrument` has it, which would be a file of its own to load before the first payment.
  if (instrument.network !== 'ETHEREUM') return refuse({ reason: 'unsupported_wallet' });
  if (instrument.status !== 'ACTIVE' || instrument.wallet === null) {
    return refuse({ reason: 'instrument_not_active', status: instrument.status });
  }
  const { address, key } = instrument.wallet;
  const { deploymentId } = gate;
  const payer = { sessionExpiresAt: session.expiresAt, address, key, authorizer, deploymentId };
  return ok({ gate, session, instrument, payer, agentName });
}
