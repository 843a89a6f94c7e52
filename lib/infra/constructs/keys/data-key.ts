import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccountRootPrincipal, PolicyDocument, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Key, type IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

export interface DataKeyProps {
  /** Whether the key survives the stack; without it nothing that it encrypted can be read again. */
  readonly retain: boolean;
}

/** A key that was there before, whose policy lets this account use it through DynamoDB. */
export interface AttachedKeyProps {
  readonly keyArn: string;
}

/** What encrypting and decrypting through a service takes. Spelled out, since no policy of Bursar has a wildcard action. */
const USE = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

/** What keeping a key takes, without using it and without letting others use it. */
const ADMINISTRATION: readonly string[] = [
  'kms:CancelKeyDeletion',
  'kms:CreateAlias',
  'kms:DeleteAlias',
  'kms:DescribeKey',
  'kms:DisableKey',
  'kms:DisableKeyRotation',
  'kms:EnableKey',
  'kms:EnableKeyRotation',
  'kms:GetKeyPolicy',
  'kms:GetKeyRotationStatus',
  'kms:ListGrants',
  'kms:ListKeyPolicies',
  'kms:ListKeyRotations',
  'kms:ListResourceTags',
  'kms:PutKeyPolicy',
  'kms:RevokeGrant',
  'kms:RotateKeyOnDemand',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateAlias',
  'kms:UpdateKeyDescription',
];

/** A key policy's statement that lets this account's own policies say who keeps the key, and nobody use it. */
export function administeredByThisAccount(): PolicyStatement {
  return new PolicyStatement({
    sid: 'AdministeredByThisAccount',
    principals: [new AccountRootPrincipal()],
    actions: [...ADMINISTRATION],
    resources: ['*'],
  });
}

/** How long a key that is deleted with a try-out can still be rescued; the shortest that KMS allows. */
const TRY_OUT_DELETION_DAYS = 7;
const DELETION_DAYS = 30;

/**
 * The key that encrypts the tables. Its policy lets this account use it through DynamoDB only, so that nobody, whatever
 * their own policies say, can decrypt with it directly. Not for wallets: their keys are made at run time.
 */
export class DataKey extends Construct {
  readonly key: IKey;

  constructor(scope: Construct, id: string, props: DataKeyProps | AttachedKeyProps) {
    super(scope, id);
    this.key = 'keyArn' in props ? Key.fromKeyArn(this, 'Attached', props.keyArn) : this.make(props);
  }

  private make({ retain }: DataKeyProps): IKey {
    const throughDynamoDb = { 'kms:ViaService': dynamoDbEndpoint(this) };
    return new Key(this, 'Key', {
      description: 'Encrypts the tables of Bursar',
      enableKeyRotation: true,
      removalPolicy: retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      pendingWindow: Duration.days(retain ? DELETION_DAYS : TRY_OUT_DELETION_DAYS),
      policy: new PolicyDocument({
        statements: [
          administeredByThisAccount(),
          new PolicyStatement({
            sid: 'UsedThroughDynamoDb',
            principals: [new AccountRootPrincipal()],
            actions: USE,
            resources: ['*'],
            conditions: { StringEquals: throughDynamoDb },
          }),
          new PolicyStatement({
            sid: 'GrantedToDynamoDb',
            principals: [new AccountRootPrincipal()],
            actions: ['kms:CreateGrant'],
            resources: ['*'],
            conditions: { StringEquals: throughDynamoDb, Bool: { 'kms:GrantIsForAWSResource': 'true' } },
          }),
        ],
      }),
    });
  }

  /** Lets a role read and write items of the tables, which DynamoDB does with the caller's own permission on the key. */
  grantUseThroughDynamoDb(role: Role): void {
    this.grantThroughDynamoDb(role, USE);
  }

  /** Lets a role read the changes of items, and write none. */
  grantDecryptThroughDynamoDb(role: Role): void {
    this.grantThroughDynamoDb(role, ['kms:Decrypt', 'kms:DescribeKey']);
  }

  private grantThroughDynamoDb(role: Role, actions: string[]): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'UseDataKeyThroughDynamoDb',
        actions,
        resources: [this.key.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': dynamoDbEndpoint(this) } },
      }),
    );
  }
}

function dynamoDbEndpoint(scope: Construct): string {
  // The name is the same in every partition.
  return `dynamodb.${Stack.of(scope).region}.amazonaws.com`;
}
