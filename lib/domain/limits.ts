// Every bound of the system, with its unit in the name. A bound that is not here does not exist.

export const BODY_MAX_BYTES = 64 * 1024;
export const JSON_DEPTH_MAX = 16;
export const JSON_MEMBERS_MAX = 2_000;

export const USER_ID_MAX_CHARS = 120;
export const AGENT_NAME_MAX_CHARS = 256;
export const CLIENT_TOKEN_MIN_CHARS = 33;
export const CLIENT_TOKEN_MAX_CHARS = 256;
export const PAGE_SIZE_MAX = 100;
export const PAGE_SIZE_DEFAULT = 100;
export const NEXT_TOKEN_MAX_CHARS = 2_048;
/** Queries that one page of a list may take where some items are filtered out; a page may then hold fewer than asked for. */
export const LIST_QUERIES_MAX = 4;
/** Reads of one batch while the database leaves keys of it unprocessed. The wait between them doubles. */
export const BATCH_READ_ATTEMPTS_MAX = 4;
export const BATCH_READ_WAIT_MIN_MS = 25;

export const SESSION_MINUTES_MIN = 15;
export const SESSION_MINUTES_MAX = 480;

/** Longest validity we sign, whatever the seller asks for. */
export const VALIDITY_CAP_SECONDS = 300;
/** A seller that asks for more than a day is refused rather than clamped: it is a mistake or an attack. */
export const MAX_TIMEOUT_SECONDS_MAX = 86_400;
/** An authorization may outlive its session by this much, so that the last payment of a session can settle. */
export const SESSION_GRACE_SECONDS = 60;
/** Facilitators need a few seconds to settle; below this an authorization is worthless. */
export const VALIDITY_FLOOR_SECONDS = 10;

/** Digits of uint256 in decimal; more can't be a token amount. */
export const AMOUNT_MAX_DIGITS = 78;
/** DynamoDB numbers are exact to 38 digits; 30 leaves room for sums. */
export const LEDGER_AMOUNT_MAX_DIGITS = 30;

/** Reservations that one session may hold at a time; each costs about 50 bytes of the hot item. */
export const IN_FLIGHT_MAX = 64;
/** How long a payment waits for a free place before it answers 429. */
export const IN_FLIGHT_WAIT_MAX_MS = 3_000;
export const IN_FLIGHT_WAIT_STEP_MIN_MS = 20;
export const IN_FLIGHT_WAIT_STEP_MAX_MS = 250;

/** How long a duplicate of a payment in progress waits for its outcome. */
export const DUPLICATE_WAIT_MAX_MS = 5_000;
export const DUPLICATE_WAIT_STEP_MIN_MS = 25;
export const DUPLICATE_WAIT_STEP_MAX_MS = 200;

/** New attempts that one handler may open after unknown outcomes. */
export const RESERVE_ATTEMPTS_MAX = 3;
/** Attempts a payment may ever have; past it the token is refused. */
export const PAYMENT_ATTEMPTS_MAX = 64;
/** Time that signing, deciding and settling need; less than this left and the handler aborts unsigned. */
export const SIGN_BUDGET_MS = 4_000;
/** Lambda may stop a function late; a lease outlives the deadline by this. */
export const LEASE_MARGIN_MS = 2_000;

/** Stale entries that one inline scrub looks at. */
export const SCRUB_ENTRIES_MAX = 25;

export const SWEEP_SHARDS = 16;
export const SWEEP_PAGE_ITEMS = 100;
export const SWEEP_PAGES_MAX = 20;
/** An aborted payment is visited once more after this, for a reserve that was delayed on the wire. */
export const SWEEP_SECOND_VISIT_SECONDS = 60;
export const SWEEP_PASS_INTERVAL_MS = 30_000;
export const SWEEP_PASSES = 2;

/** Immutable facts that a process remembers of sessions and instruments. */
export const FACTS_CACHE_ENTRIES_MAX = 1_000;
export const KEY_CACHE_ENTRIES_MAX = 1_000;

/** A store call that takes longer has an unknown outcome. */
export const STORE_TIMEOUT_MS = 1_000;
export const STORE_ATTEMPTS_MAX = 3;
export const SIGNER_TIMEOUT_MS = 2_000;
export const SIGNER_ATTEMPTS_MAX = 2;
export const CHAIN_RPC_TIMEOUT_MS = 4_000;

/** Waiting for a concurrent creation under the same client token. */
export const CREATE_WAIT_MAX_MS = 3_000;
export const CREATE_WAIT_STEP_MS = 100;
/** A creation that is not finished after this may be taken over. */
export const CREATE_LEASE_MS = 20_000;

/** SECG secp256k1 signatures in DER: two integers of at most 33 bytes with their headers. */
export const DER_SIGNATURE_MAX_BYTES = 72;
/** KMS is eventually consistent: how often, and how long apart, a new key's public half is asked for. The wait doubles. */
export const NEW_KEY_READS_MAX = 5;
export const NEW_KEY_WAIT_MIN_MS = 200;
/** Making a key or a secret; longer than signing, since an abandoned creation may leave one behind. */
export const PROVISION_TIMEOUT_MS = 5_000;
export const PROVISION_ATTEMPTS_MAX = 3;
/** Names that are tried for a seed whose first name a crashed creation has taken. */
export const SEED_NAMES_MAX = 3;

/** A seller's `PAYMENT-REQUIRED` header, in base64. */
export const CHALLENGE_HEADER_MAX_CHARS = 64 * 1024;
export const CHALLENGE_BODY_MAX_BYTES = 64 * 1024;
/** Offers of one 402. */
export const ACCEPTS_MAX = 32;
/** How much of a stranger's value a message quotes. */
export const QUOTED_MAX_CHARS = 80;
/** A chain's transaction, network or address in a settlement; Solana's transactions are the longest, with 88. */
export const SETTLEMENT_NAME_MAX_CHARS = 128;
export const SETTLEMENT_REASON_MAX_CHARS = 256;
