// The bounds that the service keeps to: what callers may send, how long things are waited for, how much is done at once. Those of
// wallet providers are in `provider-limits.ts`, apart, since a payment that asks none loads none of them, and those of the page of a
// wallet in `wallet-page-limits.ts`. Bounds that are one file's own (a command's, a local stand-in's, those of one protocol's text)
// stand at the head of that file. Each has its unit in its name.

export const BODY_MAX_BYTES = 64 * 1024;

/** Payments of a session that may wait for what their facilitator took; what is signed beyond that stays counted with its ceiling. */
export const TRUE_UPS_MAX = 200;
/** Of those, how many one run asks the chain of at once. */
export const TRUE_UPS_AT_ONCE = 20;
/** The wait between two looks at a payment that may still be settled: from the first on, and of one that is old. */
export const TRUE_UP_WAIT_MIN_MS = 60_000;
export const TRUE_UP_WAIT_MAX_MS = 3_600_000;
/** Pages of payments that one run looks at. */
export const TRUE_UP_PAGES_MAX = 50;
/** How long before its time is up a run begins nothing more. */
export const TRUE_UP_RUN_MARGIN_MS = 15_000;
/** Under /identities, where AgentCore lets a token have 128 kB. */
export const IDENTITY_BODY_MAX_BYTES = 192 * 1024;
export const JSON_DEPTH_MAX = 16;
export const JSON_MEMBERS_MAX = 2_000;
/** Members and list entries together: a list costs two bytes an entry and no member. */
export const JSON_VALUES_MAX = 4_000;

/** OpenID Connect Core 2 lets a `sub` have 255. */
export const USER_ID_MAX_CHARS = 255;
/** AgentCore's model of the user header; longer ids go encoded. */
export const USER_HEADER_PLAIN_MAX_CHARS = 120;
/** The mark, and three bytes of UTF-8 for a character, each written with three. */
export const USER_HEADER_MAX_CHARS = 7 + 9 * USER_ID_MAX_CHARS;
export const AGENT_NAME_MAX_CHARS = 256;
/** What a caller may say that a payment is for, and how much of it a payment's item keeps: it is to stay below one write unit. */
export const RESOURCE_URL_MAX_CHARS = 4_096;
export const RESOURCE_DESCRIPTION_MAX_CHARS = 4_096;
export const RESOURCE_URL_MAX_BYTES = 120;
export const RESOURCE_DESCRIPTION_MAX_BYTES = 80;
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
/** The shortest cap that a deployer may choose: settlement takes seconds, and clocks differ. */
export const VALIDITY_CHOICE_MIN_SECONDS = 30;
/** Validity of a withdrawal, under the deployment's cap: it is submitted right after it is signed. */
export const WITHDRAWAL_TIMEOUT_SECONDS = 300;
/** How long a withdrawal of a network's own coin may wait for its first signature. */
export const COIN_WITHDRAWAL_SECONDS = 900;
/** Addresses that a deployment may let money leave for. */
export const WITHDRAWAL_ADDRESSES_MAX = 20;
/** Facilitators that a deployment may let decide how much of a ceiling is taken. */
export const FACILITATORS_MAX = 20;
/** What a longer time of a seller's counts as; we sign for less in any case. */
export const MAX_TIMEOUT_SECONDS_MAX = 86_400;
/** An authorization may outlive its session by this much, so that the last payment of a session can settle. */
export const SESSION_GRACE_SECONDS = 60;
/** Facilitators need a few seconds to settle; below this an authorization is worthless. */
export const VALIDITY_FLOOR_SECONDS = 10;

/** People who are to approve a payment have until so long before its authorization ends: whoever asked for it has to come back. */
export const APPROVAL_MARGIN_SECONDS = 20;
/** How often people are asked to approve one payment, each time with a validity of its own. */
export const APPROVAL_ROUNDS_MAX = 10;

