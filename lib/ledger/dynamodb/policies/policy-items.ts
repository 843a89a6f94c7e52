import { formatPolicyText, parsePolicyText } from '../../../domain/policy/hash.ts';
import type { PolicyDocument } from '../../../domain/policy/document.ts';
import type { PolicyChange, PolicyOwner, StoredPolicy } from '../../../domain/ports/policies.ts';
import {
  SCHEMA_VERSION,
  assertReadable,
  number,
  readInstant,
  readInteger,
  readText,
  text,
} from '../store/attributes.ts';
import type { Item } from '../store/client.ts';
import { changePosition, policyKey, policyPartition } from './policy-keys.ts';

// docs/reference/storage-schema.md lists every attribute.

const CHANGE_PREFIX = 'CHANGE#';

export function changeKey(owner: PolicyOwner, position: string): Item {
  return { pk: text(policyPartition(owner)), sk: text(CHANGE_PREFIX + position) };
}

/** The prefix of the sort keys of an owner's changes. */
export const CHANGES = CHANGE_PREFIX;
export const positionOfChange = (item: Item): string => readText(item, 'sk').slice(CHANGE_PREFIX.length);

/** A policy, or with neither hash nor document what is left of one that was removed: the number of its changes. */
export function toPolicyItem(
  { owner, version, at, by }: Pick<PolicyChange, 'owner' | 'version' | 'at' | 'by'>,
  policy: Pick<StoredPolicy, 'hash' | 'document'> | null,
): Item {
  return {
    ...policyKey(owner),
    v: number(SCHEMA_VERSION),
    revision: number(version),
    updatedAt: number(at),
    updatedBy: text(by),
    ...(policy === null ? {} : { hash: text(policy.hash), document: text(formatPolicyText(policy.document)) }),
  };
}

/** `stored` is `null` for what is left of a removed one. The document is read from its text when it is first looked at. */
export function parsePolicyItem(owner: PolicyOwner, item: Item) {
  assertReadable(item);
  const version = readInteger(item, 'revision');
  const hash = item['hash']?.S;
  if (hash === undefined) return { stored: null, version };
  const written = readText(item, 'document');
  let document: PolicyDocument | null = null;
  const stored: StoredPolicy = {
    owner,
    hash,
    get document() {
      return (document ??= parsePolicyText(written));
    },
    version,
    updatedAt: readInstant(item, 'updatedAt'),
    updatedBy: readText(item, 'updatedBy'),
  };
  return { stored, version };
}

export function toChangeItem({ owner, version, at, by, oldHash, newHash }: PolicyChange): Item {
  return {
    ...changeKey(owner, changePosition(version)),
    v: number(SCHEMA_VERSION),
    revision: number(version),
    changedAt: number(at),
    changedBy: text(by),
    ...(oldHash === null ? {} : { oldHash: text(oldHash) }),
    ...(newHash === null ? {} : { newHash: text(newHash) }),
  };
}

export function parseChangeItem(owner: PolicyOwner, item: Item): PolicyChange {
  assertReadable(item);
  return {
    owner,
    version: readInteger(item, 'revision'),
    at: readInstant(item, 'changedAt'),
    by: readText(item, 'changedBy'),
    oldHash: item['oldHash']?.S ?? null,
    newHash: item['newHash']?.S ?? null,
  };
}
