import type { PolicyOwner } from '../../../domain/ports/policies.ts';
import { text } from '../store/attributes.ts';
import type { Item } from '../store/client.ts';

// Where policies are. Apart from what stands in them, which a deployment without policies never loads.

const POLICY = 'POL';
/** As many digits as any version has, so that the order of the texts is that of the changes. */
const VERSION_DIGITS = 12;

/** Patterns of the partition keys of each scope, for the policies of roles. */
export const POLICY_KEYS = {
  deployment: 'POL#deployment',
  manager: 'POL#manager#*',
  user: 'POL#user#*',
  agent: 'POL#agent#*',
  session: 'POL#session#*',
} as const satisfies Record<PolicyOwner['scope'], string>;

/** What a caller chose stands last and alone may hold `#`: no two owners share a partition. */
export function policyPartition(owner: PolicyOwner): string {
  switch (owner.scope) {
    case 'deployment':
      return POLICY_KEYS.deployment;
    case 'manager':
      return `POL#manager#${owner.managerId}`;
    case 'user':
      return `POL#user#${owner.managerId}#${owner.userId}`;
    case 'agent':
      return `POL#agent#${owner.managerId}#${owner.agentName}`;
    case 'session':
      return `POL#session#${owner.managerId}#${owner.sessionId}`;
  }
}

export function policyKey(owner: PolicyOwner): Item {
  return { pk: text(policyPartition(owner)), sk: text(POLICY) };
}

export const changePosition = (version: number): string => `${version}`.padStart(VERSION_DIGITS, '0');