/** Digits of uint256 in decimal; more can't be a token amount. */
export const AMOUNT_MAX_DIGITS = 78;
/** DynamoDB numbers are exact to 38 digits; 30 leaves room for sums. */
export const LEDGER_AMOUNT_MAX_DIGITS = 30;
export const LEDGER_AMOUNT_MAX = 10n ** BigInt(LEDGER_AMOUNT_MAX_DIGITS) - 1n;
/** Of whom a session is pinned to: the ARN of a role without its path, or the client id of a token. Part of the hot item. */
export const PINNED_CALLER_MAX_CHARS = 256;
/** The most that a session may have in all, in micro-dollars: what an amount of dollars can say in a request. */
export const SESSION_LIMIT_MAX = 10n ** 24n - 1n;
/** Of a rate in dollars: a token that costs a trillionth is still counted. */
export const USD_RATE_DECIMALS = 12;
/** For how long a rate may be good, at most and where nothing is said. */
export const USD_RATE_AGE_MAX_DAYS = 366;
export const USD_RATE_AGE_DEFAULT_DAYS = 30;
/** Tokens that a deployment may name: their settings are an environment variable of a function, which has 4 kB in all. */
export const CONFIGURED_ASSETS_MAX = 8;
/** Rates likewise: of those tokens, of the pinned ones and of native coins. */
export const USD_RATES_MAX = 16;
/** As many as any token in use has, and few enough that the books hold a million of it. */
export const ASSET_DECIMALS_MAX = 24;

/** What a reservation adds to the hot item, for an amount below a dollar: a digit more is a byte more. */
export const SESSION_ENTRY_BYTES = 59;
/** Reservations that one session may hold at a time. Together they make a write cost four or five units. */
export const IN_FLIGHT_MAX = 64;
/** Counters of a session, windows among them. Each takes 16 bytes of the hot item, or 50 where it is a window's. */
export const SESSION_COUNTERS_MAX = 64;
/** What one payment may be charged to: two clauses of the reserve's condition each, of the 4 kB that DynamoDB takes. */
export const CHARGES_MAX = 16;
/** The counters of a window that has closed go from a session this much later, so that clocks may differ. */
export const WINDOW_PRUNE_DELAY_MS = 60_000;
/** How long a window that has closed is kept, to answer for its denials. */
export const WINDOW_KEEP_SECONDS = 8 * 86_400;
/** How long the books keep what tells of a policy's change: longer than their stream does. */
export const POLICY_NOTICE_KEEP_SECONDS = 8 * 86_400;
/** Sessions that have a part of one window at a time; those that are over no longer count. */
export const WINDOW_GRANTS_MAX = 1_000;
/** Sessions that are read together, and that one steal-back takes from at most. */
export const WINDOW_SIBLINGS_MAX = 8;
/** Looks of one attempt to reserve at one window, before it is called busy. */
export const WINDOW_ROUNDS_MAX = 12;
/** The wait between two looks, at random up to a time that doubles. */
export const WINDOW_WAIT_STEP_MIN_MS = 10;
export const WINDOW_WAIT_STEP_MAX_MS = 160;

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

/** Entries past their lease that one inline scrub looks at. */
export const SCRUB_ENTRIES_MAX = 25;
/** Entries within their lease that a scrub of a full session looks at besides. Few: each that it closes is a write to the hot item. */
export const SCRUB_LIVE_ENTRIES_MAX = 8;
/** Scrubs of one attempt to reserve: enough to look twice at every entry of a full session. */
export const SCRUB_ROUNDS_MAX = 2 * Math.ceil(IN_FLIGHT_MAX / SCRUB_LIVE_ENTRIES_MAX);

export const SWEEP_SHARDS = 16;
export const SWEEP_PAGE_ITEMS = 100;
/** Of one shard in one pass. The run's time is what bounds a pass; this bounds it where no time passes. */
export const SWEEP_PAGES_MAX = 200;
/** Shards that one pass works on together, and visits of each; fewer together than the 50 sockets of a client of the store. */
export const SWEEP_SHARDS_AT_ONCE = 8;
export const SWEEP_VISITS_AT_ONCE = 6;
/** When a visit that failed is due again: before the next pass, and after everything that was due with it. */
export const SWEEP_RETRY_SECONDS = 20;
/** Failed visits of a run that are logged; all of them are counted. */
export const SWEEP_REPORTS_MAX = 100;
/** Before its end a run begins nothing new: the calls of a visit with all their tries, and the report, take less. */
export const SWEEP_END_MARGIN_MS = 15_000;
/** What is left of a run, before that margin, for sessions that expired. */
export const SWEEP_EXPIRY_SHARE_MS = 10_000;
/** An aborted payment is visited once more after this, for a reserve that was delayed on the wire. */
export const SWEEP_SECOND_VISIT_SECONDS = 60;
export const SWEEP_PASS_INTERVAL_MS = 30_000;
export const SWEEP_PASSES = 2;
/** Places of the index of sessions by expiry. Few: a session is written there twice in its life, and each costs a query a minute. */
export const EXPIRY_SHARDS = 4;
export const EXPIRY_MARKS_AT_ONCE = 16;
/** From the end of a session to its audit: by then the lease of every payment of it has ended, and the user's list shows them all. */
export const SESSION_AUDIT_DELAY_MS = 180_000;
/** Scrubs and new looks of one audit: enough for a session that is full. */
export const AUDIT_SCRUBS_MAX = Math.ceil(IN_FLIGHT_MAX / SCRUB_ENTRIES_MAX);
export const AUDIT_PAGE_ITEMS = 100;
/** Pages of a user's payments in the time of one session: five thousand payments. Both keep an audit within a run's last margin. */
export const AUDIT_PAGES_MAX = 50;
export const AUDITS_AT_ONCE = 4;
/** How far apart the clocks may be of the functions that write a session and its payments. */
export const AUDIT_CLOCK_SKEW_MS = 60_000;

