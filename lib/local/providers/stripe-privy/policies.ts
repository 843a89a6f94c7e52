import type { App, Policy, PolicyRule } from './app.ts';
import { createId } from './app.ts';
import { ApiError, invalid, notFound } from './api-error.ts';

/** What a wallet is asked to do, as policies see it. */
export interface Asked {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly nowMs: number;
}

const METHODS = new Set([
  'eth_sendTransaction',
  'eth_signTransaction',
  'eth_signUserOperation',
  'eth_signTypedData_v4',
  'personal_sign',
  'eth_sign7702Authorization',
  'wallet_sendCalls',
  'exportPrivateKey',
  'exportSeedPhrase',
  'transfer',
  'earn_deposit',
  'earn_withdraw',
  '*',
]);
/** Where conditions may look, by method; anywhere for methods that the stand-in never does. */
const SOURCES: Readonly<Record<string, readonly string[]>> = {
  eth_signTypedData_v4: ['ethereum_typed_data_domain', 'ethereum_typed_data_message', 'system'],
  personal_sign: ['message', 'system'],
  '*': ['system'],
};
const OPERATORS = new Set(['eq', 'gt', 'gte', 'lt', 'lte', 'in', 'contains', 'starts_with', 'ends_with']);
const RULES_MAX = 50;
const CONDITIONS_MAX = 50;
const VALUES_MAX = 100;
const NAME_MAX_CHARS = 50;

export function findPolicy({ policies }: Pick<App, 'policies'>, id: unknown): Policy {
  const policy = policies.find((each) => each.id === id);
  if (policy === undefined) throw notFound('Policy');
  return policy;
}

export function parseName(value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.length > NAME_MAX_CHARS) throw invalid('name');
  return value;
}

export function parseRules(value: unknown): readonly PolicyRule[] {
  if (!Array.isArray(value) || value.length > RULES_MAX) throw invalid('rules');
  return value.map((rule) => parseRule(rule));
}

export function parseRule(value: unknown, id = createId()): PolicyRule {
  const { name, method, action, conditions } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof method !== 'string' || !METHODS.has(method)) throw invalid('method');
  if (action !== 'ALLOW' && action !== 'DENY') throw invalid('action');
  if (!Array.isArray(conditions) || conditions.length > CONDITIONS_MAX) throw invalid('conditions');
  for (const condition of conditions) {
    if (!isCondition(condition, method)) throw invalid('conditions');
  }
  return { id, name: parseName(name), method, action, conditions };
}

function isCondition(condition: unknown, method: string): boolean {
  const { field, field_source, operator, value, typed_data } = (condition ?? {}) as Readonly<Record<string, unknown>>;
  const sources = SOURCES[method];
  if (typeof field !== 'string' || typeof field_source !== 'string' || typeof operator !== 'string') return false;
  if (!OPERATORS.has(operator) || (sources !== undefined && !sources.includes(field_source))) return false;
  if (field_source === 'ethereum_typed_data_message' && typeof primaryTypeOf(typed_data) !== 'string') return false;
  if (operator !== 'in') return typeof value === 'string';
  return Array.isArray(value) && value.length <= VALUES_MAX && value.every((each) => typeof each === 'string');
}

function primaryTypeOf(typedData: unknown): unknown {
  return ((typedData ?? {}) as Readonly<Record<string, unknown>>)['primary_type'];
}

/**
 * Judges by every policy: a rule that denies is stronger than one that allows, and what no rule speaks of is denied. Throws
 * `ApiError`.
 */
export function assertAllowed(policies: readonly Policy[], asked: Asked): void {
  for (const { rules } of policies) {
    const matching = rules.filter((rule) => matches(rule, asked));
    if (matching.length === 0 || matching.some(({ action }) => action === 'DENY')) {
      throw new ApiError(400, 'policy_violation', 'RPC request denied due to policy violation');
    }
  }
}

function matches({ method, conditions }: PolicyRule, asked: Asked): boolean {
  return (method === '*' || method === asked.method) && conditions.every((condition) => holds(condition, asked));
}

function holds(condition: Readonly<Record<string, unknown>>, asked: Asked): boolean {
  const { operator, value } = condition;
  const found = readField(condition, asked);
  if (found === undefined || found === null || typeof found === 'object') return false;
  const given = String(found);
  if (operator === 'in') return (value as readonly string[]).some((each) => normalize(each) === normalize(given));
  const wanted = String(value);
  switch (operator) {
    case 'eq':
      return normalize(given) === normalize(wanted);
    case 'contains':
      return given.includes(wanted);
    case 'starts_with':
      return given.startsWith(wanted);
    case 'ends_with':
      return given.endsWith(wanted);
    default:
      return compares(String(operator), toInteger(given), toInteger(wanted));
  }
}

function compares(operator: string, given: bigint | null, wanted: bigint | null): boolean {
  if (given === null || wanted === null) return false;
  if (operator === 'gt') return given > wanted;
  if (operator === 'gte') return given >= wanted;
  return operator === 'lt' ? given < wanted : given <= wanted;
}

function readField({ field, field_source, typed_data }: Readonly<Record<string, unknown>>, asked: Asked): unknown {
  const path = String(field);
  const typed = (asked.params['typed_data'] ?? {}) as Readonly<Record<string, unknown>>;
  switch (field_source) {
    case 'ethereum_typed_data_domain':
      return readPath(
        typed['domain'],
        path.replace(/_(\w)/, (_, letter: string) => letter.toUpperCase()),
      );
    case 'ethereum_typed_data_message':
      return primaryTypeOf(typed_data) === typed['primary_type'] ? readPath(typed['message'], path) : undefined;
    case 'message':
      return path === 'content' ? asked.params['message'] : messageBytes(asked.params).length;
    case 'system':
      return Math.floor(asked.nowMs / 1_000);
    default:
      return undefined;
  }
}

/** What `personal_sign` is asked to sign. */
export function messageBytes({ message, encoding }: Asked['params']): Uint8Array {
  return Buffer.from(String(message), encoding === 'hex' ? 'hex' : 'utf8');
}

/** A member of a member, with dots between. */
function readPath(value: unknown, path: string): unknown {
  let at = value;
  for (const name of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at;
}

/** Addresses in any case are the same, and so are numbers in hex and in decimal. */
function normalize(text: string): string {
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return text.toLowerCase();
  return toInteger(text)?.toString() ?? text;
}

function toInteger(text: string): bigint | null {
  return /^(\d{1,78}|0x[0-9a-fA-F]{1,64})$/.test(text) ? BigInt(text) : null;
}

export function showPolicy({ id, name, chainType, ownerId, rules, createdAtMs }: Policy) {
  return {
    id,
    version: '1.0' as const,
    name,
    chain_type: chainType,
    owner_id: ownerId,
    rules,
    created_at: createdAtMs,
  };
}
