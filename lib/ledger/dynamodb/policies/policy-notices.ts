import { POLICY_NOTICE_KEEP_SECONDS } from '../../../domain/limits.ts';
import type { PolicyChange, PolicyOwner } from '../../../domain/ports/policies.ts';
import { InvariantViolated } from '../../../domain/invariant.ts';
import { floorToSeconds } from '../../../domain/time.ts';
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

import { POLICY_KEYS, changePosition, policyPartition } from './policy-keys.ts';

// docs/reference/storage-schema.md lists every attribute.

/** Of changes of policies, in the books, whose stream tells them; the record that is kept stands beside the policy. */
export const NOTICE_PREFIX = 'CHG#';

/** The pattern of the partition keys of each scope, for the policies of roles. */
export function noticeKeys(scope: PolicyOwner['scope']): string {
  const pattern = POLICY_KEYS[scope];
  return NOTICE_PREFIX + (pattern.endsWith('*') ? pattern : `${pattern}#*`);
}

/** Named by its instant as well: after a restore of the registry a number of a change comes a second time. */
export function toNoticeItem({ owner, version, at, by, oldHash, newHash }: PolicyChange): Item {
  return {
    pk: text(`${NOTICE_PREFIX}${policyPartition(owner)}#${changePosition(version)}#${at}`),
    v: number(SCHEMA_VERSION),
    sc: text(owner.scope),
    ...('managerId' in owner ? { m: text(owner.managerId) } : {}),
    ...('userId' in owner ? { u: text(owner.userId) } : {}),
    ...('agentName' in owner ? { ag: text(owner.agentName) } : {}),
    ...('sessionId' in owner ? { s: text(owner.sessionId) } : {}),
    rv: number(version),
    at: number(at),
    by: text(by),
    ...(oldHash === null ? {} : { oh: text(oldHash) }),
    ...(newHash === null ? {} : { nh: text(newHash) }),
    xs: number(floorToSeconds(at) + POLICY_NOTICE_KEEP_SECONDS),
  };
}

/** Throws for a scope that this release does not know. */
export function parseNoticeItem(item: Item): PolicyChange {
  assertReadable(item);
  return {
    owner: readOwner(item),
    version: readInteger(item, 'rv'),
    at: readInstant(item, 'at'),
    by: readText(item, 'by'),
    oldHash: item['oh']?.S ?? null,
    newHash: item['nh']?.S ?? null,
  };
}

function readOwner(item: Item): PolicyOwner {
  const scope = readText(item, 'sc');
  switch (scope) {
    case 'deployment':
      return { scope };
    case 'manager':
      return { scope, managerId: readText(item, 'm') };
    case 'user':
      return { scope, managerId: readText(item, 'm'), userId: readText(item, 'u') };
    case 'agent':
      return { scope, managerId: readText(item, 'm'), agentName: readText(item, 'ag') };
    case 'session':
      return { scope, managerId: readText(item, 'm'), sessionId: readText(item, 's') };
    default:
      throw new InvariantViolated(`a policy of the scope ${scope} was changed`);
  }
}