/** Keys that a connector derives, on average since 2025: what lets a restored counter skip ahead of every index that was taken. */
export const KEY_INDEXES_PER_MINUTE = 256;
/** Tries of one index against others who take theirs while the counter skips ahead. */
export const KEY_INDEX_ATTEMPTS_MAX = 3;

/** Payers that a process remembers: what never changes of their sessions and instruments. */
export const PAYER_CACHE_ENTRIES_MAX = 1_000;
export const KEY_CACHE_ENTRIES_MAX = 1_000;

/** A store call that takes longer has an unknown outcome. */
export const STORE_TIMEOUT_MS = 1_000;
export const STORE_ATTEMPTS_MAX = 3;
/** A page of the longest items that are ever stored is a tenth of this. */
export const STORE_ANSWER_MAX_BYTES = 8 * 1024 * 1024;
export const SIGNER_TIMEOUT_MS = 2_000;
export const SIGNER_ATTEMPTS_MAX = 2;
/** Of a signature or a secret; Secrets Manager keeps up to 64 kB. */
export const SIGNER_ANSWER_MAX_BYTES = 128 * 1024;
/** A key's tags may take this long to count in IAM; until then a refusal to sign with it says nothing. */
export const YOUNG_KEY_MS = 5 * 60_000;

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
/** A 402 without that header and with a longer body is some other kind of 402: a web page, mostly. */
export const CHALLENGE_BODY_MAX_BYTES = 256 * 1024;
/** Calls of tools that one connection has under way and may have to pay; further ones are not paid. */
export const MCP_CALLS_MAX = 1_000;
/** Nesting and members of what is only sent back to the seller, such as the schemas of its answers. */
export const CHALLENGE_DEPTH_MAX = 128;
export const CHALLENGE_MEMBERS_MAX = 50_000;
/** Members and list entries of one offer, where the API is given it. */
export const OFFER_VALUES_MAX = 20_000;
/** Of one challenge of MPP as AgentCore takes it. */
export const MPP_HEADER_MAX_CHARS = 16_384;
/** AgentCore's `selectedPaymentId`. */
export const MPP_ID_MAX_CHARS = 512;
/** All parameters of a challenge of MPP together: they are kept with the payment, and each kB is a write unit. */
export const MPP_CHALLENGE_MAX_CHARS = 4_096;
/** For a challenge of MPP that does not say until when it is good; mppx takes the same. */
export const MPP_LIFE_DEFAULT_SECONDS = 300;
/** How long a challenge of MPP that was paid is known again: longer than its session. */
export const PURCHASE_KEEP_MS = (SESSION_MINUTES_MAX + 60) * 60_000;
/** Offers of one 402. */
export const ACCEPTS_MAX = 1_000;
/** How long a quote may be given back. Sellers change their prices, and sessions what they have left. */
export const QUOTE_LIFE_MS = 2 * 60_000;
/** The clock of the function that quotes may be ahead of that of the one that pays by this much. */
export const QUOTE_CLOCK_GRACE_MS = 5_000;
/** Headers of a 402 that the API is given. */
export const CHALLENGE_HEADERS_MAX = 100;
/** What an agent says of a request, such as the tool that makes it. */
export const DECLARED_TEXT_MAX_CHARS = 512;
/** Offers of a 402 whose refusal is told. */
export const REJECTIONS_TOLD_MAX = 8;
/** How much of a stranger's value a message quotes. */
export const QUOTED_MAX_CHARS = 80;
/** A chain's transaction, network or address in a settlement; Solana's transactions are the longest, with 88. */
export const SETTLEMENT_NAME_MAX_CHARS = 128;
export const SETTLEMENT_REASON_MAX_CHARS = 256;

