// The bounds of what asks a wallet provider, as `limits.ts` has all others.

/** How long the tokens of a request to a wallet provider are good; Coinbase's SDK says 120 s as well. */
export const PROVIDER_TOKEN_LIFE_SECONDS = 120;
export const PROVIDER_REQUEST_LIFE_MS = 120_000;
export const PROVIDER_SECRET_MAX_CHARS = 2_048;

/** One try of a request to a wallet provider, all tries of it, and how many there are. Together below `SIGN_BUDGET_MS`. */
export const PROVIDER_TRY_TIMEOUT_MS = 2_000;
export const PROVIDER_TIMEOUT_MS = 3_500;
export const PROVIDER_ATTEMPTS_MAX = 2;
/** An end user with all accounts is the longest answer. */
export const PROVIDER_ANSWER_MAX_BYTES = 64 * 1024;
/** An answer of a Lambda function, in which the signer's own is text within JSON. */
export const FUNCTION_ANSWER_MAX_BYTES = 2 * PROVIDER_ANSWER_MAX_BYTES;
/** How long a provider's credentials are used without another look at the vault. */
export const PROVIDER_CREDENTIALS_MAX_AGE_MS = 5 * 60_000;
/** Connectors whose credentials and failures are remembered. */
export const PROVIDER_CONNECTORS_MAX = 100;

/** Failures of a provider in a row after which it is left alone, and for how long. */
export const PROVIDER_FAILURES_MAX = 5;
export const PROVIDER_PAUSE_MS = 10_000;
