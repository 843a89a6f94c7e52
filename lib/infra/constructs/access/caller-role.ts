// oxlint-disable no-new -- a construct takes its place in the tree by being made
import { CfnOutput } from 'aws-cdk-lib';
import { AccountRootPrincipal, ArnPrincipal, CompositePrincipal, Role, type PrincipalBase } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { RoleName } from '../../../contract/operations.ts';
import type { BursarConfig } from '../../config/config.ts';
import type { CallerGrants } from './caller-grants.ts';

export interface CallerRoleProps {
  readonly name: RoleName;
  readonly description: string;
  readonly grants: CallerGrants;
  /** ARNs that may assume the role; none means this account, so that its IAM policies decide. */
  readonly trusted: readonly string[];
  /** Whether the name of a session tells for whom it acts, so that an IAM user may take its own name only. */
  readonly sessionNameIsUser: boolean;
}

const USER_ARN = /^arn:[^:]+:iam::[0-9]{12}:user\//;

/** A role to hand out: it may call the operations that the table gives it and can do nothing else. */
export class CallerRole extends Construct {
  readonly role: Role;

  constructor(
    scope: Construct,
    id: string,
    { name, description, grants, trusted, sessionNameIsUser }: CallerRoleProps,
  ) {
    super(scope, id);
    const principals = trusted.map((arn) => toPrincipal(arn, sessionNameIsUser));
    this.role = new Role(this, 'Role', {
      description,
      assumedBy: principals.length === 0 ? new AccountRootPrincipal() : new CompositePrincipal(...principals),
    });
    grants.grant(name, this.role);
  }
}

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#ck_rolesessionname */
function toPrincipal(arn: string, sessionNameIsUser: boolean): PrincipalBase {
  const principal = new ArnPrincipal(arn);
  if (!sessionNameIsUser || !USER_ARN.test(arn)) return principal;
  // A policy variable: IAM puts the user's own name in.
  return principal.withConditions({ StringEquals: { 'sts:RoleSessionName': '${aws:username}' } });
}

/** Makes the roles that the deployer hands out, and an output with the ARN of each. */
export function addCallerRoles(scope: Construct, grants: CallerGrants, config: BursarConfig): void {
  const { bindUserToRoleSession: sessionNameIsUser } = config;
  const add = (name: RoleName, description: string, trusted: readonly string[]): void => {
    const props = { name, description, grants, trusted };
    // The treasurer acts for every user, and can't choose where the money goes.
    const ownNameOnly = sessionNameIsUser && name !== 'TreasuryRole';
    const { role } = new CallerRole(scope, name, { ...props, sessionNameIsUser: ownNameOnly });
    new CfnOutput(scope, `${name}Arn`, { value: role.roleArn });
  };
  add(
    'ControlPlaneRole',
    'For operators: makes payment managers, connectors and credentials, can never pay',
    config.controlPlanePrincipals,
  );
  add('ManagementRole', 'For the backend: makes wallets and sessions, can never pay', config.managementPrincipals);
  add(
    'ProcessPaymentRole',
    sessionNameIsUser
      ? 'For agents: pays within sessions of the user after whom the role session is named'
      : 'For agents: pays within a session, for any user of a manager',
    config.processPaymentPrincipals,
  );
  add('ObserverRole', 'For dashboards and audits: reads, changes nothing', config.observerPrincipals);
  if (config.tokenPrincipals.length > 0) {
    add('TokenRole', 'Mints tokens of wallet providers, outside every budget', config.tokenPrincipals);
  }
  if (config.treasuryPrincipals.length > 0 && config.withdrawalAddresses.length > 0) {
    add('TreasuryRole', 'Takes money out of wallets, to the listed addresses only', config.treasuryPrincipals);
  }
}
