import type { PaymentId } from './ids.ts';
import type { BudgetSnapshot, Denial, EntryKey, Hex, Payment, SigningTerms } from './payment.ts';
import type {
  ConnectorMaterial,
  CredentialProvider,
  PaymentConnector,
  PaymentInstrument,
  PaymentManager,
  Tags,
  WalletKey,
  WalletType,
  WorkloadIdentity,
} from './resources.ts';
import type { OpenEntry, Session, SessionKey } from './session.ts';
import type { MicroUsd } from './money.ts';
import type { EpochMs } from './time.ts';

/**
 * Thrown by a port when a call may or may not have taken effect: no answer, a timeout, a server error.
 * Whoever catches it must find out, or leave the matter to the sweeper; treating it as "failed" loses money.
 */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown';
}

/** Thrown by a port when a call certainly took no effect and may work later: throttling. */
export class NotNow extends Error {
  override readonly name = 'NotNow';
}

/** Thrown by a provisioner whose service refused before anything was made, for reasons that waiting alone does not mend. */
export class NothingMade extends Error {
  override readonly name = 'NothingMade';
}

/** Thrown by the list methods: the page token was not made by this list of this user. Nothing was read. */
export class PageTokenRefused extends Error {
  override readonly name = 'PageTokenRefused';
}

export type IntentOutcome =
  | { readonly kind: 'created' }
  /** The token is in use; the payment is what the store holds under it. */
  | { readonly kind: 'exists'; readonly payment: Payment };

export type ReserveOutcome =
  | { readonly kind: 'reserved'; readonly budget: BudgetSnapshot }
  /** Definitely not reserved. The session is the one that the failed condition saw; `null`: there is none. */
  | { readonly kind: 'refused'; readonly session: Session | null };

export type TakeOverOutcome =
  | { readonly kind: 'taken'; readonly payment: Payment }
  | { readonly kind: 'lost'; readonly payment: Payment };

/** What a payment becomes. */
export type Verdict =
  | { readonly status: 'SIGNED'; readonly signature: Hex; readonly budget: BudgetSnapshot; readonly at: EpochMs }
  | { readonly status: 'DENIED'; readonly denial: Denial; readonly at: EpochMs }
  | { readonly status: 'ABORTED'; readonly at: EpochMs };

export type DecideOutcome =
  | { readonly kind: 'decided'; readonly payment: Payment }
  /** Somebody else decided, or a later attempt owns the payment. */
  | { readonly kind: 'lost'; readonly payment: Payment };

export interface Reservation {
  readonly session: SessionKey;
  readonly entry: EntryKey;
  readonly amount: MicroUsd;
}

/**
 * The books. Every method is one request to one item, so that each either happens or does not; none is a transaction.
 * All throw `OutcomeUnknown` and `NotNow`; only `reserve` may not be repeated after `OutcomeUnknown`.
 */
export interface Ledger {
  /** Strongly consistent. */
  readSession(key: SessionKey): Promise<Session | null>;
  /** Strongly consistent. */
  readPayment(id: PaymentId): Promise<Payment | null>;
  /** Writes a PENDING payment if its id is free. The same payment and owner again is `created`. */
  putIntent(payment: Payment): Promise<IntentOutcome>;
  /**
   * Moves an amount from available to reserved, if the session is active at `now`, has a place and can afford it.
   * Sent once: an implementation must not retry by itself. Its own entry already there is `reserved`.
   */
  reserve(
    reservation: Reservation & Pick<OpenEntry, 'leaseUntil'> & { readonly now: EpochMs; readonly inFlightMax: number },
  ): Promise<ReserveOutcome>;
  /** Opens the next attempt of a payment that is at `attempt` and PENDING or ABORTED. */
  takeOver(from: {
    readonly id: PaymentId;
    readonly attempt: number;
    readonly owner: string;
    readonly leaseUntil: EpochMs;
    /** The frozen terms; only the validity window may differ from the stored ones. */
    readonly terms: SigningTerms;
  }): Promise<TakeOverOutcome>;
  /** Decides a payment that is PENDING at `attempt`. Deciding the same again is `decided`. */
  decide(id: PaymentId, attempt: number, verdict: Verdict): Promise<DecideOutcome>;
  /** Moves an open entry from reserved to spent; an entry that is not open is left alone. */
  settle(reservation: Reservation & { readonly now: EpochMs }): Promise<'done' | 'absent'>;
  /** Moves an open entry from reserved back to available; an entry that is not open is left alone. */
  release(reservation: Reservation & { readonly now: EpochMs }): Promise<'done' | 'absent'>;
}

