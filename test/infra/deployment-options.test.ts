import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { BODY_MAX_BYTES } from '../../lib/domain/limits.ts';
import { synth } from '../../lib/infra/build/synth.ts';
import { ALL_OPTIONS, EXISTING_TABLES } from './options.ts';
import { propertiesOf, resourcesOf, synthesize, type Synthesis, type Template } from './synthesis.ts';

const RESOURCES_MAX = 400;

let app: Synthesis;
let full: Synthesis;
beforeAll(async () => {
  app = await synthesize();
  full = await synthesize(ALL_OPTIONS);
});

/** The logical ids that a value refers to, in any of the ways that make CloudFormation wait. */
function referencesOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Object.entries(value).flatMap(([key, target]) => {
    if (key === 'Ref' && typeof target === 'string') return [target];
    if (key === 'Fn::GetAtt' && Array.isArray(target)) return [String(target[0])];
    return key === 'DependsOn' ? [target].flat().map(String) : [];
  });
  return [...own, ...Object.values(value).flatMap(referencesOf)];
}

/** Resources from which one comes back to itself; CloudFormation refuses such a template only when it is deployed. */
function loopsOf({ Resources: resources }: Template): string[] {
  const settled = new Set<string>();
  const visit = (id: string, path: readonly string[]): string[] => {
    if (path.includes(id)) return [[...path.slice(path.indexOf(id)), id].join(' -> ')];
    if (settled.has(id) || resources[id] === undefined) return [];
    const found = [...new Set(referencesOf(resources[id]))].flatMap((next) => visit(next, [...path, id]));
    settled.add(id);
    return found;
  };
  return Object.keys(resources).flatMap((id) => visit(id, []));
}

describe('canary deployments', () => {
  test('are there for all but the sweeper, and watch alarms that roll back', () => {
    const groups = propertiesOf(app.service, 'AWS::CodeDeploy::DeploymentGroup');
    expect(groups).toHaveLength(9);
    for (const group of groups) {
      expect(group).toMatchObject({
        DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
        AutoRollbackConfiguration: {
          Enabled: true,
          Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_REQUEST', 'DEPLOYMENT_STOP_ON_ALARM'],
        },
      });
      const { Alarms: alarms, Enabled: enabled } = group['AlarmConfiguration'] as {
        Alarms: { Name: { Ref: string } }[];
        Enabled: boolean;
      };
      expect(enabled).toBe(true);
      expect(alarms.map(({ Name: { Ref: id } }) => id.replace(/^Alarms|[0-9A-F]{8}$/g, '')).sort()).toEqual([
        'ApiServerErrors',
        'AuthorizerErrors',
        'InvariantViolated',
      ]);
    }
    const shifted = Object.entries(resourcesOf(app.service, 'AWS::Lambda::Alias')).filter(
      ([, alias]) => 'UpdatePolicy' in alias,
    );
    expect(shifted).toHaveLength(9);
    expect(shifted.filter(([id]) => id.startsWith('SweepReservations'))).toEqual([]);
  });

  test('none of the alarms is on before anything runs, which would stop the first deployment', () => {
    for (const [id, { Properties }] of Object.entries(resourcesOf(app.service, 'AWS::CloudWatch::Alarm'))) {
      if (/ApiServerErrors|AuthorizerErrors|InvariantViolated/.test(id)) {
        expect(Properties['TreatMissingData']).toBe('notBreaching');
      }
    }
  });

  test('no resource waits for itself', () => {
    expect(loopsOf(app.service)).toEqual([]);
    expect(loopsOf(full.service)).toEqual([]);
    const planted = {
      A: { Properties: { x: { Ref: 'B' } } },
      B: { DependsOn: ['C'] },
      C: { 'Fn::GetAtt': ['A', 'Arn'] },
    };
    expect(loopsOf({ Resources: planted } as unknown as Template)).toEqual(['A -> B -> C -> A']);
  });

  test('may shift calls of these functions only', () => {
    const { policies } = app.deployment.roles.find(({ logicalId }) => logicalId.startsWith('CanaryDeployments'))!;
    const statements = policies.flatMap(
      ({ document }) => (document as { Statement: Record<string, unknown>[] }).Statement,
    );
    const shift = statements.find(({ Sid }) => Sid === 'ShiftCalls');
    const resources = shift!['Resource'] as string[];
    expect(resources).toHaveLength(18);
    expect(resources.filter((arn) => arn.includes('*'))).toEqual([]);
  });

  test('are left out on request', async () => {
    const { service } = await synthesize({ canaryDeployment: false });
    expect(Object.values(service.Resources).filter(({ Type }) => Type.startsWith('AWS::CodeDeploy::'))).toEqual([]);
    expect(JSON.stringify(service)).not.toContain('CodeDeployLambdaAliasUpdate');
  });
});

