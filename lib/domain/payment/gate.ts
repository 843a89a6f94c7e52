import type { EpochMs } from '../time.ts';

/**
 * Whether a deployment reserves and signs at all. It is one item of the books, so that it is restored together with them, and
 * it names the deployment: what makes an authorization single on its chain is derived from that name and the payment's id.
 */
export interface Gate {
  /** Drawn once, when the books are new, and never changed. 32 hexadecimal digits; no secret. */
  readonly deploymentId: string;
  /** Sessions that were opened before this take no reservation. After a restore, nobody knows what they paid already. */
  readonly floor: EpochMs | null;
  /** While set, nothing new is reserved or signed; what is signed already is still replayed. */
  readonly frozenAt: EpochMs | null;
}

/** Used in place of the gate while the books are new, where nothing is derived from its name. */
export const OPEN_GATE: Gate = { deploymentId: '', floor: null, frozenAt: null };

/** Why a session takes no reservation at this gate; `null` where it does. */
export function gateRefusal(
  { floor, frozenAt }: Gate,
  session: { readonly createdAt: EpochMs },
):
  | { readonly reason: 'frozen'; readonly since: EpochMs }
  | { readonly reason: 'session_below_floor'; readonly floor: EpochMs }
  | null {
  if (frozenAt !== null) return { reason: 'frozen', since: frozenAt };
  return floor !== null && session.createdAt < floor ? { reason: 'session_below_floor', floor } : null;
}