/** Reading many items of the books at once, strongly consistent. One that cannot be read fails alone, in its place. */
export interface SweepReads {
  /** At most one page of ids. In their order; `null`: there is none. */
  readPayments(ids: readonly PaymentId[]): Promise<readonly PromiseSettledResult<Payment | null>[]>;
  /** At most one page of keys, which may repeat. In their order; rejected where the books do not balance. */
  readSessions(keys: readonly SessionKey[]): Promise<readonly PromiseSettledResult<Session | null>[]>;
}

/** A visit that is due, as the index shows it. */
export interface DueVisit {
  readonly id: PaymentId;
  readonly shard: number;
  readonly dueAt: EpochMs;
}

/** What the sweeper needs besides the ledger: the sparse index of payments whose lease ended. */
export interface SweepIndex {
  /** Visits of one shard that are due, oldest first: one page of them, which follows `after`. */
  dueVisits(shard: number, now: EpochMs, after: DueVisit | null): Promise<readonly DueVisit[]>;
  /** Whether a shard has any visit, due or not. */
  hasVisits(shard: number): Promise<boolean>;
  /** Takes a payment off the index, unless its attempt changed meanwhile. */
  dropVisit(id: PaymentId, attempt: number): Promise<void>;
  /** Sets the time of the next visit, unless the attempt changed meanwhile. */
  postponeVisit(id: PaymentId, attempt: number, until: EpochMs): Promise<void>;
  /**
   * Puts a visit that failed behind the others, unless it is no longer where it was seen. Does not read the payment, which may
   * be what failed.
   * @returns when the first of the visits was due that have failed since the last that did not; `null`: nothing was put off
   */
  putOff(visit: DueVisit, until: EpochMs): Promise<EpochMs | null>;
}

/** The sparse index of sessions by their expiry, so that somebody says when it has come. */
export interface ExpiryIndex {
  /** Sessions of one shard whose time has come, oldest first: one page of them, which follows `after`. */
  dueSessions(shard: number, now: EpochMs, after: DueSession | null): Promise<readonly DueSession[]>;
  /** Takes a session off the index, which the stream of the books tells as its expiry. Leaves alone one that is deleted. */
  markExpired(session: SessionKey, now: EpochMs): Promise<void>;
}

/** A session whose time has come, as the index shows it. */
export interface DueSession extends SessionKey {
  readonly dueAt: EpochMs;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; absent on the last page. */
  readonly nextToken?: string;
}

export interface PageRequest {
  readonly maxResults: number;
  readonly nextToken?: string;
}

/** A place in a user's list. */
export interface UserKey {
  readonly managerId: string;
  readonly userId: string;
}

/** A session as lists show it: only what never changes. */
export type SessionSummary = Pick<
  Session,
  'managerId' | 'sessionId' | 'userId' | 'expiryMinutes' | 'createdAt' | 'expiresAt'
>;

/** Sessions besides the payment path. */
export interface SessionStore {
  readSession(key: SessionKey): Promise<Session | null>;
  /** Writes a new session if its id is free; otherwise returns the stored one with the hash of the request that made it. */
  createSession(
    session: Session,
    requestHash: string,
  ): Promise<
    { readonly kind: 'created' } | { readonly kind: 'exists'; readonly session: Session; readonly requestHash: string }
  >;
  /** Marks a session deleted. `null`: there is none, or it is deleted already. */
  deleteSession(key: SessionKey & { readonly userId: string; readonly now: EpochMs }): Promise<Session | null>;
  listSessions(user: UserKey, page: PageRequest): Promise<Page<SessionSummary>>;
}

/** The sessions that withdrawals have, one each. They stand in no list and no index, and nobody can name them. */
export interface WithdrawalSessions {
  /** Writes the session of a withdrawal, unless it is there. Returns the one that holds, with the hash of the request that made it. */
  openSession(
    session: Session,
    requestHash: string,
  ): Promise<{ readonly session: Session; readonly requestHash: string }>;
}

/** Reading the payments of a user, newest first. */
export interface PaymentLog {
  readPayment(id: PaymentId): Promise<Payment | null>;
  listPayments(user: UserKey, page: PageRequest): Promise<Page<Payment>>;
}

/** A resource whose creation takes more than one step: claimed first, completed afterwards. */
export type ClaimOutcome<T> =
  | { readonly kind: 'claimed' }
  | { readonly kind: 'exists'; readonly resource: T; readonly requestHash: string }
  /** Somebody else is creating it right now. */
  | { readonly kind: 'in_progress'; readonly requestHash: string }
  /** What it belongs to is missing, or is not ready, or has no place for one more. */
  | { readonly kind: 'no_place'; readonly why: 'missing' | 'full' };

