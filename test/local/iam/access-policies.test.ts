import { describe, expect, test } from 'vitest';
import { createAccessPolicies, formatSessionArn, type AccessRequest } from '../../../lib/local/iam/access-policies.ts';
import { createAwsHooks } from '../../../lib/local/iam/aws-hooks.ts';
import { createCredentialStore } from '../../../lib/local/iam/credentials.ts';

const environment = { partition: 'aws', region: 'us-east-1', account: '000000000000' };
const API = 'arn:aws:execute-api:us-east-1:000000000000:abcdefghij/v1';
const KEY = 'arn:aws:kms:us-east-1:000000000000:key/11111111-1111-4111-8111-111111111111';
const ROLE = { name: 'Paying', arn: 'arn:aws:iam::000000000000:role/Paying', logicalId: 'Paying' };
const caller = { roleName: 'Paying', sessionName: 'one' };

function policies(...statements: object[]): ReturnType<typeof createAccessPolicies> {
  const document = { Version: '2012-10-17', Statement: statements };
  return createAccessPolicies([{ ...ROLE, policies: [{ name: 'own', document }] }], environment);
}

function invoke(path: string): AccessRequest {
  return { caller, action: 'execute-api:Invoke', resource: `${API}/${path}` };
}

describe('a caller of the API', () => {
  const allow = { Effect: 'Allow', Action: 'execute-api:Invoke', Resource: [`${API}/POST/payments/*`] };
  const deny = { Effect: 'Deny', Action: 'execute-api:Invoke', Resource: [`${API}/*/payments/processPayment`] };

  test('may do what a policy allows and nothing else', async () => {
    const { isAllowed } = policies(allow);
    expect(await isAllowed(invoke('POST/payments/getPaymentSession'))).toBe(true);
    expect(await isAllowed(invoke('GET/payments/getPaymentSession'))).toBe(false);
    expect(await isAllowed(invoke('POST/bursar'))).toBe(false);
  });

  test('may not do what a policy denies, whatever allows it', async () => {
    const { isAllowed } = policies(allow, deny);
    expect(await isAllowed(invoke('POST/payments/processPayment'))).toBe(false);
    expect(await isAllowed(invoke('POST/payments/processPayments'))).toBe(true);
  });

  test('may not use a wildcard in the path as one', async () => {
    const { isAllowed } = policies(allow);
    expect(await isAllowed(invoke('POST/*'))).toBe(false);
    expect(await isAllowed(invoke('*'))).toBe(false);
  });

  test('may do nothing under a role that the templates do not have', async () => {
    const stranger = { ...invoke('POST/payments/x'), caller: { roleName: 'Other', sessionName: 'one' } };
    expect(await policies(allow).isAllowed(stranger)).toBe(false);
  });

  test('is kept out by the API’s own policy', async () => {
    const { isAllowed } = policies(allow);
    const statement = { Effect: 'Deny', Principal: '*', Action: 'execute-api:Invoke', Resource: '*' };
    const resourcePolicy = { Version: '2012-10-17', Statement: [statement] };
    expect(await isAllowed({ ...invoke('POST/payments/x'), resourcePolicy })).toBe(false);
  });

  test('is named by role and session', () => {
    expect(formatSessionArn(environment, caller)).toBe('arn:aws:sts::000000000000:assumed-role/Paying/one');
  });
});

test('throws for an action that IAM does not know, which is a mistake and no refusal', async () => {
  const request = { caller, action: 'kms:Sing', resource: KEY };
  await expect(policies().isAllowed(request)).rejects.toThrow("IAM can't judge kms:Sing");
});

test('asks IAM again when a condition key that matters differs', async () => {
  const { isAllowed } = policies({
    Effect: 'Allow',
    Action: 'dynamodb:GetItem',
    Resource: '*',
    Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['SES#*'] } },
  });
  const read = (key: string): Promise<boolean> =>
    isAllowed({
      caller,
      action: 'dynamodb:GetItem',
      resource: 'arn:aws:dynamodb:us-east-1:000000000000:table/Books',
      context: { 'dynamodb:LeadingKeys': [key] },
    });
  expect([await read('SES#1'), await read('PAY#1'), await read('SES#1')]).toEqual([true, false, true]);
});

