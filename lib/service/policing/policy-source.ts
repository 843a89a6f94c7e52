import { createBoundedMap } from '../../domain/bounded-map.ts';
import { POLICY_CACHE_MS, POLICY_OWNERS_CACHED_MAX } from '../../domain/limits.ts';
import type { PolicyOwner, PolicyReader, StoredPolicy } from '../../domain/ports/policies.ts';
import type { Clock } from '../../domain/time.ts';
import { UNWRITTEN_POLICIES, type PoliciesInForce } from './in-force.ts';
import type { Remembering } from './recalling.ts';

/** Whose policies hold for a payment. */
export interface PolicySubject {
  readonly managerId: string;
  readonly userId: string;
  /** As the call states it; without one no policy of an agent is found. */
  readonly agentName: string | null;
  readonly sessionId: string;
}

/** Finds the policies in force. */
export interface PolicySource {
  /** Throws where one could not be read: it must not count as none. */
  read(subject: PolicySubject): Promise<PoliciesInForce>;
  /**
   * The shortest validity that these policies cap at, as they were last read here, however long ago; `Infinity` where none was or
   * none does. Never waits: for terms that are made while policies are being read.
   */
  lastCapSeconds(subject: PolicySubject): number;
}

interface Known {
  /** `null`: the owner has none. */
  readonly stored: StoredPolicy | null;
  readonly readAt: number;
}

/**
 * Reads all policies of a payment in one request, and asks again for none that was read within `POLICY_CACHE_MS`, be it there or
 * not. A change therefore counts after that time at the latest, and what DynamoDB takes to show it. An owner that is not remembered,
 * since there are too many, is read again. What judges is loaded with the first policy that somebody has written.
 */
export function createPolicySource({
  reader,
  clock,
  remembering,
}: {
  readonly reader: PolicyReader;
  readonly clock: Clock;
  /** @default nothing is remembered, so that rules on earlier payments and imported lists refuse */
  readonly remembering?: () => Promise<Remembering>;
}): PolicySource {
  const known = createBoundedMap<string, Known>(POLICY_OWNERS_CACHED_MAX);
  let enforcing: Promise<(written: readonly StoredPolicy[]) => PoliciesInForce> | null = null;
  const loadEnforcing = () =>
    (enforcing ??= Promise.all([import('./enforcing.ts'), remembering?.() ?? null]).then(
      ([{ createEnforcing }, memory]) => createEnforcing(memory, clock),
      (error: unknown) => {
        enforcing = null;
        throw error;
      },
    ));
  return {
    read: async (subject) => {
      // Before the request: what is read is at least as new.
      const readAt = clock.now();
      const owners = ownersOf(subject).map((owner) => ({ owner, key: keyOf(owner) }));
      const entries = new Map(owners.map(({ key }) => [key, known.get(key)]));
      const missing = owners.filter(({ key }) => readAt - (entries.get(key)?.readAt ?? -Infinity) >= POLICY_CACHE_MS);
      const read = missing.length === 0 ? [] : await reader.readPolicies(missing.map(({ owner }) => owner));
      const found = new Map(read.map((each) => [keyOf(each.owner), each]));
      for (const { key } of missing) {
        const entry = { stored: found.get(key) ?? null, readAt };
        entries.set(key, entry);
        known.set(key, entry);
      }
      const written = owners.flatMap(({ key }) => entries.get(key)?.stored ?? []);
      return written.length === 0 ? UNWRITTEN_POLICIES : (await loadEnforcing())(written);
    },
    lastCapSeconds: (subject) => {
      const rules = ownersOf(subject).flatMap((owner) => known.get(keyOf(owner))?.stored?.document.rules ?? []);
      const caps = rules.flatMap((rule) => (rule.kind === 'validity' ? [rule.maxSeconds] : []));
      return Math.min(...caps);
    },
  };
}

/** From the widest scope to the narrowest. */
export function ownersOf({ managerId, userId, agentName, sessionId }: PolicySubject): readonly PolicyOwner[] {
  return [
    { scope: 'deployment' },
    { scope: 'manager', managerId },
    { scope: 'user', managerId, userId },
    ...(agentName === null || agentName === '' ? [] : [{ scope: 'agent', managerId, agentName } as const]),
    { scope: 'session', managerId, sessionId },
  ];
}

/** One text for each owner, whatever the order of its members. */
function keyOf(owner: PolicyOwner): string {
  return JSON.stringify(Object.entries(owner).toSorted());
}
