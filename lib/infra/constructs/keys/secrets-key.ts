import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccountRootPrincipal, PolicyDocument, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { administeredByThisAccount } from './data-key.ts';

/** Which roles do what with secrets, by names that stay through every deployment. ARNs. */
export interface SecretRoles {
  readonly storing: readonly string[];
  /** Of wallet seeds. */
  readonly readingSeeds: readonly string[];
  /** Of wallet providers' API secrets. */
  readonly readingCredentials: readonly string[];
}

export interface SecretsKeyProps {
  /** How the names of this deployment's secrets begin, without the slash that follows. */
  readonly namePrefix: string;
  readonly roles: SecretRoles;
}

const DELETION_DAYS = 30;
const CREDENTIALS = 'credentials';
/** With what Secrets Manager tries a key before it takes it; nothing is decrypted. */
const TRIAL = 'RequestToValidateKeyAccess';

/**
 * Encrypts wallet seeds and wallet providers' secrets. Its policy lets the roles decrypt that need to, by name, and nobody
 * else: a permission to read secrets, such as an administrator has for all of the account, reads none of these. Seeds are
 * money, so the key survives every stack, and nobody deletes it but in thirty days in which it can be taken back.
 */
export class SecretsKey extends Construct {
  readonly key: Key;

  constructor(scope: Construct, id: string, { namePrefix, roles }: SecretsKeyProps) {
    super(scope, id);
    const ofSecrets = (names: string) => secretContext(this, names);
    this.key = new Key(this, 'Key', {
      description: 'Encrypts wallet seeds and secrets of wallet providers. Without it their money is lost',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      pendingWindow: Duration.days(DELETION_DAYS),
      policy: new PolicyDocument({
        statements: [
          administeredByThisAccount(),
          this.allow('StoredBy', ['kms:GenerateDataKey'], roles.storing, ofSecrets(`${namePrefix}/*`)),
          this.allow('TriedBy', ['kms:Decrypt'], roles.storing, { StringEquals: { [SECRET_ARN]: TRIAL } }),
          this.allow('SeedsReadBy', ['kms:Decrypt'], roles.readingSeeds, {
            ...ofSecrets(`${namePrefix}/*`),
            StringNotLike: ofSecrets(`${namePrefix}/${CREDENTIALS}/*`).StringLike,
          }),
          this.allow(
            'CredentialsReadBy',
            ['kms:Decrypt'],
            roles.readingCredentials,
            ofSecrets(`${namePrefix}/${CREDENTIALS}/*`),
          ),
        ],
      }),
    });
  }

  private allow(sid: string, actions: string[], roleArns: readonly string[], context: Conditions): PolicyStatement {
    const { StringEquals: equal = {}, ...others } = context;
    return new PolicyStatement({
      sid,
      // The root principal stands for "every principal that IAM allows too", so that neither half alone lets anybody in.
      principals: [new AccountRootPrincipal()],
      actions,
      resources: ['*'],
      conditions: {
        ...others,
        StringEquals: { ...equal, 'kms:ViaService': secretsManager(this), 'aws:PrincipalArn': [...roleArns] },
      },
    });
  }
}

type Conditions = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const SECRET_ARN = 'kms:EncryptionContext:SecretARN';

/**
 * Lets a role use whatever key encrypts its secrets, through Secrets Manager alone: the key's policy is the other half. By
 * the secrets and not by the key, since a data stack that is made anew has another key, and old secrets keep theirs.
 */
export function grantSecretsKey(role: Role, use: 'read' | 'store', namePattern: string): void {
  const resource = Stack.of(role).formatArn({ service: 'kms', resource: 'key/*' });
  const statement = (sid: string, action: string, context: Conditions): PolicyStatement =>
    new PolicyStatement({
      sid,
      actions: [action],
      resources: [resource],
      conditions: {
        ...context,
        StringEquals: { ...context['StringEquals'], 'kms:ViaService': secretsManager(role) },
      },
    });
  if (use === 'read') {
    role.addToPrincipalPolicy(statement('DecryptSecrets', 'kms:Decrypt', secretContext(role, namePattern)));
    return;
  }
  role.addToPrincipalPolicy(statement('EncryptSecrets', 'kms:GenerateDataKey', secretContext(role, namePattern)));
  role.addToPrincipalPolicy(statement('TrySecretsKey', 'kms:Decrypt', { StringEquals: { [SECRET_ARN]: TRIAL } }));
}

function secretContext(scope: Construct, names: string): { readonly StringLike: Readonly<Record<string, string>> } {
  const arn = Stack.of(scope).formatArn({ service: 'secretsmanager', resource: `secret:${names}` });
  return { StringLike: { [SECRET_ARN]: arn } };
}

function secretsManager(scope: Construct): string {
  // The name is the same in every partition.
  return `secretsmanager.${Stack.of(scope).region}.amazonaws.com`;
}