/** A JSON Web Token in its compact form; what fits beside it in API Gateway's 10,240 bytes of headers. */
export const TOKEN_MAX_CHARS = 8_192;
export const TOKEN_HEADER_DEPTH_MAX = 2;
export const TOKEN_HEADER_MEMBERS_MAX = 16;
export const TOKEN_CLAIMS_DEPTH_MAX = 8;
export const TOKEN_CLAIMS_MEMBERS_MAX = 256;
export const TOKEN_KEY_ID_MAX_CHARS = 256;
/** Of a token's times in epoch seconds: the end of the year 9999. */
export const TOKEN_INSTANT_MAX_SECONDS = 253_402_300_799;
/** An issuer's clock may be ahead of ours by this much, so `nbf` may lie ahead. `exp` has no grace. */
export const TOKEN_CLOCK_GRACE_SECONDS = 5;
/** Claims as JSON on their way from the authorizer to the function. */
export const CLAIMS_TEXT_MAX_BYTES = 6 * 1024;
export const ISSUER_MAX_CHARS = 512;
/** Issuers that a deployment may name as the only ones to trust, and how long their list is: Lambda takes 4 kB of variables. */
export const TRUSTED_ISSUERS_MAX = 20;
export const TRUSTED_ISSUERS_MAX_CHARS = 2_000;
export const ISSUER_URL_MAX_CHARS = 2_048;

/** Discovery documents and key sets. */
export const ISSUER_FETCH_TIMEOUT_MS = 3_000;
export const ISSUER_FETCH_MAX_BYTES = 256 * 1024;
export const ISSUER_CACHE_ENTRIES_MAX = 64;
/** Usable keys of one set. */
export const ISSUER_KEYS_MAX = 100;
/** A key that an issuer withdraws is trusted no longer than this. */
export const ISSUER_KEYS_MAX_AGE_MS = 10 * 60_000;
/** Tokens with unknown key ids or bad signatures make us ask an issuer no more often than this. */
export const ISSUER_REFETCH_INTERVAL_MS = 10_000;
/** An issuer that failed is left alone for this long, from the end of the question; the pause doubles with each failure in a row. */
export const ISSUER_RETRY_INTERVAL_MIN_MS = 2_000;
export const ISSUER_RETRY_INTERVAL_MAX_MS = 30_000;
/** How long an issuer that no manager trusts stays a stranger, and how many of them are remembered. */
export const STRANGER_MAX_AGE_MS = 10_000;
export const STRANGER_ENTRIES_MAX = 1_000;
export const RSA_MODULUS_MIN_BITS = 2_048;
export const RSA_MODULUS_MAX_BITS = 8_192;

export const URL_MAX_CHARS = 2_048;
export const TAGS_MAX = 50;
/** That one call may remove: more than a resource has, as in AgentCore. */
export const TAG_KEYS_MAX = 200;
/** Audiences, clients, scopes or values of one rule of a JWT authorizer. */
export const AUTHORIZER_LIST_MAX = 50;
export const AUTHORIZER_VALUE_MAX_CHARS = 512;
export const AUTHORIZER_CLAIMS_MAX = 10;
/** Connectors of one manager, and instruments of one connector that are not deleted. */
export const CONNECTORS_MAX = 100;
export const INSTRUMENTS_MAX = 1_000_000;

export const IDENTITY_PAGE_SIZE_MAX = 20;
export const IDENTITY_PAGE_SIZE_DEFAULT = 10;
export const RETURN_URLS_MAX = 20;
export const USER_TOKEN_MAX_CHARS = 131_072;
export const WORKLOAD_TOKEN_MAX_CHARS = 131_072;
/** The body of a request to a wallet provider that a token is bound to. */
export const TOKEN_BODY_MAX_CHARS = 16_384;
/** How long a workload's token may be exchanged; once. */
export const WORKLOAD_TOKEN_LIFE_MS = 15 * 60 * 1_000;

/** How often a change of a resource is tried against others that come between. */
export const CHANGE_ATTEMPTS_MAX = 5;
/** How often a write is tried while transactions of others have its item. The ceiling of the wait between doubles. */
export const CONFLICT_ATTEMPTS_MAX = 8;
export const CONFLICT_WAIT_MIN_MS = 10;
export const CONFLICT_WAIT_MAX_MS = 200;

/** Recovery of a credential provider's own secrets: after its deletion, and of one whose provider never came to be. */
export const SECRET_RECOVERY_DAYS = 30;
export const ABANDONED_SECRET_RECOVERY_DAYS = 7;
export const WORKLOAD_TOKEN_BYTES = 32;