/** What a client token was used for. */
export interface TokenUse {
  readonly requestHash: string;
  /** The answer of that request as JSON, for those that keep it with the token. */
  readonly answer: string | null;
}

/** Which request each client token was first used for. Keys are digests of token and scope, never the token itself. */
export interface ClientTokens {
  /** Binds a token to a request, for ever. Returns the use that holds: the given one, unless another was first. */
  bind(tokenKey: string, requestHash: string): Promise<TokenUse>;
  find(tokenKey: string): Promise<TokenUse | null>;
}

/** A client token that is used up by a change, in the same write, with the answer that a repetition gets. */
export interface Remembered {
  readonly tokenKey: string;
  readonly requestHash: string;
  readonly answer: string;
}

/**
 * Whether a change took place. `stale`: the resource, what depends on it or the client token is not as it was when it was read;
 * nothing was written, and reading again tells which.
 */
export type ChangeOutcome = 'changed' | 'stale';

/** Cold data, strongly consistent reads; lists of managers follow within a second. Deleted resources are `null`. */
export interface ManagerStore {
  readManager(managerId: string): Promise<PaymentManager | null>;
  /** Writes a manager and its workload identity. `stale`: the id or the client token is taken. */
  createManager(manager: PaymentManager, remembered: Remembered | null): Promise<ChangeOutcome>;
  listManagers(page: PageRequest): Promise<Page<PaymentManager>>;
  /** @param previous the manager as it was read; its revision must still hold */
  replaceManager(next: PaymentManager, previous: PaymentManager, remembered: Remembered | null): Promise<ChangeOutcome>;
  /** Deletes a manager and its workload identity. `in_use`: it has connectors. */
  deleteManager(
    manager: PaymentManager,
    remembered: Remembered | null,
    now: EpochMs,
  ): Promise<ChangeOutcome | 'in_use'>;
}

export interface ConnectorStore {
  readConnector(managerId: string, connectorId: string): Promise<PaymentConnector | null>;
  claimConnector(
    managerId: string,
    connectorId: string,
    requestHash: string,
    now: EpochMs,
  ): Promise<ClaimOutcome<PaymentConnector>>;
  /** Completes a claim, and counts the connector at its manager and its credential provider. */
  completeConnector(
    connector: PaymentConnector,
    requestHash: string,
    remembered: Remembered | null,
  ): Promise<'completed' | 'manager_missing' | 'manager_full' | 'provider_missing'>;
  listConnectors(managerId: string, page: PageRequest): Promise<Page<PaymentConnector>>;
  replaceConnector(
    next: PaymentConnector,
    previous: PaymentConnector,
    remembered: Remembered | null,
  ): Promise<ChangeOutcome>;
  /** Deletes a connector; what it knows of its keys is kept. `in_use`: it has instruments. */
  deleteConnector(
    connector: PaymentConnector,
    remembered: Remembered | null,
    now: EpochMs,
  ): Promise<ChangeOutcome | 'in_use'>;
  /** The next unused derivation index of a connector, starting at 0. Gaps are harmless. */
  takeKeyIndex(managerId: string, connectorId: string): Promise<number>;
}

export interface InstrumentStore {
  readInstrument(user: UserKey, instrumentId: string): Promise<PaymentInstrument | null>;
  claimInstrument(
    instrument: PaymentInstrument,
    requestHash: string,
    now: EpochMs,
  ): Promise<ClaimOutcome<PaymentInstrument>>;
  completeInstrument(instrument: PaymentInstrument): Promise<void>;
  /**
   * Gives a claim back before its lease ends, so that the same request may be taken over at once. Only for a call that has made
   * nothing and goes on with nothing. Does nothing where the claim is another's by now.
   */
  yieldInstrument(instrument: PaymentInstrument): Promise<void>;
  /** Marks an instrument deleted. `null`: there is none, or it is deleted already. */
  deleteInstrument(user: UserKey, instrumentId: string, now: EpochMs): Promise<PaymentInstrument | null>;
  listInstruments(
    user: UserKey,
    page: PageRequest & { readonly connectorId?: string },
  ): Promise<Page<PaymentInstrument>>;
}

export type Registry = ManagerStore & ConnectorStore & InstrumentStore;

