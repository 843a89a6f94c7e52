/** One statement of a key policy, in the form of IAM's JSON. */
interface KeyPolicyStatement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal: { readonly AWS: string };
  readonly Action: readonly string[];
  readonly Resource: '*';
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface KeyPolicy {
  readonly Version: '2012-10-17';
  readonly Id: string;
  readonly Statement: readonly KeyPolicyStatement[];
}

export interface KeyPolicyRoles {
  readonly partition: string;
  readonly account: string;
  /** The role of the paying function, with its path. Only its name matters: a role made anew under it is the same. */
  readonly payingRoleArn: string;
  /** The role that may change policies and tags of wallet keys, and delete them. */
  readonly keyAdminRoleArn: string;
}

/** Tag that says which deployment a wallet key belongs to; the paying role may sign only with keys that carry its own. */
export const DEPLOYMENT_TAG = 'bursar:deployment';
/** Tag that says whose key it is, so that a key without an instrument can be found. */
export const INSTRUMENT_TAG = 'bursar:instrument';

const READ_ACTIONS = [
  'kms:DescribeKey',
  'kms:GetKeyPolicy',
  'kms:GetPublicKey',
  'kms:ListGrants',
  'kms:ListKeyPolicies',
  'kms:ListResourceTags',
];
/** What decides who may sign, or destroys the key and with it the money. */
const OWNER_ACTIONS = ['kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion', 'kms:TagResource', 'kms:UntagResource'];
const OPERATOR_ACTIONS = [
  'kms:CancelKeyDeletion',
  'kms:DisableKey',
  'kms:EnableKey',
  'kms:RevokeGrant',
  'kms:UpdateKeyDescription',
];

/**
 * The policy of one wallet key. The account's IAM policies may administer and read it but not sign; the paying role may
 * sign 32-byte digests with ECDSA; everybody else is denied signing, and everybody but the key administrator is denied
 * changing the policy or the tags, whatever IAM says. Nobody may make grants, which would go around all of that.
 *
 * Roles are named by `aws:PrincipalArn` and not as principals: KMS stores a principal as the role's unique id, so a role
 * that is deleted and made again by a deployment would be another one, and the money behind the key would be stranded.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
 */
export function walletKeyPolicy({ partition, account, payingRoleArn, keyAdminRoleArn }: KeyPolicyRoles): KeyPolicy {
  // In a key policy this principal means "every principal that IAM allows too", so an allow here is only half of a permission.
  const thisAccount = { AWS: `arn:${partition}:iam::${account}:root` };
  const everybody = { AWS: '*' };
  return {
    Version: '2012-10-17',
    Id: 'bursar-wallet-key',
    Statement: [
      {
        Sid: 'AccountAdministersThroughIam',
        Effect: 'Allow',
        Principal: thisAccount,
        Action: [...READ_ACTIONS, ...OPERATOR_ACTIONS, ...OWNER_ACTIONS].sort(),
        Resource: '*',
      },
      {
        Sid: 'PayingRoleSignsDigests',
        Effect: 'Allow',
        Principal: thisAccount,
        Action: ['kms:Sign'],
        Resource: '*',
        Condition: {
          StringEquals: {
            'aws:PrincipalArn': payingRoleArn,
            'kms:MessageType': 'DIGEST',
            'kms:SigningAlgorithm': 'ECDSA_SHA_256',
          },
        },
      },
      {
        Sid: 'NobodyElseSigns',
        Effect: 'Deny',
        Principal: everybody,
        Action: ['kms:Sign'],
        Resource: '*',
        Condition: { StringNotEquals: { 'aws:PrincipalArn': payingRoleArn } },
      },
      {
        Sid: 'OnlyKeyAdministratorOwns',
        Effect: 'Deny',
        Principal: everybody,
        Action: OWNER_ACTIONS,
        Resource: '*',
        Condition: { StringNotEquals: { 'aws:PrincipalArn': keyAdminRoleArn } },
      },
      {
        Sid: 'NobodyGrants',
        Effect: 'Deny',
        Principal: everybody,
        Action: ['kms:CreateGrant'],
        Resource: '*',
      },
    ],
  };
}
