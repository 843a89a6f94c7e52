import { AccountRootPrincipal, ArnPrincipal, CompositePrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { OPERATIONS, type OperationName, type OperationRoute, type RoleName } from '../../api/operations.ts';
import type { PaymentsApi } from './payments-api.ts';

export interface CallerRoleProps {
  readonly name: RoleName;
  readonly description: string;
  readonly api: PaymentsApi;
  /** ARNs that may assume the role; none means this account, so that its IAM policies decide. */
  readonly trusted: readonly string[];
}

/** A role to hand out: it may call the operations that the table gives it and can do nothing else. */
export class CallerRole extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, { name, description, api, trusted }: CallerRoleProps) {
    super(scope, id);
    const principals = trusted.map((arn) => new ArnPrincipal(arn));
    this.role = new Role(this, 'Role', {
      description,
      assumedBy: principals.length === 0 ? new AccountRootPrincipal() : new CompositePrincipal(...principals),
    });
    api.grantInvoke(this.role, operationsOf(name));
  }
}

/** The operations that the table gives to a role. */
export function operationsOf(role: RoleName): OperationName[] {
  return Object.entries<OperationRoute>(OPERATIONS)
    .filter(([, { roles }]) => roles.includes(role))
    .map(([name]) => name as OperationName);
}
