import type { FreezeSubject } from '../payment/freeze.ts';
import type { Gate } from '../payment/gate.ts';
import type { EpochMs } from '../time.ts';

/** Looking at the gate without making it. */
export interface GateReader {
  /** Strongly consistent. `null`: the books are new. */
  find(): Promise<Gate | null>;
}

/** What is frozen or thawed: `null` stands for the whole deployment. */
export type Freezable = FreezeSubject | null;

/** Keeping the gate. Each change is one request, and repeating it is harmless. */
export interface GateKeeper extends GateReader {
  /**
   * Nothing new is reserved or signed there from then on. The gate bears the instant of the latest freeze, so that a thaw of an earlier
   * one that comes late does not end it.
   */
  freeze(what: Freezable, change: { readonly at: EpochMs; readonly by: string }): Promise<Gate>;
  /** Ends the freeze that began at an instant. A later freeze stays: a thaw that arrives late must not undo it. */
  thaw(what: Freezable, change: { readonly since: EpochMs; readonly at: EpochMs; readonly by: string }): Promise<Gate>;
  /** Closes the sessions that were opened before an instant. The floor only rises. */
  raiseFloor(to: EpochMs): Promise<Gate>;
}
