import type { EpochMs } from '../time.ts';
import { findFreeze, type FreezeFacts, type Freezes, type FreezeScope } from './freeze.ts';

/**
 * Whether a deployment reserves and signs at all, and for whom it does not. It is one item of the books, so that it is restored
 * together with them, and it names the deployment: what makes an authorization single on its chain is derived from that name and the
 * payment's id.
 */
export interface Gate {
  /** Drawn once, when the books are new, and never changed. 32 hexadecimal digits; no secret. */
  readonly deploymentId: string;
  /** Sessions that were opened before this take no reservation. After a restore, nobody knows what they paid already. */
  readonly floor: EpochMs | null;
  /** While set, nothing new is reserved or signed; what is signed already is still replayed. */
  readonly frozenAt: EpochMs | null;
  /** The same for what is named here alone. */
  readonly freezes: Freezes;
}

/** Used in place of the gate while the books are new, where nothing is derived from its name. */
export const OPEN_GATE: Gate = { deploymentId: '', floor: null, frozenAt: null, freezes: new Map() };

export interface FrozenRefusal {
  readonly reason: 'frozen';
  /** What is frozen. */
  readonly scope: 'deployment' | FreezeScope;
  readonly since: EpochMs;
}

/** Why a session takes no reservation for such a payment at this gate; `null` where it does. */
export function gateRefusal(
  { floor, frozenAt, freezes }: Gate,
  session: { readonly createdAt: EpochMs },
  facts: FreezeFacts,
): FrozenRefusal | { readonly reason: 'session_below_floor'; readonly floor: EpochMs } | null {
  if (frozenAt !== null) return { reason: 'frozen', scope: 'deployment', since: frozenAt };
  if (floor !== null && session.createdAt < floor) return { reason: 'session_below_floor', floor };
  const freeze = findFreeze(freezes, facts);
  return freeze === null ? null : { reason: 'frozen', ...freeze };
}
