import { parseManagerArn, parseProviderArn, parseWorkloadArn, type Deployment } from '../../domain/ids.ts';
import { TAGS_MAX } from '../../domain/limits.ts';
import type { TaggedResource, TagStore } from '../../domain/ports/registry.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { Tags } from '../../domain/tenants/resources.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { Clock } from '../../domain/time.ts';
import { repeatOvertaken } from './overtaken-change.ts';

export interface TagsDeps {
  readonly tagStore: TagStore;
  readonly deployment: Deployment;
  readonly clock: Clock;
}

const NOT_FOUND = { reason: 'not_found', resource: 'resource' } as const satisfies Refusal;

/** Adds tags, replacing those of the same keys. */
export function addTags(deps: TagsDeps, arn: string, added: Tags): Promise<Result<Tags, Refusal>> {
  return changeTags(deps, arn, (tags) => ({ ...tags, ...added }));
}

/** Removes tags; keys that no tag has are no mistake. */
export function removeTags(deps: TagsDeps, arn: string, keys: readonly string[]): Promise<Result<Tags, Refusal>> {
  const removed = new Set(keys);
  return changeTags(deps, arn, (tags) => Object.fromEntries(Object.entries(tags).filter(([key]) => !removed.has(key))));
}

export async function listTags(
  { tagStore, deployment }: Pick<TagsDeps, 'tagStore' | 'deployment'>,
  arn: string,
): Promise<Result<Tags, Refusal>> {
  const resource = parseResourceArn(deployment, arn);
  const found = resource === null ? null : await tagStore.readTags(resource);
  return found === null ? refuse(NOT_FOUND) : ok(found.tags);
}

async function changeTags(
  { tagStore, deployment, clock }: TagsDeps,
  arn: string,
  change: (tags: Tags) => Tags,
): Promise<Result<Tags, Refusal>> {
  const resource = parseResourceArn(deployment, arn);
  if (resource === null) return refuse(NOT_FOUND);
  return repeatOvertaken(async () => {
    const found = await tagStore.readTags(resource);
    if (found === null) return refuse(NOT_FOUND);
    const tags = change(found.tags);
    const count = Object.keys(tags).length;
    if (count > TAGS_MAX) {
      const message = `A resource may have at most ${TAGS_MAX} tags; this change would make it ${count}`;
      return refuse({ reason: 'quota_exceeded', message });
    }
    if ((await tagStore.replaceTags(resource, tags, found.revision, clock.now())) === 'changed') return ok(tags);
    return 'overtaken';
  });
}

/** The resource of this deployment that an ARN names, or `null`. Does not look whether there is one. */
function parseResourceArn(deployment: Deployment, arn: string): TaggedResource | null {
  const managerId = parseManagerArn(deployment, arn);
  if (managerId !== null) return { kind: 'manager', id: managerId };
  const provider = parseProviderArn(deployment, arn);
  if (provider !== null) return { kind: 'credential-provider', id: provider };
  const workload = parseWorkloadArn(deployment, arn);
  return workload === null ? null : { kind: 'workload-identity', id: workload };
}
