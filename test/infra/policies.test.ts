import { describe, expect, test } from 'vitest';
import { app, statementsOf, type Statement } from './access.ts';
import { ALL_OPTIONS } from './options.ts';
import { ENVIRONMENT, synthesize, type Template } from './synthesis.ts';

const { account, region } = ENVIRONMENT;

/** Every policy document of a template: of roles, keys and whatever else has one. */
function documentsOf(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = 'Statement' in value && 'Version' in value ? [value] : [];
  return [...own, ...Object.values(value).flatMap(documentsOf)];
}

/** A denial may name more than there is to deny. */
function wildcardActions(template: Template): string[] {
  return documentsOf(template.Resources)
    .flatMap(statementsOf)
    .filter(({ Effect: effect }) => effect === 'Allow')
    .flatMap(({ Action: actions }) => actions)
    .filter((action) => /[*?]/.test(action));
}

/** Where a resource may be a wildcard, and the condition keys that must narrow it. */
const WILDCARD_RESOURCES: Readonly<Record<string, readonly string[]>> = {
  'xray:PutTelemetryRecords': [],
  'xray:PutTraceSegments': [],
  // Reads states; CloudWatch asks for every alarm whatever the names.
  'cloudwatch:DescribeAlarms': [],
  'kms:CreateKey': ['aws:RequestTag/bursar:deployment', 'kms:KeySpec', 'kms:KeyUsage'],
  'kms:TagResource': ['aws:RequestTag/bursar:deployment', 'aws:TagKeys'],
  // Of a key whose tags may not count yet; what it shows is public.
  'kms:DescribeKey': ['kms:KeySpec'],
  'kms:GetPublicKey': ['kms:KeySpec'],
  // Of secrets, through Secrets Manager alone; their key's policy names the roles.
  'kms:Decrypt': ['kms:EncryptionContext:SecretARN', 'kms:ViaService'],
  'kms:GenerateDataKey': ['kms:EncryptionContext:SecretARN', 'kms:ViaService'],
  'kms:Sign': ['aws:ResourceTag/bursar:deployment', 'kms:KeySpec', 'kms:MessageType', 'kms:SigningAlgorithm'],
};
/** A log group's own streams, the secrets of one deployment, and path parameters of the stage. */
const NARROW_WILDCARD =
  /:log-group:[\w-]+:\*$|:secret:bursar\/Bursar\/(credentials\/)?\*$|:execute-api:[^*]+\/v1\/(GET|POST|PATCH|DELETE)\/[\w/]+(\/\*(\/[\w-]+)?){1,2}$/;

function loosely(statements: readonly Statement[]): string[] {
  return statements
    .filter(
      ({ Effect: effect, Resource: resources }) =>
        effect === 'Allow' && resources.some((arn) => arn.includes('*') && !NARROW_WILDCARD.test(arn)),
    )
    .flatMap(({ Action: actions, Condition: condition = {} }) => {
      const keys = new Set(Object.values(condition).flatMap((operator) => Object.keys(operator)));
      return actions.filter((action) => {
        const needed = WILDCARD_RESOURCES[action];
        return needed === undefined || !needed.every((key) => keys.has(key));
      });
    });
}

/** What Lambda does with a function's role in a VPC; the function itself must be denied it. */
const INTERFACE_ACTIONS =
  /^ec2:(Assign|Unassign)PrivateIpAddresses$|^ec2:(Create|Delete|Describe)NetworkInterfaces?$|^ec2:DescribeSubnets$/;

/** What IAM takes of a role's inline policies in all. */
const INLINE_POLICIES_MAX_CHARS = 10_240;

describe('all policies', () => {
  test('hold no wildcard actions', () => {
    expect(documentsOf(app.service.Resources).length).toBeGreaterThan(15);
    expect(wildcardActions(app.data)).toEqual([]);
    expect(wildcardActions(app.service)).toEqual([]);
  });

  test('the walk finds a wildcard action, wherever it is', () => {
    const document = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: ['kms:Sign', 'kms:*'], Resource: 'x' }],
    };
    const planted = {
      Resources: { Role: { Type: 'AWS::IAM::Role', Properties: { Policies: [{ PolicyDocument: document }] } } },
    };
    expect(wildcardActions(planted)).toEqual(['kms:*']);
  });

  test('have wildcard resources only from the listed, conditioned set', () => {
    // AWS's own policy for API Gateway's logs is AWS's to narrow.
    const own = app.deployment.roles.filter(({ logicalId }) => !logicalId.includes('CloudWatchRole'));
    const statements = own.flatMap(({ policies }) => policies.flatMap(({ document }) => statementsOf(document)));
    expect(statements.length).toBeGreaterThan(30);
    expect(loosely(statements)).toEqual([]);
  });

  test('with every option, the only further wildcards are network interfaces, which no function’s code may touch', async () => {
    const { deployment, service } = await synthesize(ALL_OPTIONS);
    expect(wildcardActions(service)).toEqual([]);
    const ofFunctions = new Set(deployment.functions.map(({ roleArn }) => roleArn));
    for (const { arn, logicalId, policies } of deployment.roles) {
      if (logicalId.includes('CloudWatchRole')) continue;
      const statements = policies.flatMap(({ document }) => statementsOf(document));
      const found = loosely(statements);
      expect(found.filter((action) => !INTERFACE_ACTIONS.test(action))).toEqual([]);
      expect(found.length).toBe(ofFunctions.has(arn) ? 6 : 0);
      if (!ofFunctions.has(arn)) continue;
      const denial = statements.find(({ Sid: sid }) => sid === 'NeverFromItsOwnCode')!;
      expect(denial).toMatchObject({ Effect: 'Deny', Resource: ['*'] });
      expect(denial.Condition).toEqual({
        ArnLike: { 'lambda:SourceFunctionArn': `arn:aws:lambda:${region}:${account}:function:*` },
      });
      expect(denial.Action).toEqual(expect.arrayContaining(found));
    }
  });

  test('the walk finds a wildcard resource that lost its condition', () => {
    const statement = { Effect: 'Allow', Action: ['kms:Sign'], Resource: [`arn:aws:kms:${region}:${account}:key/*`] };
    expect(loosely([statement])).toEqual(['kms:Sign']);
    expect(loosely([{ ...statement, Action: ['dynamodb:GetItem'], Resource: ['*'] }])).toEqual(['dynamodb:GetItem']);
    expect(
      loosely([{ ...statement, Action: ['execute-api:Invoke'], Resource: ['arn:aws:execute-api:a:b:c/*/POST/x'] }]),
    ).toEqual(['execute-api:Invoke']);
  });

  test('use no managed policy but AWS’s for the logs of API Gateway', () => {
    const attached = Object.values(app.service.Resources).flatMap(({ Properties: { ManagedPolicyArns: arns } }) =>
      arns === undefined ? [] : [JSON.stringify(arns)],
    );
    expect(attached).toEqual([expect.stringContaining('service-role/AmazonAPIGatewayPushToCloudWatchLogs')]);
  });

  test('have no two statements with one id, which IAM would refuse, and stay within its size', () => {
    for (const { policies } of app.deployment.roles) {
      const sids = policies.flatMap(({ document }) => statementsOf(document).map(({ Sid: sid }) => sid ?? ''));
      const given = sids.filter((sid) => sid !== '');
      expect(new Set(given).size).toBe(given.length);
      expect(JSON.stringify(policies.map(({ document }) => document)).length).toBeLessThan(INLINE_POLICIES_MAX_CHARS);
    }
  });
});