/** Credential providers and workload identities: named by their owner, one of each name in a deployment. */
export interface IdentityStore {
  readProvider(name: string): Promise<CredentialProvider | null>;
  /** `stale`: the name is taken. */
  createProvider(provider: CredentialProvider): Promise<ChangeOutcome>;
  replaceProvider(next: CredentialProvider, previous: CredentialProvider): Promise<ChangeOutcome>;
  /** `in_use`: a connector refers to it. */
  deleteProvider(provider: CredentialProvider): Promise<ChangeOutcome | 'in_use'>;
  listProviders(page: PageRequest): Promise<Page<CredentialProvider>>;
  readWorkload(name: string): Promise<WorkloadIdentity | null>;
  /** `stale`: the name is taken. */
  createWorkload(workload: WorkloadIdentity): Promise<ChangeOutcome>;
  replaceWorkload(next: WorkloadIdentity, previous: WorkloadIdentity): Promise<ChangeOutcome>;
  /** `in_use`: it was made with a manager, and goes with it. */
  deleteWorkload(workload: WorkloadIdentity): Promise<ChangeOutcome | 'in_use'>;
  listWorkloads(page: PageRequest): Promise<Page<WorkloadIdentity>>;
}

/** A resource that has tags, by its kind and its id or name. */
export interface TaggedResource {
  readonly kind: 'manager' | 'credential-provider' | 'workload-identity';
  readonly id: string;
}

/** Tags of managers, credential providers and workload identities. `null`: no such resource. */
export interface TagStore {
  readTags(resource: TaggedResource): Promise<{ readonly tags: Tags; readonly revision: number } | null>;
  /** Replaces all tags where the revision still holds. */
  replaceTags(resource: TaggedResource, tags: Tags, revision: number, now: EpochMs): Promise<ChangeOutcome>;
}

/** What a workload's token stands for. */
export interface WorkloadGrant {
  readonly workloadName: string;
  /** `null`: the workload acts for itself. */
  readonly userId: string | null;
  /** When the workload was made: one of the same name that is made later is another. */
  readonly workloadCreatedAt: EpochMs;
  readonly expiresAt: EpochMs;
}

/** One-time tokens of workloads, by the digest of the token. */
export interface WorkloadTokens {
  keep(tokenDigest: string, grant: WorkloadGrant): Promise<void>;
  /** Takes a token away for good and says what it stood for, to exactly one caller; `null` to every other one. */
  redeem(tokenDigest: string): Promise<WorkloadGrant | null>;
}

/** The attempt of a payment that has terms to itself. */
export interface TermsHolder {
  readonly paymentId: PaymentId;
  readonly attempt: number;
  readonly until: EpochMs;
}

/** Which payment has the terms that it pays to itself for a while, so that nobody pays the same twice by mistake. */
export interface RepetitionGuard {
  /**
   * Takes terms for an attempt of a payment. Returns who has them: this attempt, unless another payment has them still.
   * @param termsKey a digest of session and terms
   * @param instead who may be replaced although its time has not ended; a later attempt of the same payment is somebody else
   */
  take(
    termsKey: string,
    claim: TermsHolder & { readonly now: EpochMs },
    instead: Pick<TermsHolder, 'paymentId' | 'attempt'> | null,
  ): Promise<TermsHolder>;
}

/** Which discovery document speaks for an issuer that some manager trusts. */
export interface IssuerIndex {
  /** @param issuerKey see `lib/domain/jwt.ts` */
  findDiscoveryUrl(issuerKey: string): Promise<string | null>;
}

/**
 * Signs digests with keys that never leave their place. `lib/service` computes the digest from the frozen terms.
 * Throws `NotNow` when the signer is throttled; any other error means that no signature was released.
 */
export interface Signer {
  readonly type: WalletType;
  /**
   * @param digest the 32 bytes to sign
   * @param address whose key it must be; the signature is recovered and compared before it is returned
   * @returns 65 bytes r, s (low), v (27 or 28)
   */
  sign(key: WalletKey, digest: Uint8Array, address: Hex): Promise<Hex>;
}

/** Makes keys; runs in the management functions, which cannot sign. */
export interface WalletProvisioner {
  readonly type: WalletType;
  createConnector(connector: { readonly managerId: string; readonly connectorId: string }): Promise<ConnectorMaterial>;
  createKey(request: {
    readonly connector: PaymentConnector;
    readonly instrumentId: string;
    /** Draws the next derivation index; only wallets that derive keys call it. */
    readonly takeIndex: () => Promise<number>;
  }): Promise<{ readonly address: Hex; readonly key: WalletKey }>;
}

/** Reads a token of a chain. */
export interface ChainReader {
  balanceOf(token: Hex, owner: Hex): Promise<bigint>;
  /** Whether a transfer of the owner with this nonce has come to the chain, or was cancelled there. */
  isAuthorizationUsed(token: Hex, owner: Hex, nonce: Hex): Promise<boolean>;
}

/** Unpredictable bytes, so that tests can own them. */
export interface Randomness {
  bytes(length: number): Uint8Array;
  /** A number in [0, 1), for jitter only. */
  fraction(): number;
}
