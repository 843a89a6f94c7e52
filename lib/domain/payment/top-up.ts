import type { MicroUsd } from '../money.ts';
import type { EpochMs } from '../time.ts';
import type { SessionKey } from './session.ts';

export interface TopUpKey extends SessionKey {
  /** Made of the client token, so that one token raises a limit once. */
  readonly topUpId: string;
}

/** One raise of a session's limit: who, when, from what to what. */
export interface TopUp extends TopUpKey {
  readonly userId: string;
  readonly from: MicroUsd;
  readonly to: MicroUsd;
  readonly at: EpochMs;
  /** Who called: the ARN of a role, or the subject of a token. */
  readonly by: string;
}

/** A top-up with the hash of the request that made it. */
export interface KeptTopUp {
  readonly topUp: TopUp;
  readonly requestHash: string;
}
