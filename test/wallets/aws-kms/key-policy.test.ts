import { runSimulation } from '@cloud-copilot/iam-simulate';
import { describe, expect, test } from 'vitest';
import { walletKeyPolicy } from '../../../lib/wallets/aws-kms/key-policy.ts';
import { ACCOUNT, KEY_ADMIN_ROLE, PAYING_ROLE } from '../aws.ts';

const KEY_ARN = `arn:aws:kms:eu-west-1:${ACCOUNT}:key/00000000-0000-4000-8000-000000000000`;
const OTHER_ROLE = `arn:aws:iam::${ACCOUNT}:role/administrator`;
const ROOT = `arn:aws:iam::${ACCOUNT}:root`;
const FOREIGN_ROLE = 'arn:aws:iam::999999999999:role/stranger';
const DIGEST = { 'kms:MessageType': 'DIGEST', 'kms:SigningAlgorithm': 'ECDSA_SHA_256' };
const ALLOW_ALL = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };

const policy = walletKeyPolicy({
  partition: 'aws',
  account: ACCOUNT,
  payingRoleArn: PAYING_ROLE,
  keyAdminRoleArn: KEY_ADMIN_ROLE,
});

/** What IAM decides for a session of a role that has an identity policy, by default one that allows everything. */
async function decide(
  roleArn: string,
  action: string,
  context: Record<string, string> = {},
  identityPolicy: object | null = ALLOW_ALL,
): Promise<string> {
  const [, , , , account, name] = roleArn.split(/:(?:role\/)?/) as string[];
  const principal = roleArn === ROOT ? ROOT : `arn:aws:sts::${account}:assumed-role/${name}/session`;
  const result = await runSimulation(
    {
      request: {
        principal,
        action: `kms:${action}`,
        resource: { resource: KEY_ARN, accountId: ACCOUNT },
        contextVariables: { 'aws:PrincipalArn': roleArn, ...context },
      },
      identityPolicies: identityPolicy === null ? [] : [{ name: 'identity', policy: identityPolicy }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy: policy,
    },
    {},
  );
  if (result.resultType === 'error') throw new Error(JSON.stringify(result.errors));
  return result.overallResult;
}

describe('wallet key policy', () => {
  test('lets the paying role sign digests', async () => {
    expect(await decide(PAYING_ROLE, 'Sign', DIGEST)).toBe('Allowed');
  });

  test('refuses the paying role without its own permission: neither half is enough', async () => {
    expect(await decide(PAYING_ROLE, 'Sign', DIGEST, null)).toBe('ImplicitlyDenied');
  });

  test.each([
    ['a whole message', { ...DIGEST, 'kms:MessageType': 'RAW' }],
    ['another algorithm', { ...DIGEST, 'kms:SigningAlgorithm': 'ECDSA_SHA_384' }],
  ])('refuses the paying role to sign %s', async (_name, context) => {
    expect(await decide(PAYING_ROLE, 'Sign', context)).toBe('ImplicitlyDenied');
  });

  test.each([OTHER_ROLE, KEY_ADMIN_ROLE, `${PAYING_ROLE}-2`, ROOT, FOREIGN_ROLE])(
    'denies %s to sign, though IAM allows it everything',
    async (role) => {
      expect(await decide(role, 'Sign', DIGEST)).toBe('ExplicitlyDenied');
    },
  );

  test.each(['PutKeyPolicy', 'TagResource', 'UntagResource', 'ScheduleKeyDeletion'])(
    'lets the key administrator, and nobody else, do %s',
    async (action) => {
      expect(await decide(KEY_ADMIN_ROLE, action)).toBe('Allowed');
      for (const role of [OTHER_ROLE, PAYING_ROLE, ROOT, FOREIGN_ROLE]) {
        expect(await decide(role, action)).toBe('ExplicitlyDenied');
      }
    },
  );

  test.each(['DescribeKey', 'GetPublicKey', 'GetKeyPolicy', 'DisableKey'])(
    'leaves %s to the IAM policies of the account',
    async (action) => {
      expect(await decide(OTHER_ROLE, action)).toBe('Allowed');
      expect(await decide(OTHER_ROLE, action, {}, null)).toBe('ImplicitlyDenied');
      expect(await decide(FOREIGN_ROLE, action)).toBe('ImplicitlyDenied');
    },
  );

  test('denies grants to everybody, since a grant would go around the policy', async () => {
    for (const role of [KEY_ADMIN_ROLE, PAYING_ROLE, ROOT, OTHER_ROLE]) {
      expect(await decide(role, 'CreateGrant')).toBe('ExplicitlyDenied');
    }
  });

  test('names no action by a wildcard, and no role as a principal that a new deployment would strand', () => {
    for (const { Action, Principal } of policy.Statement) {
      expect(Action.filter((action) => action.includes('*'))).toEqual([]);
      expect([ROOT, '*']).toContain(Principal.AWS);
    }
  });

  test('allows signing in one statement only', () => {
    const allows = policy.Statement.filter(({ Effect, Action }) => Effect === 'Allow' && Action.includes('kms:Sign'));
    expect(allows.map(({ Sid }) => Sid)).toEqual(['PayingRoleSignsDigests']);
  });
});
