import { resourceIn, type Arn, type Deployment } from '../../domain/ids.ts';
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

/** `null` for an ARN of nothing that has tags here. */
type TaggedArn = Arn<TaggedResource> | null;

const NOT_FOUND = { reason: 'not_found', resource: 'resource' } as const satisfies Refusal;

/** Adds tags, replacing those of the same keys. */
export function addTags(
  deps: TagsDeps,
  input: { readonly resource: TaggedArn; readonly tags: Tags },
): Promise<Result<Tags, Refusal>> {
  return changeTags(deps, input.resource, (tags) => ({ ...tags, ...input.tags }));
}

/** Removes tags; keys that no tag has are no mistake. */
export function removeTags(
  deps: TagsDeps,
  input: { readonly resource: TaggedArn; readonly keys: readonly string[] },
): Promise<Result<Tags, Refusal>> {
  const removed = new Set(input.keys);
  return changeTags(deps, input.resource, (tags) =>
    Object.fromEntries(Object.entries(tags).filter(([key]) => !removed.has(key))),
  );
}

export async function listTags(
  { tagStore, deployment }: Pick<TagsDeps, 'tagStore' | 'deployment'>,
  input: { readonly resource: TaggedArn },
): Promise<Result<Tags, Refusal>> {
  const resource = resourceIn(deployment, input.resource);
  const found = resource === null ? null : await tagStore.readTags(resource);
  return found === null ? refuse(NOT_FOUND) : ok(found.tags);
}

async function changeTags(
  { tagStore, deployment, clock }: TagsDeps,
  arn: TaggedArn,
  change: (tags: Tags) => Tags,
): Promise<Result<Tags, Refusal>> {
  const resource = resourceIn(deployment, arn);
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
