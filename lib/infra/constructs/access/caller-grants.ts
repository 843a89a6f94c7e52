// oxlint-disable no-new -- a construct takes its place in the tree by being made
import { ManagedPolicy, type IGrantable, type IGroup, type IUser, type ManagedPolicyProps } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { OPERATIONS, type OperationName, type OperationRoute, type RoleName } from '../../../contract/operations.ts';
import type { PaymentsApi } from './payments-api.ts';
import {
  holdsStatement,
  identify,
  isPrincipalConstruct,
  isSamePrincipal,
  type PrincipalConstruct,
  type PrincipalIdentity,
} from './principal-identity.ts';

export interface CallerGrantsProps {
  readonly api: PaymentsApi;
}

export interface GrantOptions {
  /**
   * Lets one principal have this beside what, together, takes every limit from it. Each grant of the combination must say
   * so, since each alone denies what the other allows.
   * @default - such a combination is refused
   */
  readonly combination?: 'I accept that no budget limits this principal';
}

interface Grant {
  readonly role: RoleName;
  readonly identity: PrincipalIdentity;
  readonly principal: PrincipalConstruct;
  readonly accepted: boolean;
}

/** What is wrong with one principal that may do as both roles; pairs that are not listed may be combined. */
const DANGEROUS: readonly (readonly [RoleName, RoleName, why: string])[] = [
  ['ManagementRole', 'ProcessPaymentRole', 'it could open itself a budget and spend it'],
  ['ControlPlaneRole', 'ProcessPaymentRole', 'it could let itself manage budgets, and spend them'],
  ...(['ControlPlaneRole', 'ManagementRole', 'ProcessPaymentRole', 'ObserverRole'] as const).map(
    (role) => ['TokenRole', role, 'tokens of a wallet provider sign outside every budget'] as const,
  ),
  ...(['ControlPlaneRole', 'ManagementRole', 'ProcessPaymentRole', 'ObserverRole', 'TokenRole'] as const).map(
    (role) => ['TreasuryRole', role, 'who takes money out of wallets, on no budget, is to do nothing else'] as const,
  ),
];

const TOKEN_OPERATIONS = operationsOf('TokenRole');
const WITHDRAWAL = 'CreateWithdrawal';
/** What signs a payment to a seller. */
const PAYING = ['ProcessPayment', 'PayChallenge'] as const;
/** What a role must never do, whatever else its holder is granted, here or elsewhere. */
const DENIED: Readonly<Record<RoleName, readonly OperationName[]>> = {
  ControlPlaneRole: [...PAYING, WITHDRAWAL, ...TOKEN_OPERATIONS],
  ManagementRole: [...PAYING, WITHDRAWAL, ...TOKEN_OPERATIONS],
  ProcessPaymentRole: [WITHDRAWAL, ...TOKEN_OPERATIONS],
  ObserverRole: [WITHDRAWAL, ...TOKEN_OPERATIONS],
  TokenRole: [WITHDRAWAL],
  TreasuryRole: [
    ...PAYING,
    'CreatePaymentInstrument',
    'DeletePaymentInstrument',
    'CreatePaymentSession',
    'DeletePaymentSession',
    ...TOKEN_OPERATIONS,
  ],
};

/** How many operations one managed policy has room for, beside what it denies. */
const OPERATIONS_PER_POLICY = 30;

function inParts(operations: readonly OperationName[]): readonly (readonly OperationName[])[] {
  const starts = Array.from({ length: Math.ceil(operations.length / OPERATIONS_PER_POLICY) }, (_, at) => at);
  return starts.map((at) => operations.slice(at * OPERATIONS_PER_POLICY, (at + 1) * OPERATIONS_PER_POLICY));
}

/** As many characters of a construct's address as tell the stacks of one app from each other. */
const SUFFIX_CHARS = 8;

/**
 * Who may call what. Each grant allows the operations of one role and denies what must not come together with it, so that
 * a combination that cannot be seen at synthesis (through another app, another policy, a group) fails when it is used.
 */
export class CallerGrants extends Construct {
  private readonly api: PaymentsApi;
  private readonly grants: Grant[] = [];

  constructor(scope: Construct, id: string, { api }: CallerGrantsProps) {
    super(scope, id);
    this.api = api;
  }

  /**
   * Lets a principal call the operations of a role. Granting the same twice does nothing.
   *
   * @throws Error for a dangerous combination that is not accepted, and for a principal that takes no policies
   */
  grant(role: RoleName, grantee: IGrantable, { combination }: GrantOptions = {}): void {
    const principal = grantee.grantPrincipal;
    if (!isPrincipalConstruct(principal)) {
      throw new Error(
        `cannot grant ${role} to ${String(principal)}: expected a role, user or group of this account. Name anybody else in the configuration, as one who may assume the role`,
      );
    }
    const grant = { role, principal, identity: identify(principal), accepted: combination !== undefined };
    const earlier = this.grants.filter(({ identity }) => isSamePrincipal(identity, grant.identity));
    if (earlier.some((other) => other.role === role && other.identity.arn === grant.identity.arn)) return;
    for (const other of earlier) assertCombinable(grant, other);
    this.add(grant);
    this.grants.push(grant);
  }

  private add({ role, principal, accepted }: Grant): void {
    const suffix = this.node.addr.slice(-SUFFIX_CHARS);
    const sid = `${role}Calls${suffix}`;
    const denied = accepted ? [] : DENIED[role];
    const operations = operationsOf(role);
    const holder = toHolder(principal);
    // All policies that a user holds itself may have 2,048 characters together, which is less than an operator's operations; and a
    // managed one 6,144, which is less than some roles'.
    const parts = holder === null ? [operations] : inParts(operations);
    for (const [at, part] of parts.entries()) {
      const name = at === 0 ? '' : `${at + 1}`;
      const statements = [
        this.api.allowInvoke(`${sid}${name}`, part),
        ...(at === 0 && denied.length > 0 ? [this.api.denyInvoke(`${role}Never${suffix}`, denied)] : []),
      ];
      if (holder === null) for (const statement of statements) principal.addToPrincipalPolicy(statement);
      else new ManagedPolicy(principal, `${role}${suffix}${name}`, { statements, ...holder });
    }
    if (!holdsStatement(principal, sid)) {
      throw new Error(
        `cannot grant ${role} to ${principal.node.path}: it is imported as immutable, or belongs to another account, and would silently get nothing. Import it as mutable, or name it in the configuration as one who may assume the role`,
      );
    }
  }
}

/** Whom a policy of its own is attached to; `null` for a role, which has room within itself. */
function toHolder(principal: PrincipalConstruct): Pick<ManagedPolicyProps, 'users' | 'groups'> | null {
  if ('userName' in principal) return { users: [principal as unknown as IUser] };
  if ('groupName' in principal) return { groups: [principal as unknown as IGroup] };
  return null;
}

function assertCombinable(grant: Grant, earlier: Grant): void {
  if (grant.accepted && earlier.accepted) return;
  const found = DANGEROUS.find(([a, b]) => [grant.role, earlier.role].every((role) => role === a || role === b));
  if (found === undefined) return;
  throw new Error(
    `cannot grant ${grant.role} to ${grant.principal.node.path}, which has ${earlier.role} as ${earlier.principal.node.path}: ${found[2]}. Use two principals, or give both grants the option combination: 'I accept that no budget limits this principal'`,
  );
}

/** The operations that the table gives to a role. */
export function operationsOf(role: RoleName): OperationName[] {
  return Object.entries<OperationRoute>(OPERATIONS)
    .filter(([, { roles }]) => roles.includes(role))
    .map(([name]) => name as OperationName);
}
