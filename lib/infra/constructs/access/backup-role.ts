// oxlint-disable no-new -- a construct takes its place in the tree by being made
import { CfnOutput } from 'aws-cdk-lib';
import { ArnPrincipal, CompositePrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { PaymentsApi } from './payments-api.ts';
import type { WalletSecrets } from '../keys/wallet-secrets.ts';

export interface BackupRoleProps {
  /** As the key of secrets knows it. */
  readonly name: string;
  readonly seeds: WalletSecrets;
  readonly api: PaymentsApi;
  /** ARNs that may assume the role, at least one. */
  readonly trusted: readonly string[];
}

/**
 * The role that backs up seeds: it reads them and restores lost ones, and reads wallets to compare their addresses. A principal
 * that assumes it can copy the keys to all the money, so it is made only where somebody is named for it.
 */
export class BackupRole extends Construct {
  constructor(scope: Construct, id: string, { name, seeds, api, trusted }: BackupRoleProps) {
    super(scope, id);
    const role = new Role(this, 'Role', {
      roleName: name,
      description:
        'Break glass: backs up the seeds of wallets and restores them. A principal that assumes it can copy them',
      assumedBy: new CompositePrincipal(...trusted.map((arn) => new ArnPrincipal(arn))),
    });
    seeds.grantBackUp(role);
    api.grantInvoke(role, 'CompareAddresses', ['GetPaymentInstrument', 'ListPaymentInstruments']);
    new CfnOutput(scope, `${id}Arn`, { value: role.roleArn });
  }
}
