import { InvariantViolated } from '../../../domain/invariant.ts';
import type { JwtAuthorizer } from '../../../domain/tenants/jwt-authorizer.ts';
import type { Authorizer, PaymentManager } from '../../../domain/tenants/resources.ts';
import {
  SCHEMA_VERSION,
  assertReadable,
  number,
  readInstant,
  readInteger,
  readOneOf,
  readText,
  readTextMap,
  text,
  textMap,
} from '../store/attributes.ts';
import type { Item } from '../store/client.ts';

// docs/reference/storage-schema.md lists every attribute. Names are whole words: these items are rarely written.

/** The list of all managers in the `by-list` index. */
export const MANAGER_LIST = 'MANAGERS';
const LIST_KEYS = ['lk', 'ls'] as const;
export const DELETED = 'DELETED';
/** Attributes that a deleted resource loses, so that no list shows it. */
export const LISTED_ATTRIBUTES: readonly string[] = LIST_KEYS;

export function managerKey(managerId: string): Item {
  return { pk: text(`MGR#${managerId}`), sk: text('MGR') };
}

export function toDescription(description: string | null): Item {
  return description === null ? {} : { description: text(description) };
}

/** What an update may change of a manager. */
export function toManagerAttributes(manager: PaymentManager): Item {
  const { authorizer } = manager;
  return {
    ...toDescription(manager.description),
    authorizerType: text(authorizer.type),
    ...(authorizer.type === 'AWS_IAM' ? {} : { jwt: text(JSON.stringify(authorizer.jwt)) }),
    roleArn: text(manager.roleArn),
    updatedAt: number(manager.updatedAt),
    revision: number(manager.revision),
  };
}

export function toManagerItem(manager: PaymentManager): Item {
  return {
    ...managerKey(manager.managerId),
    ...toManagerAttributes(manager),
    v: number(SCHEMA_VERSION),
    name: text(manager.name),
    ...(manager.tags === null ? {} : { tags: textMap(manager.tags) }),
    workloadName: text(manager.workloadName),
    status: text(manager.status),
    createdAt: number(manager.createdAt),
    connectors: number(0),
    lk: text(MANAGER_LIST),
    ls: text(manager.managerId),
  };
}

export function parseManagerItem(item: Item): PaymentManager {
  assertReadable(item);
  return {
    managerId: readText(item, 'pk').slice('MGR#'.length),
    name: readText(item, 'name'),
    description: item['description']?.S ?? null,
    authorizer: parseAuthorizer(item),
    roleArn: readText(item, 'roleArn'),
    tags: readTextMap(item, 'tags'),
    workloadName: readText(item, 'workloadName'),
    status: readOneOf(item, 'status', ['READY']),
    createdAt: readInstant(item, 'createdAt'),
    updatedAt: readInstant(item, 'updatedAt'),
    revision: readInteger(item, 'revision'),
  };
}

function parseAuthorizer(item: Item): Authorizer {
  const type = readOneOf(item, 'authorizerType', ['AWS_IAM', 'CUSTOM_JWT']);
  if (type === 'AWS_IAM') return { type };
  const jwt: unknown = JSON.parse(readText(item, 'jwt'));
  if (!isJwtAuthorizer(jwt))
    throw new InvariantViolated(`stored item ${readText(item, 'pk')} has a malformed authorizer`);
  return { type, jwt };
}

/** Written by this code from a checked request; a member that is missing would be a condition that nobody checks. */
function isJwtAuthorizer(value: unknown): value is JwtAuthorizer {
  if (typeof value !== 'object' || value === null) return false;
  const jwt = value as Partial<Record<keyof JwtAuthorizer, unknown>>;
  const lists = [jwt.allowedAudience, jwt.allowedClients, jwt.allowedScopes];
  return (
    typeof jwt.discoveryUrl === 'string' &&
    lists.every((list) => list === null || (Array.isArray(list) && list.length > 0)) &&
    Array.isArray(jwt.customClaims) &&
    typeof jwt.managementScope === 'string' &&
    typeof jwt.managementMayPay === 'boolean'
  );
}