/** The longest that a deployment may take the same terms for the same purchase. */
export const REPEAT_WINDOW_MAX_SECONDS = 3_600;

/** What one call of EventBridge takes. */
export const EVENT_ENTRIES_MAX = 10;
/** Tries of one invocation for each event; Lambda repeats the invocation after them. The wait between them doubles. */
export const EVENT_ATTEMPTS_MAX = 4;
export const EVENT_WAIT_MIN_MS = 100;
export const EVENT_WAIT_MAX_MS = 2_000;
export const EVENT_PUT_TIMEOUT_MS = 3_000;
/** Changes that one invocation gets, and how long it waits for more of them. */
export const EVENT_BATCH_RECORDS_MAX = 100;
export const EVENT_BATCH_WINDOW_SECONDS = 5;
/** Invocations for a record that fails each time, and its age, after which Lambda goes on without it. */
export const EVENT_DELIVERIES_MAX = 10;
export const EVENT_RECORD_AGE_MAX_SECONDS = 6 * 3_600;

/** How long an answer waits for its spans to leave: a datagram to a process beside it, and once the loading of what makes them. */
export const TRACE_EXPORT_WAIT_MAX_MS = 250;
/** Time that must be left of an invocation besides; with less, spans are not worth the risk to the answer. */
export const TRACE_EXPORT_MARGIN_MS = 1_000;
/** One datagram to X-Ray's daemon, which takes 64 KiB. */
export const TRACE_DATAGRAM_MAX_BYTES = 60 * 1024;
/** Of one text in a span. */
export const SPAN_TEXT_MAX_CHARS = 512;

/** Freezes of parts of a deployment: they stand in one item, which every payment reads twice, and each 4 kB of it cost a read unit. */
export const FREEZES_MAX = 100;

/** A spend policy that was read is not read again for so long, and neither is one that was not there. */
export const POLICY_CACHE_MS = 2_000;
/** Owners whose policies, or lack of one, a process remembers. */
export const POLICY_OWNERS_CACHED_MAX = 1_000;
/** Policies that a process keeps ready to judge. */
export const POLICIES_PREPARED_MAX = 200;

/** The most of a token that an approval may let a contract take, in its smallest unit: no approval is without limit. */
export const APPROVAL_AMOUNT_MAX = 10n ** BigInt(LEDGER_AMOUNT_MAX_DIGITS) - 1n;
/** Gas of an approval: about 56,000 of a proxied token, and nothing that needs more is one. */
export const APPROVAL_GAS_MAX = 150_000n;
/** Gas of a transfer of a network's own coin: 21,000 to an account, more to a contract and on rollups. Nothing that needs more is one. */
export const COIN_TRANSFER_GAS_MAX = 300_000n;
/** Copies of one approval with one nonce, each with a higher fee. */
export const APPROVAL_COPIES_MAX = 6;
/** How long an approval that was sent may stay out of a block before its fee is raised. */
export const APPROVAL_STUCK_MS = 90_000;
/** The wait between two looks at an approval in flight, within one run of the sender. */
export const APPROVAL_LOOK_MS = 2_000;
/** The wait after a look that found nothing to do but wait: for gas money, for the next day's budget, for a foreign transaction. */
export const APPROVAL_WAIT_MS = 60_000;
/** Visits of one run of the sender, all wallets together. */
export const APPROVAL_VISITS_MAX = 200;
/** Sessions of a user that are read for what they may still need. */
export const APPROVAL_SESSIONS_MAX = 200;
/** Payments of a user that are read, newest first, for what was signed since a chain showed an allowance. */
export const APPROVAL_PAYMENTS_MAX = 200;
/** How long before its time is up a run of the sender begins nothing more. */
export const APPROVAL_RUN_MARGIN_MS = 8_000;
/** Changes that the signer of approvals is handed at once. */
export const APPROVAL_BATCH_RECORDS_MAX = 5;
/** How long the signer is asked again for what it could not sign. The sender writes what waits for longer anew. */
export const APPROVAL_RECORD_AGE_MAX_SECONDS = 300;
/** Tries of somebody who asks for an approval while others write. */
export const APPROVAL_WRITES_MAX = 4;

/** Places that signers of deployers' own may be at. */
export const SIGNER_ORIGINS_MAX = 20;
export const SIGNER_FUNCTIONS_MAX = 10;
/** Pages on which end users let wallets sign. */
export const WALLET_HUBS_MAX = 20;
export const WALLET_HUB_URL_MAX_CHARS = 300;
