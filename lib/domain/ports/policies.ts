import type { PolicyDocument } from '../policy/document.ts';
import type { EpochMs } from '../time.ts';
import type { Page, PageRequest } from './services.ts';

/** Whose a policy is. A session's is found by manager and session, an agent's by the name that calls state. */
export type PolicyOwner =
  | { readonly scope: 'deployment' }
  | { readonly scope: 'manager'; readonly managerId: string }
  | { readonly scope: 'user'; readonly managerId: string; readonly userId: string }
  | { readonly scope: 'agent'; readonly managerId: string; readonly agentName: string }
  | { readonly scope: 'session'; readonly managerId: string; readonly sessionId: string };

export interface StoredPolicy {
  readonly owner: PolicyOwner;
  /** As `hashPolicy` makes it. */
  readonly hash: string;
  readonly document: PolicyDocument;
  /** Counts the changes of this owner's policy, removals included; never goes back. */
  readonly version: number;
  readonly updatedAt: EpochMs;
  /** Who called: a role's ARN, or the client of a token. */
  readonly updatedBy: string;
}

/** Of the paying path. */
export interface PolicyReader {
  /** One request for all, eventually consistent; those that have none are left out. */
  readPolicies(owners: readonly PolicyOwner[]): Promise<readonly StoredPolicy[]>;
}

/** One change of a policy, kept for ever. */
export interface PolicyChange {
  readonly owner: PolicyOwner;
  readonly version: number;
  readonly at: EpochMs;
  readonly by: string;
  /** `null`: there was none. */
  readonly oldHash: string | null;
  /** `null`: it was removed. */
  readonly newHash: string | null;
}

/** What a change was made upon: the version that was read; 0 where there never was one. */
export interface PolicyBasis {
  readonly version: number;
  readonly hash: string | null;
}

/** Where a policy stands: `stored` is `null` where there is none, though `version` may count earlier ones. */
export interface PolicyState {
  readonly stored: StoredPolicy | null;
  readonly version: number;
}

export interface PolicyKeeper extends PolicyReader {
  /** Strongly consistent. */
  readPolicy(owner: PolicyOwner): Promise<PolicyState>;
  /**
   * Writes a policy and the record of its change in one transaction. `stale`: another change came between; nothing was written.
   * @param next its version is one more than that of `basis`
   */
  put(next: StoredPolicy, basis: PolicyBasis): Promise<'changed' | 'stale'>;
  /** Takes a policy away, keeping the record. See `put`. */
  remove(owner: PolicyOwner, basis: PolicyBasis, by: string, at: EpochMs): Promise<'changed' | 'stale'>;
  /** The changes of an owner's policy, latest first. */
  history(owner: PolicyOwner, page: PageRequest): Promise<Page<PolicyChange>>;
}
