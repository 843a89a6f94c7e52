import { sha256Hex } from '../../domain/policy/hash.ts';
import type { PolicyOwner, PolicyReader } from '../../domain/ports/policies.ts';
import { ownersOf, type PolicySubject } from './policy-source.ts';

/** The documents that hold for what is paid within a session, from the widest scope to the narrowest. */
export interface AppliedPolicies {
  /** The same as long as all of them are the same. */
  readonly hash: string;
  readonly documents: readonly { readonly scope: PolicyOwner['scope']; readonly hash: string }[];
}

/** `null` where nobody has written one. As new as what payments read: eventually consistent. */
export async function readAppliedPolicies(
  { policyReader }: { readonly policyReader: PolicyReader },
  subject: PolicySubject,
): Promise<AppliedPolicies | null> {
  const owners = ownersOf(subject);
  const stored = await policyReader.readPolicies(owners);
  if (stored.length === 0) return null;
  const documents = owners.flatMap(({ scope }) => {
    const found = stored.find(({ owner }) => owner.scope === scope);
    return found === undefined ? [] : [{ scope, hash: found.hash }];
  });
  return { hash: sha256Hex(JSON.stringify(documents.map(({ scope, hash }) => [scope, hash]))), documents };
}
