// The bounds of the page of a wallet, as `limits.ts` has all others.

/** The secret of a link to a wallet's page, and of the session that it opens. */
export const WALLET_LINK_BYTES = 32;
/** How long a link may wait for the one that opens it. */
export const WALLET_LINK_MINUTES_MAX = 1_440;
export const WALLET_LINK_MINUTES_DEFAULT = 60;
/** How long who opened it may use the page: long enough to grant on a provider's page and come back. */
export const WALLET_PAGE_LIFE_MS = 30 * 60_000;
/** Open sessions that a wallet's page shows, and of how many it looks for them. */
export const WALLET_PAGE_SESSIONS_MAX = 10;
export const WALLET_PAGE_SESSIONS_READ_MAX = 50;