test('the way of the paying path to AWS is another bundle of three functions, and of no other', async () => {
  const codeOf = (template: Template) =>
    Object.fromEntries(
      Object.entries(resourcesOf(template, 'AWS::Lambda::Function')).map(([id, { Properties }]) => [
        id,
        JSON.stringify(Properties['Code']),
      ]),
    );
  const [lean, sdk] = [codeOf(app.service), codeOf((await synthesize({ awsTransport: 'sdk' })).service)];
  const changed = Object.keys(lean).filter((id) => lean[id] !== sdk[id]);
  expect(changed.map((id) => /^[A-Za-z]+?(?=Function|[0-9A-F]{8}$)/.exec(id)?.[0]).toSorted()).toEqual([
    'ProcessPayment',
    'ReadPayments',
    'SweepReservations',
  ]);
});

describe('runs of the sweeper that fail', () => {
  test('go to an encrypted queue, whether they failed or were not started', () => {
    const [[queueId, queue]] = Object.entries(resourcesOf(app.service, 'AWS::SQS::Queue')) as [[string, never]];
    expect(queue).toMatchObject({ Properties: { SqsManagedSseEnabled: true, MessageRetentionPeriod: 1_209_600 } });
    const arn = { 'Fn::GetAtt': [queueId, 'Arn'] };
    expect(propertiesOf(app.service, 'AWS::Lambda::EventInvokeConfig')).toEqual([
      expect.objectContaining({ DestinationConfig: { OnFailure: { Destination: arn } } }),
    ]);
    const [rule] = propertiesOf(app.service, 'AWS::Events::Rule');
    expect(rule!['Targets']).toEqual([expect.objectContaining({ DeadLetterConfig: { Arn: arn } })]);
  });

  test('the queue takes nothing in the clear', () => {
    const [policy] = propertiesOf(app.service, 'AWS::SQS::QueuePolicy');
    const { Statement: statements } = policy!['PolicyDocument'] as { Statement: Record<string, unknown>[] };
    expect(statements).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
  });
});

