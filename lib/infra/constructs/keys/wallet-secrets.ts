import { ArnFormat, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { SEED_STAGE } from '../../../wallets/seed-vault/seed-secret.ts';
import { grantSecretsKey } from './secrets-key.ts';

export interface WalletSecretsProps {
  /** How the names of this deployment's secrets begin, without the slash that follows. */
  readonly namePrefix: string;
  /** ARNs of secrets whose names begin alike and that are none of these. */
  readonly others: string;
}

/**
 * The seeds of `SeedVault` wallets: secrets that are made at run time, because a seed that CloudFormation generates is
 * replaced, and the funds lost, when one of its properties changes.
 *
 * They are encrypted with the deployment's key of secrets, which lets the roles decrypt that need to and nobody else.
 */
export class WalletSecrets extends Construct {
  readonly namePrefix: string;

  private readonly others: string;

  constructor(scope: Construct, id: string, { namePrefix, others }: WalletSecretsProps) {
    super(scope, id);
    this.namePrefix = namePrefix;
    this.others = others;
  }

  /** Lets a role read what wallets sign with: seeds, and the credentials of wallet providers, whose names begin alike. */
  grantSign(role: Role): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'ReadWalletSecrets',
        actions: ['secretsmanager:GetSecretValue'],
        resources: [this.anySecret()],
      }),
    );
    grantSecretsKey(role, 'read', `${this.namePrefix}/*`);
  }

  /** Lets a role see whether a seed is there, by its secret's description. */
  grantDescribe(role: Role): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'SeeWalletSeeds',
        actions: ['secretsmanager:DescribeSecret'],
        resources: [this.anySecret()],
      }),
    );
    this.denyOthers(role, 'SeeWalletSeedsOnly', 'secretsmanager:DescribeSecret');
  }

  /** Lets a role store new seeds and hold them by our label, and keeps it from ever reading one, whatever else is granted to it. */
  grantCreate(role: Role): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'StoreWalletSeeds',
        actions: ['secretsmanager:CreateSecret'],
        resources: [this.anySecret()],
      }),
    );
    grantSecretsKey(role, 'store', `${this.namePrefix}/*`);
    role.addToPrincipalPolicy(this.holdSeeds());
    this.denyOthers(role, 'WalletSeedsOnly', 'secretsmanager:CreateSecret', 'secretsmanager:UpdateSecretVersionStage');
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'NeverReadWalletSeeds',
        effect: Effect.DENY,
        actions: ['secretsmanager:BatchGetSecretValue', 'secretsmanager:GetSecretValue'],
        resources: ['*'],
      }),
    );
  }

  /** Lets a role read seeds, and bring back what was lost; it can neither delete one nor replace a value that wallets use. */
  grantBackUp(role: Role): void {
    const actions = [
      'secretsmanager:CreateSecret',
      'secretsmanager:DescribeSecret',
      'secretsmanager:GetSecretValue',
      'secretsmanager:PutSecretValue',
      'secretsmanager:RestoreSecret',
    ];
    role.addToPrincipalPolicy(
      new PolicyStatement({ sid: 'BackUpWalletSeeds', actions, resources: [this.anySecret()] }),
    );
    grantSecretsKey(role, 'read', `${this.namePrefix}/*`);
    grantSecretsKey(role, 'store', `${this.namePrefix}/*`);
    role.addToPrincipalPolicy(this.holdSeeds());
    this.denyOthers(role, 'WalletSeedsOnly', ...actions, 'secretsmanager:UpdateSecretVersionStage');
  }

  /** The label that keeps the version of a seed, and no other: AWSCURRENT stays where it is. */
  private holdSeeds(): PolicyStatement {
    return new PolicyStatement({
      sid: 'HoldWalletSeeds',
      actions: ['secretsmanager:UpdateSecretVersionStage'],
      resources: [this.anySecret()],
      conditions: { StringEquals: { 'secretsmanager:VersionStage': SEED_STAGE } },
    });
  }

  private denyOthers(role: Role, sid: string, ...actions: string[]): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid,
        effect: Effect.DENY,
        actions,
        resources: [this.others],
      }),
    );
  }

  private anySecret(): string {
    return Stack.of(this).formatArn({
      service: 'secretsmanager',
      resource: 'secret',
      resourceName: `${this.namePrefix}/*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }
}
