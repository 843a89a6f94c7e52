import { createHash } from 'node:crypto';
import { Lazy, Stack } from 'aws-cdk-lib';
import type { CfnFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';

const HASH_CHARS = 8;
/** What a version does not keep, so that a change of it needs no new one. */
const OUTSIDE_VERSIONS = new Set(['ReservedConcurrentExecutions', 'Tags']);

/**
 * Ends a function's description in a hash of everything that its template says of it.
 *
 * CDK asks for a new version whenever the text of the template changes. Where the text changes and its meaning does not (a
 * region that was left open is named), Lambda would have nothing to publish and refuse: "A version for this Lambda function
 * exists". With the hash the function itself changes as often as the text does.
 */
export function describeByContent(fn: LambdaFunction, description: string): void {
  // The default child of a function is its resource.
  const resource = fn.node.defaultChild as CfnFunction;
  let hashing = false;
  resource.description = Lazy.uncachedString({
    produce: () => {
      if (hashing) return description;
      hashing = true;
      try {
        return `${description} (${hashOf(resource)})`;
      } finally {
        hashing = false;
      }
    },
  });
}

function hashOf(resource: CfnFunction): string {
  // oxlint-disable-next-line no-underscore-dangle -- CDK's own name for what a resource becomes
  const template = Stack.of(resource).resolve(resource._toCloudFormation()) as {
    readonly Resources: Readonly<Record<string, { readonly Properties: Readonly<Record<string, unknown>> }>>;
  };
  const [{ Properties: properties } = { Properties: {} }] = Object.values(template.Resources);
  const kept = Object.entries(properties).filter(([name]) => !OUTSIDE_VERSIONS.has(name));
  return createHash('sha256').update(JSON.stringify(kept)).digest('hex').slice(0, HASH_CHARS);
}