describe('an answer that is known', () => {
  const RESOURCE = 'arn:aws:dynamodb:us-east-1:000000000000:table/Books';
  /** A role with one condition on leading keys, and a question to it. */
  function conditioned(operator: string, expected: readonly string[]) {
    const { isAllowed } = policies({
      Effect: 'Allow',
      Action: 'dynamodb:GetItem',
      Resource: '*',
      Condition: { [operator]: { 'dynamodb:LeadingKeys': expected } },
    });
    return (...keys: string[]): Promise<boolean> =>
      isAllowed({
        caller,
        action: 'dynamodb:GetItem',
        resource: RESOURCE,
        context: { 'dynamodb:LeadingKeys': keys },
      });
  }

  test('is given again for keys that fit the same patterns', async () => {
    const read = conditioned('ForAllValues:StringLike', ['SES#*', 'PAY#?']);
    const decisions = [await read('SES#1'), await read('SES#2'), await read('PAY#1'), await read('PAY#22')];
    expect(decisions).toEqual([true, true, true, false]);
  });

  test('is not taken for keys of which one more fits nothing', async () => {
    const read = conditioned('ForAllValues:StringLike', ['SES#*']);
    expect([await read('SES#1', 'SES#2'), await read('SES#1', 'PAY#1'), await read('SES#3')]).toEqual([
      true,
      false,
      true,
    ]);
  });

  test('is not taken for no keys at all', async () => {
    const read = conditioned('ForAnyValue:StringLike', ['SES#*']);
    expect([await read('SES#1'), await read()]).toEqual([true, false]);
  });

  test('tells a pattern from the same text', async () => {
    const read = conditioned('ForAllValues:StringEquals', ['SES#*']);
    expect([await read('SES#1'), await read('SES#*')]).toEqual([false, true]);
  });

  test('is asked for anew under an operator that looks at more than patterns', async () => {
    const read = conditioned('ForAllValues:StringEqualsIgnoreCase', ['SES#A']);
    expect([await read('ses#b'), await read('ses#a')]).toEqual([false, true]);
  });

  test('is asked for anew where the value is a variable', async () => {
    const read = conditioned('ForAllValues:StringEquals', ['${aws:PrincipalType}']);
    expect([await read('User'), await read('AssumedRole')]).toEqual([false, true]);
  });
});

describe('a function’s call to KMS', () => {
  const sign = {
    Effect: 'Allow',
    Action: 'kms:Sign',
    Resource: 'arn:aws:kms:us-east-1:000000000000:key/*',
    Condition: { StringEquals: { 'aws:ResourceTag/bursar:deployment': 'Bursar', 'kms:MessageType': 'DIGEST' } },
  };
  const create = {
    Effect: 'Allow',
    Action: ['kms:CreateKey', 'kms:TagResource'],
    Resource: '*',
    Condition: { StringEquals: { 'aws:RequestTag/bursar:deployment': 'Bursar' } },
  };
  const credentials = createCredentialStore();
  const { accessKeyId } = credentials.issue(caller);
  const { authorize } = createAwsHooks({ environment, credentials, accessPolicies: policies(sign, create) });
  const context = { 'aws:ResourceTag/bursar:deployment': 'Bursar', 'kms:MessageType': 'DIGEST' };

  /** As each wallet key has it: the paying role may sign, everybody else is denied. */
  const keyPolicy = (roleArn: string): object => ({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::000000000000:root' }, Action: 'kms:*', Resource: '*' },
      {
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Action: 'kms:Sign',
        Resource: '*',
        Condition: { ArnNotEquals: { 'aws:PrincipalArn': roleArn } },
      },
    ],
  });
  const ask = (action: string, resourceArn: string, more: object): Promise<boolean> =>
    Promise.resolve(authorize({ accessKeyId, service: 'kms', action, resourceArn, tags: {}, context, ...more }));

  test('is allowed where role and key agree', async () => {
    expect(await ask('Sign', KEY, { keyPolicy: keyPolicy(ROLE.arn) })).toBe(true);
  });

  test('is refused where the key names another role', async () => {
    expect(await ask('Sign', KEY, { keyPolicy: keyPolicy('arn:aws:iam::000000000000:role/Other') })).toBe(false);
  });

  test('is refused where a condition does not hold', async () => {
    const raw = { ...context, 'kms:MessageType': 'RAW' };
    expect(await ask('Sign', KEY, { keyPolicy: keyPolicy(ROLE.arn), context: raw })).toBe(false);
  });

  test('may make a key with the deployment’s tag only, before there is a policy', async () => {
    const tag = (value: string): object => ({ context: { 'aws:RequestTag/bursar:deployment': value } });
    expect(await ask('CreateKey', '*', tag('Bursar'))).toBe(true);
    expect(await ask('TagResource', KEY, tag('Bursar'))).toBe(true);
    expect(await ask('CreateKey', '*', tag('Other'))).toBe(false);
  });

  test('is refused with an access key that nobody has', async () => {
    expect(await ask('Sign', KEY, { keyPolicy: keyPolicy(ROLE.arn), accessKeyId: 'ASIAUNKNOWN' })).toBe(false);
  });
});
