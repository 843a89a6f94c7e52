import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { DEPLOYMENT_TAG, INSTRUMENT_TAG } from '../../../wallets/aws-kms/key-policy.ts';

export interface WalletKeysProps {
  /** The value of the tag `bursar:deployment` on every wallet key of this deployment. */
  readonly tag: string;
}

/** Of Ethereum's curve. */
const KEY_SPEC = 'ECC_SECG_P256K1';

/**
 * The KMS keys of `AwsKms` wallets. They are made at run time, so this holds no resource but who may do what with them.
 * Each key's own policy names the paying role and the key administrator by `aws:PrincipalArn`; these grants are the
 * other half, and neither half alone lets anybody sign.
 */
export class WalletKeys extends Construct {
  readonly tag: string;

  constructor(scope: Construct, id: string, { tag }: WalletKeysProps) {
    super(scope, id);
    this.tag = tag;
  }

  /** Lets a role sign digests with the wallet keys of this deployment, and nothing else. */
  grantSign(role: Role): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'SignWithWalletKeys',
        actions: ['kms:Sign'],
        resources: [this.anyKey()],
        conditions: {
          StringEquals: {
            [`aws:ResourceTag/${DEPLOYMENT_TAG}`]: this.tag,
            'kms:KeySpec': KEY_SPEC,
            'kms:MessageType': 'DIGEST',
            'kms:SigningAlgorithm': 'ECDSA_SHA_256',
          },
        },
      }),
    );
    // A new key's tags may not count for some minutes: the age of a key that is refused tells whether to come again.
    this.grantLookAt(role, 'kms:DescribeKey');
  }

  /** Lets a role make wallet keys and read their public half. It can neither sign nor delete. */
  grantCreate(role: Role): void {
    const tagged = { [`aws:RequestTag/${DEPLOYMENT_TAG}`]: this.tag };
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'CreateWalletKeys',
        actions: ['kms:CreateKey'],
        // A key that does not exist yet has no ARN.
        resources: ['*'],
        conditions: { StringEquals: { ...tagged, 'kms:KeySpec': KEY_SPEC, 'kms:KeyUsage': 'SIGN_VERIFY' } },
      }),
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'TagWalletKeysAtCreation',
        actions: ['kms:TagResource'],
        resources: [this.anyKey()],
        conditions: {
          StringEquals: tagged,
          'ForAllValues:StringEquals': { 'aws:TagKeys': [DEPLOYMENT_TAG, INSTRUMENT_TAG] },
        },
      }),
    );
    this.grantLookAt(role, 'kms:GetPublicKey');
  }

  /** By the kind of key and not by its tag, which a new key does not have everywhere at once; what it shows is public. */
  private grantLookAt(role: Role, action: 'kms:DescribeKey' | 'kms:GetPublicKey'): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'LookAtWalletKeys',
        actions: [action],
        resources: [this.anyKey()],
        conditions: { StringEquals: { 'kms:KeySpec': KEY_SPEC } },
      }),
    );
  }

  private anyKey(): string {
    return Stack.of(this).formatArn({
      service: 'kms',
      resource: 'key',
      resourceName: '*',
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
  }
}
