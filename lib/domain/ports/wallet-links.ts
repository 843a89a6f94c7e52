import type { EpochMs } from '../time.ts';

/** The one wallet whose page somebody may use, and until when. */
export interface WalletPageGrant {
  readonly managerId: string;
  readonly userId: string;
  readonly instrumentId: string;
  /** Who asks to spend from it, in the words of who made the link; `null`: that was not said. */
  readonly agentName: string | null;
  readonly expiresAt: EpochMs;
}

/** One-time links to the pages of wallets, and the sessions that they open; each by the digest of its secret. */
export interface WalletLinks {
  keepLink(digest: string, grant: WalletPageGrant): Promise<void>;
  /** Takes a link away for good and says what it was for, to exactly one caller; `null` to every other one. */
  redeemLink(digest: string): Promise<WalletPageGrant | null>;
  keepSession(digest: string, grant: WalletPageGrant): Promise<void>;
  findSession(digest: string): Promise<WalletPageGrant | null>;
  /** Ends a session; one that is not there is no mistake. */
  endSession(digest: string): Promise<void>;
}
