import { resourceIn, type Arn, type Deployment } from '../../domain/ids.ts';
import { formatPolicyText, hashPolicy, parsePolicyText, type PolicyDocument } from '../../domain/policy/index.ts';
import type { SessionStore } from '../../domain/ports/books.ts';
import type {
  PolicyChange,
  PolicyKeeper,
  PolicyOwner,
  PolicyState,
  StoredPolicy,
} from '../../domain/ports/policies.ts';
import type { ManagerStore } from '../../domain/ports/registry.ts';
import type { Page, PageRequest } from '../../domain/ports/services.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { Principal } from '../../domain/tenants/principal.ts';
import type { Clock } from '../../domain/time.ts';
import { findManager } from './managers.ts';
import { repeatOvertaken } from './overtaken-change.ts';

export interface PoliciesDeps {
  readonly policies: PolicyKeeper;
  readonly clock: Clock;
}

export interface ControlOwnerDeps {
  readonly registry: Pick<ManagerStore, 'readManager'>;
  readonly deployment: Deployment;
}

export interface DataOwnerDeps extends ControlOwnerDeps {
  readonly sessions: Pick<SessionStore, 'readSession'>;
  readonly clock: Clock;
}

const missing = refuse({ reason: 'not_found', resource: 'policy' } as const);

/** Whose policy an operator means: the deployment's, a manager's, or an agent's of a manager. */
export async function findControlOwner(
  deps: ControlOwnerDeps,
  input: {
    readonly scope: 'deployment' | 'manager' | 'agent';
    readonly manager?: Arn<string> | null | undefined;
    readonly agentName?: string | undefined;
  },
): Promise<Result<PolicyOwner, Refusal>> {
  if (input.scope === 'deployment') return ok({ scope: 'deployment' });
  const managerId = resourceIn(deps.deployment, input.manager ?? null);
  if (managerId === null || (await deps.registry.readManager(managerId)) === null) {
    return refuse({ reason: 'not_found', resource: 'manager' });
  }
  return ok(
    input.scope === 'agent'
      ? { scope: 'agent', managerId, agentName: input.agentName ?? '' }
      : { scope: 'manager', managerId },
  );
}

/**
 * Whose policy a backend means: the user's that it acts for, one of his sessions', or an agent's. An agent's holds for all users of
 * the manager, so that the token of one of them may neither change nor read it.
 */
export async function findDataOwner(
  deps: DataOwnerDeps,
  principal: Principal,
  input: {
    readonly scope: 'user' | 'agent' | 'session';
    readonly manager?: Arn<string> | null | undefined;
    readonly agentName?: string | undefined;
    readonly sessionId?: string | undefined;
  },
): Promise<Result<PolicyOwner, Refusal>> {
  const manager = await findManager(deps, principal, 'manage', input.manager ?? null);
  if (!manager.ok) return manager;
  const { managerId } = manager.value;
  const { userId } = principal;
  switch (input.scope) {
    case 'user':
      return ok({ scope: 'user', managerId, userId });
    case 'agent': {
      if (principal.claims === null) return ok({ scope: 'agent', managerId, agentName: input.agentName ?? '' });
      const message =
        "An agent's spend policy holds for all users: it is kept with signatures, not with a token of one";
      return refuse({ reason: 'access_denied', message });
    }
    case 'session': {
      const sessionId = input.sessionId ?? '';
      const session = await deps.sessions.readSession({ managerId, sessionId });
      if (session === null || session.deleted || session.userId !== userId) {
        return refuse({ reason: 'not_found', resource: 'session' });
      }
      return ok({ scope: 'session', managerId, sessionId });
    }
  }
}

/** What a change is made upon: the hash that is there, `none`, or whatever there is. */
type IfHash = string | undefined;

/** Sets the policy of an owner. One that stands already is not written again, so that a repetition changes nothing. */
export async function putPolicy(
  { policies, clock }: PoliciesDeps,
  owner: PolicyOwner,
  { document, ifHash, by }: { readonly document: PolicyDocument; readonly ifHash?: IfHash; readonly by: string },
): Promise<Result<StoredPolicy, Refusal>> {
  const hash = hashPolicy(document);
  return repeatOvertaken(async () => {
    const { stored, version } = await policies.readPolicy(owner);
    if (stored?.hash === hash) return ok(stored);
    const other = findMismatch(stored, ifHash);
    if (other !== null) return refuse(other);
    // As it will be read, so that every answer shows it alike.
    const kept = parsePolicyText(formatPolicyText(document));
    const next = { owner, hash, document: kept, version: version + 1, updatedAt: clock.now(), updatedBy: by };
    const outcome = await policies.put(next, { version, hash: stored?.hash ?? null });
    return outcome === 'changed' ? ok(next) : 'overtaken';
  });
}

export async function getPolicy(
  { policies }: Pick<PoliciesDeps, 'policies'>,
  owner: PolicyOwner,
): Promise<Result<StoredPolicy, Refusal>> {
  const { stored } = await policies.readPolicy(owner);
  return stored === null ? missing : ok(stored);
}

/** Takes a policy away: what stands above it goes on to hold. */
export async function deletePolicy(
  { policies, clock }: PoliciesDeps,
  owner: PolicyOwner,
  { ifHash, by }: { readonly ifHash?: IfHash; readonly by: string },
): Promise<Result<'deleted', Refusal>> {
  return repeatOvertaken(async () => {
    const { stored, version } = await policies.readPolicy(owner);
    if (stored === null) return missing;
    const other = findMismatch(stored, ifHash);
    if (other !== null) return refuse(other);
    const outcome = await policies.remove(owner, { version, hash: stored.hash }, by, clock.now());
    return outcome === 'changed' ? ok('deleted') : 'overtaken';
  });
}

export function listPolicyChanges(
  { policies }: Pick<PoliciesDeps, 'policies'>,
  owner: PolicyOwner,
  page: PageRequest,
): Promise<Page<PolicyChange>> {
  return policies.history(owner, page);
}

function findMismatch(stored: PolicyState['stored'], ifHash: IfHash): Refusal | null {
  const found = stored?.hash ?? 'none';
  if (ifHash === undefined || ifHash === found) return null;
  const what = stored === null ? 'there is none' : `it has the hash ${found}`;
  return {
    reason: 'conflict',
    message: `The spend policy is not the one that ifHash names: ${what}. Nothing was changed; read it again`,
  };
}
