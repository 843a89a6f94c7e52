import { parseManagerArn, parseProviderArn, parseWorkloadArn, type Arn } from '../ids.ts';
import type { TaggedResource } from '../ports/registry.ts';

/** The resource with tags that an ARN names, in whatever deployment; `null` for any other text. Does not look whether there is one. */
export function parseTaggedArn(arn: string): Arn<TaggedResource> | null {
  return (
    tagged('manager', parseManagerArn(arn)) ??
    tagged('credential-provider', parseProviderArn(arn)) ??
    tagged('workload-identity', parseWorkloadArn(arn))
  );
}

function tagged(kind: TaggedResource['kind'], arn: Arn<string> | null): Arn<TaggedResource> | null {
  return arn === null ? null : { deployment: arn.deployment, resource: { kind, id: arn.resource } };
}
