import { ArnFormat, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { grantSecretsKey } from './secrets-key.ts';

export interface CredentialSecretsProps {
  /** How the names of this deployment's secrets of wallet providers begin, without the slash that follows. */
  readonly namePrefix: string;
  /** ARNs of the deployer's own secrets that credential providers may refer to. */
  readonly externalArns: readonly string[];
}

/**
 * The API secrets of wallet providers. Who holds one can sign with the provider outside every budget, so those who store
 * them never read them; who has providers' wallets made, signs with them or mints providers' tokens reads them.
 */
export class CredentialSecrets extends Construct {
  readonly namePrefix: string;
  private readonly externalArns: readonly string[];

  constructor(scope: Construct, id: string, { namePrefix, externalArns }: CredentialSecretsProps) {
    super(scope, id);
    this.namePrefix = namePrefix;
    this.externalArns = externalArns;
  }

  /** Every managed secret, as a pattern of ARNs. */
  get arnPattern(): string {
    return Stack.of(this).formatArn({
      service: 'secretsmanager',
      resource: 'secret',
      resourceName: `${this.namePrefix}/*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }

  /** Lets a role read managed and external secrets. */
  grantRead(role: Role): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'ReadProviderSecrets',
        actions: ['secretsmanager:GetSecretValue'],
        resources: [this.arnPattern, ...this.externalArns],
      }),
    );
    grantSecretsKey(role, 'read', `${this.namePrefix}/*`);
  }

  /** Lets a role that reads managed secrets already read external ones too. */
  grantReadExternal(role: Role): void {
    if (this.externalArns.length === 0) return;
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'ReadExternalSecrets',
        actions: ['secretsmanager:GetSecretValue'],
        resources: [...this.externalArns],
      }),
    );
  }

  /** Lets a role store, replace and delete managed secrets, and keeps it from ever reading one or deleting one for good. */
  grantManage(role: Role): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'StoreProviderSecrets',
        actions: [
          'secretsmanager:CreateSecret',
          'secretsmanager:DeleteSecret',
          'secretsmanager:PutSecretValue',
          'secretsmanager:TagResource',
        ],
        resources: [this.arnPattern],
      }),
    );
    grantSecretsKey(role, 'store', `${this.namePrefix}/*`);
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'NeverReadSecrets',
        effect: Effect.DENY,
        actions: ['secretsmanager:BatchGetSecretValue', 'secretsmanager:GetSecretValue'],
        resources: ['*'],
      }),
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'NeverDeleteBeyondRecovery',
        effect: Effect.DENY,
        actions: ['secretsmanager:DeleteSecret'],
        resources: ['*'],
        conditions: { Bool: { 'secretsmanager:ForceDeleteWithoutRecovery': 'true' } },
      }),
    );
  }
}
