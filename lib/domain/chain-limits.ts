// The bounds of asking chains, as `limits.ts` has all others.

/** One answer of one endpoint. */
export const CHAIN_RPC_TIMEOUT_MS = 4_000;
/** All endpoints together, for one read. */
export const CHAIN_READ_MAX_MS = 9_000;
/** All endpoints together, for what takes some sixty answers. */
export const CHAIN_TRACE_MAX_MS = 25_000;
/** An answer is a word, a block or the events of one. */
export const CHAIN_ANSWER_MAX_BYTES = 1024 * 1024;
/** For how long an endpoint that failed is asked after the others. */
export const CHAIN_ENDPOINT_REST_MS = 30_000;
/** Endpoints of one network. */
export const RPC_ENDPOINTS_MAX = 4;
/** All endpoints together, as JSON: a function's environment holds 4 kB in all. */
export const RPC_URLS_MAX_CHARS = 2_048;
/** For how long a balance is shown again: a block of the chains that are paid on. */
export const BALANCE_SHOWN_MS = 2_000;
export const BALANCES_SHOWN_MAX = 1_000;
/** What a payment may wait for its chain: one answer of one endpoint, and all of them. */
export const PAYING_RPC_TIMEOUT_MS = 1_500;
export const PAYING_READ_MAX_MS = 3_500;
