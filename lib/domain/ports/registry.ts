import type {
  CredentialProvider,
  PaymentConnector,
  PaymentInstrument,
  PaymentManager,
  Tags,
  WorkloadIdentity,
} from '../tenants/resources.ts';
import type { EpochMs } from '../time.ts';
import type { Page, PageRequest, UserKey } from './services.ts';

/** A resource whose creation takes more than one step: begun first, completed afterwards. */
export type BeginOutcome<T> =
  | { readonly kind: 'begun' }
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
  beginConnector(
    managerId: string,
    connectorId: string,
    requestHash: string,
    now: EpochMs,
  ): Promise<BeginOutcome<PaymentConnector>>;
  /** Completes a draft, and counts the connector at its manager and its credential provider. */
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
  /**
   * The next index of a derived key, never given before.
   * @param from the least that it may be: after a restore, more than any that the lost part of the books had given
   */
  takeKeyIndex(managerId: string, connectorId: string, from: number): Promise<number>;
}

export interface InstrumentStore {
  readInstrument(user: UserKey, instrumentId: string): Promise<PaymentInstrument | null>;
  beginInstrument(
    instrument: PaymentInstrument,
    requestHash: string,
    now: EpochMs,
  ): Promise<BeginOutcome<PaymentInstrument>>;
  completeInstrument(instrument: PaymentInstrument): Promise<void>;
  /**
   * Gives a draft back before its lease ends, so that the same request may be taken over at once. Only for a call that has made
   * nothing and goes on with nothing. Does nothing where the draft is another's by now.
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

/** Which discovery document speaks for an issuer that some manager trusts. */
export interface IssuerIndex {
  /** @param issuerKey see `lib/domain/jwt.ts` */
  findDiscoveryUrl(issuerKey: string): Promise<string | null>;
}
