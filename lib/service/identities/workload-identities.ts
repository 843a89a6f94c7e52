import type { IdentityStore } from '../../domain/ports/registry.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { Tags, WorkloadIdentity } from '../../domain/tenants/resources.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { Clock } from '../../domain/time.ts';
import { repeatOvertaken } from '../tenants/overtaken-change.ts';

export interface WorkloadsDeps {
  readonly identities: Pick<IdentityStore, 'readWorkload' | 'createWorkload' | 'replaceWorkload' | 'deleteWorkload'>;
  readonly clock: Clock;
}

const NOT_FOUND = { reason: 'not_found', resource: 'workload identity' } as const satisfies Refusal;

/** Creates a workload identity. A name is taken from the first creation until the deletion. */
export async function createWorkload(
  { identities, clock }: WorkloadsDeps,
  input: {
    readonly name: string;
    readonly returnUrls?: readonly string[] | undefined;
    readonly tags?: Tags | undefined;
  },
): Promise<Result<WorkloadIdentity, Refusal>> {
  const now = clock.now();
  const workload: WorkloadIdentity = {
    name: input.name,
    returnUrls: input.returnUrls ?? [],
    tags: input.tags ?? null,
    createdAt: now,
    updatedAt: now,
    revision: 1,
  };
  if ((await identities.createWorkload(workload)) === 'changed') return ok(workload);
  return refuse({ reason: 'conflict', message: 'There is a workload identity of this name already' });
}

export async function getWorkload(
  { identities }: Pick<WorkloadsDeps, 'identities'>,
  { name }: { readonly name: string },
): Promise<Result<WorkloadIdentity, Refusal>> {
  const workload = await identities.readWorkload(name);
  return workload === null ? refuse(NOT_FOUND) : ok(workload);
}

/** Replaces the return URLs; a request without them changes nothing else than the time of the update. */
export async function updateWorkload(
  { identities, clock }: WorkloadsDeps,
  input: { readonly name: string; readonly returnUrls?: readonly string[] | undefined },
): Promise<Result<WorkloadIdentity, Refusal>> {
  return repeatOvertaken(async () => {
    const previous = await identities.readWorkload(input.name);
    if (previous === null) return refuse(NOT_FOUND);
    const next: WorkloadIdentity = {
      ...previous,
      returnUrls: input.returnUrls ?? previous.returnUrls,
      updatedAt: clock.now(),
      revision: previous.revision + 1,
    };
    if ((await identities.replaceWorkload(next, previous)) === 'changed') return ok(next);
    return 'overtaken';
  });
}

/** Deletes a workload identity, and with it all of its tokens. One that was made with a manager goes with the manager only. */
export async function deleteWorkload(
  { identities }: Pick<WorkloadsDeps, 'identities'>,
  { name }: { readonly name: string },
): Promise<Result<'deleted', Refusal>> {
  return repeatOvertaken(async () => {
    const workload = await identities.readWorkload(name);
    if (workload === null) return refuse(NOT_FOUND);
    const outcome = await identities.deleteWorkload(workload);
    if (outcome === 'changed') return ok('deleted');
    if (outcome === 'in_use') {
      const message = 'The workload identity belongs to a payment manager, and is deleted with it';
      return refuse({ reason: 'resource_conflict', message });
    }
    return 'overtaken';
  });
}
