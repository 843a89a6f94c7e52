import { isAddressEqual, type Hex } from 'viem';
import type { Answer } from '../api-server.ts';
import { ApiError, invalid } from './api-error.ts';
import type { Account, Policy, Project, Rule } from './project.ts';

const DESCRIPTION = /^[A-Za-z0-9 ,.]{1,50}$/;
/** The operations of accounts of the project, by the types of criteria that their rules may have. Without any: it has none. */
const CRITERIA: Readonly<Record<string, readonly string[]>> = {
  signEvmTransaction: ['ethValue', 'evmAddress', 'evmData', 'netUSDChange'],
  sendEvmTransaction: ['ethValue', 'evmAddress', 'evmNetwork', 'evmData', 'netUSDChange'],
  signEvmMessage: ['evmMessage'],
  signEvmTypedData: ['evmTypedDataField', 'evmTypedDataVerifyingContract'],
  signEvmHash: [],
};
/** Of the official client, which checks what it sends. */
const CRITERIA_MAX = 10;
const RULES_MAX = 100;

interface Creation {
  readonly project: Project;
  readonly body: Readonly<Record<string, unknown>>;
  readonly now: Date;
}

export function createPolicy({ project, body, now }: Creation): Answer {
  const { scope, description = null, rules } = body;
  if (scope !== 'project' && scope !== 'account') throw invalid('scope');
  if (description !== null && (typeof description !== 'string' || !DESCRIPTION.test(description))) {
    throw invalid('description');
  }
  if (!Array.isArray(rules) || rules.length === 0 || rules.length > RULES_MAX || !rules.every(isRule)) {
    throw invalid('rules');
  }
  return { status: 201, body: show(project.addPolicy({ scope, description, rules }, now)) };
}

function isRule(value: unknown): value is Rule {
  const { action, operation, criteria } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const types = typeof operation === 'string' && Object.hasOwn(CRITERIA, operation) ? CRITERIA[operation] : undefined;
  if (types === undefined || (action !== 'accept' && action !== 'reject')) return false;
  if (types.length === 0) return criteria === undefined;
  if (!Array.isArray(criteria) || criteria.length === 0 || criteria.length > CRITERIA_MAX) return false;
  return criteria.every((each) => types.includes(String((each as Readonly<Record<string, unknown>> | null)?.['type'])));
}

function show({ id, scope, description, rules, createdAt }: Policy): object {
  const shown = { id, scope, rules, createdAt, updatedAt: createdAt };
  return description === null ? shown : { ...shown, description };
}

/** The policy that a new account is to be under; `null` for none. Throws where there is no such policy. */
export function readAccountPolicy(project: Project, id: unknown): string | null {
  if (id === undefined) return null;
  const policy = project.policies().find((each) => each.id === id && each.scope === 'account');
  if (policy === undefined) throw invalid('accountPolicy');
  return policy.id;
}

/** Lets an account sign typed data unless its policy rejects it: the first rule that fits decides, and where none does, the answer is no. */
export function checkTypedData(project: Project, { policyId }: Account, typedData: unknown): void {
  const policy = project.policies().find(({ id }) => id === policyId);
  if (policy === undefined) return;
  const { domain } = (typedData ?? {}) as { readonly domain?: { readonly verifyingContract?: unknown } };
  const contract = String(domain?.verifyingContract);
  const fits = ({ operation, criteria = [] }: Rule) =>
    operation === 'signEvmTypedData' && criteria.every((criterion) => meets(criterion, contract));
  if (policy.rules.find(fits)?.action !== 'accept') {
    throw new ApiError(403, 'policy_violation', 'a policy of the account does not accept it');
  }
}

function meets({ type, addresses, operator }: Readonly<Record<string, unknown>>, contract: string): boolean {
  // What is in the data itself is not looked at here, and so never fits.
  if (type !== 'evmTypedDataVerifyingContract' || !Array.isArray(addresses)) return false;
  const isAmong = addresses.some((each) => isAddressEqual(each as Hex, contract as Hex));
  return operator === 'in' ? isAmong : !isAmong;
}