describe('choices of the deployer', () => {
  const environmentOf = ({ deployment }: Synthesis, part: string): Readonly<Record<string, string>> =>
    deployment.functions.find(({ name }) => name.includes(part))!.environment;

  test('the paying function knows the validity cap and the registered agents', () => {
    expect(environmentOf(app, 'ProcessPayment')['VALIDITY_CAP_SECONDS']).toBe('300');
    expect(environmentOf(app, 'ProcessPayment')).not.toHaveProperty('AGENT_NAMES');
    expect(environmentOf(full, 'ProcessPayment')).toMatchObject({
      VALIDITY_CAP_SECONDS: '120',
      AGENT_NAMES: 'shopper,researcher',
    });
    expect(environmentOf(full, 'ReadPayments')).not.toHaveProperty('AGENT_NAMES');
  });

  test('nothing is set aside or kept warm by default', () => {
    for (const fn of propertiesOf(app.service, 'AWS::Lambda::Function')) {
      expect(fn).not.toHaveProperty('ReservedConcurrentExecutions');
    }
    for (const alias of propertiesOf(app.service, 'AWS::Lambda::Alias')) {
      expect(alias).not.toHaveProperty('ProvisionedConcurrencyConfig');
    }
  });

  test('instances are set aside and kept warm for the paying function alone', () => {
    const reserved = Object.entries(resourcesOf(full.service, 'AWS::Lambda::Function')).filter(
      ([, { Properties }]) => Properties['ReservedConcurrentExecutions'] === 100,
    );
    expect(reserved.map(([id]) => id)).toEqual([expect.stringMatching(/^ProcessPayment/)]);
    const warm = Object.entries(resourcesOf(full.service, 'AWS::Lambda::Alias')).filter(
      ([, { Properties }]) => Properties['ProvisionedConcurrencyConfig'] !== undefined,
    );
    expect(warm.map(([id]) => id)).toEqual([expect.stringMatching(/^ProcessPaymentLive/)]);
  });

  test('WAF is off by default, and then stands before the stage with a size and a rate', () => {
    expect(propertiesOf(app.service, 'AWS::WAFv2::WebACL')).toEqual([]);
    const [acl] = propertiesOf(full.service, 'AWS::WAFv2::WebACL');
    const rules = acl!['Rules'] as { Name: string; Action: unknown; Statement: unknown }[];
    expect(rules.map(({ Name, Action }) => [Name, Action])).toEqual([
      ['BodySize', { Block: {} }],
      ['Rate', { Block: {} }],
    ]);
    expect(JSON.stringify(rules[0]!.Statement)).toContain(`"Size":${BODY_MAX_BYTES}`);
    expect(JSON.stringify(rules[0]!.Statement)).toContain('"SearchString":"/v1/identities/"');
    expect(rules[1]!.Statement).toEqual({ RateBasedStatement: { AggregateKeyType: 'IP', Limit: 30_000 } });
    const [association] = propertiesOf(full.service, 'AWS::WAFv2::WebACLAssociation');
    expect(JSON.stringify(association!['ResourceArn'])).toMatch(/restapis\/.*PaymentsApi.*stages.*DeploymentStagev1/);
  });

  test('WAF logs what it blocks, without tokens', () => {
    const [logging] = propertiesOf(full.service, 'AWS::WAFv2::LoggingConfiguration');
    expect(logging).toMatchObject({
      RedactedFields: [{ SingleHeader: { Name: 'authorization' } }, { SingleHeader: { Name: 'x-amz-security-token' } }],
      LoggingFilter: { DefaultBehavior: 'DROP' },
    });
  });

  test('in a VPC every function is in its subnets, lets nothing in and only HTTPS out', () => {
    for (const fn of propertiesOf(app.service, 'AWS::Lambda::Function')) expect(fn).not.toHaveProperty('VpcConfig');
    const [[groupId, group]] = Object.entries(resourcesOf(full.service, 'AWS::EC2::SecurityGroup')) as [
      [string, never],
    ];
    expect(group).toMatchObject({
      Properties: { VpcId: 'vpc-0123456789abcdef0', SecurityGroupEgress: [{ FromPort: 443, ToPort: 443 }] },
    });
    expect(group).not.toHaveProperty('Properties.SecurityGroupIngress');
    for (const fn of propertiesOf(full.service, 'AWS::Lambda::Function')) {
      expect(fn['VpcConfig']).toEqual({
        SubnetIds: ALL_OPTIONS.vpc!.subnetIds,
        SecurityGroupIds: [{ 'Fn::GetAtt': [groupId, 'GroupId'] }],
      });
    }
  });

  test('existing tables take the place of the stack’s own for every function, policy and the stream', async () => {
    // The local stack, which has no such tables, cannot run this.
    const [data, service] = (await synth({ config: { existingTables: EXISTING_TABLES } })).map(
      (path) => JSON.parse(readFileSync(path, 'utf8')) as Template,
    ) as [Template, Template];
    expect(data).toEqual(app.data);
    const imported = [...JSON.stringify(service).matchAll(/"Fn::ImportValue":"BursarData:([A-Za-z]+)/g)].map(
      ([, name]) => name,
    );
    // Of the data stack it uses the bus and the key of secrets alone: neither holds books.
    expect(imported.filter((name) => !/EventsBus|SecretsKey/.test(name!))).toEqual([]);
    for (const fn of propertiesOf(service, 'AWS::Lambda::Function')) {
      expect(fn).toMatchObject({
        Environment: {
          Variables: { BOOKS_TABLE: EXISTING_TABLES.booksTableName, REGISTRY_TABLE: EXISTING_TABLES.registryTableName },
        },
      });
    }
    const [mapping] = propertiesOf(service, 'AWS::Lambda::EventSourceMapping');
    expect(mapping!['EventSourceArn']).toBe(EXISTING_TABLES.booksStreamArn);
    const grants = JSON.stringify(propertiesOf(service, 'AWS::IAM::Policy'));
    expect(grants).toContain(':table/restored-books');
    expect(grants).toContain(':table/restored-books/index/by-visit');
    expect(grants).toContain(EXISTING_TABLES.keyArn);
  });

  test('stay under 400 resources with every option', () => {
    expect(Object.keys(full.service.Resources).length).toBeLessThan(RESOURCES_MAX);
  });
});
