import { rmSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import {
  createResolver,
  TemplateError,
  type Stack,
  type Template as Typed,
} from '../../../lib/local/template/intrinsics.ts';
import { readDeployment, type Deployment } from '../../../lib/local/template/deployment.ts';
import { writeFixture, type Change, type Template } from '../host-fixture.ts';

const environment = { partition: 'aws', region: 'eu-west-1', account: '111122223333' };
const made: string[] = [];
afterAll(() => {
  for (const directory of made) rmSync(directory, { recursive: true });
});

function read(change?: Change): Deployment {
  const directory = writeFixture(change);
  made.push(directory);
  return readDeployment(directory, environment);
}

describe('a synthesis', () => {
  const deployment = read();

  test('gives tables as CreateTable takes them', () => {
    expect(deployment.tables).toEqual([
      {
        TableName: 'FixtureData-ThingsTable0A1B2C3D',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      },
    ]);
  });

  test('gives functions with what another stack exports, their role and their asset', () => {
    expect(deployment.functions[0]).toMatchObject({
      name: 'FixtureService-EchoFunction88888888',
      label: 'echo',
      arn: 'arn:aws:lambda:eu-west-1:111122223333:function:FixtureService-EchoFunction88888888',
      roleArn: 'arn:aws:iam::111122223333:role/Fixture-eu-west-1-echo',
      environment: { THINGS_TABLE: 'FixtureData-ThingsTable0A1B2C3D' },
      timeoutMs: 1_000,
      memoryMib: 256,
      runtime: 'nodejs24.x',
      directory: expect.stringMatching(/asset\.[0-9a-f]{64}$/),
    });
  });

  test('gives roles with inline and attached policies, resolved', () => {
    const byId = (id: string): unknown => deployment.roles.find(({ logicalId }) => logicalId === id)?.policies;
    expect(byId('EchoRole77777777')).toMatchObject([
      {
        document: {
          Statement: [{ Resource: 'arn:aws:dynamodb:eu-west-1:111122223333:table/FixtureData-ThingsTable0A1B2C3D' }],
        },
      },
    ]);
    const { id } = deployment.api!;
    expect(byId('OtherRole44444444')).toMatchObject([
      { document: { Statement: [{ Resource: [`arn:aws:execute-api:eu-west-1:111122223333:${id}/v1/GET/things/*`] }] } },
    ]);
  });

  test('gives routes with their authorization and function', () => {
    expect(deployment.api).toMatchObject({ stage: 'v1', binaryMediaTypes: ['application/octet-stream'], policy: null });
    expect(deployment.api!.routes[0]).toEqual({
      method: 'POST',
      path: '/echo',
      authorization: { type: 'AWS_IAM' },
      functionName: 'FixtureService-EchoFunction88888888',
      functionArn: 'arn:aws:lambda:eu-west-1:111122223333:function:FixtureService-EchoFunction88888888:live',
    });
  });

  test('gives schedules and outputs', () => {
    expect(deployment.schedules).toMatchObject([
      { everyMs: 60_000, functionName: 'FixtureService-EchoFunction88888888', source: 'aws.events', input: null },
    ]);
    expect(deployment.output('OtherRoleArn')).toBe('arn:aws:iam::111122223333:role/FixtureService-OtherRole44444444');
    expect(() => deployment.output('Nothing')).toThrow('expected one output Nothing');
  });

  test('gives the same names at every reading', () => {
    expect(read().api!.id).toBe(deployment.api!.id);
  });

  test('may have its routes as resources instead of a document', () => {
    const { api } = read((service) => {
      const { Resources } = service;
      const integration = Resources.Api11111111.Properties.Body.paths['/echo'].post['x-amazon-apigateway-integration'];
      delete Resources.Api11111111.Properties.Body;
      const root = { 'Fn::GetAtt': ['Api11111111', 'RootResourceId'] };
      Resources.Things = { Type: 'AWS::ApiGateway::Resource', Properties: { ParentId: root, PathPart: 'things' } };
      Resources.Thing = {
        Type: 'AWS::ApiGateway::Resource',
        Properties: { ParentId: { Ref: 'Things' }, PathPart: '{id}' },
      };
      Resources.Method = {
        Type: 'AWS::ApiGateway::Method',
        Properties: {
          HttpMethod: 'PATCH',
          ResourceId: { Ref: 'Thing' },
          AuthorizationType: 'AWS_IAM',
          Integration: { Type: 'AWS_PROXY', Uri: integration.uri },
        },
      };
      Resources.Denied = {
        Type: 'AWS::ApiGateway::GatewayResponse',
        Properties: { ResponseType: 'ACCESS_DENIED', StatusCode: '418' },
      };
    });
    expect(api!.routes).toMatchObject([{ method: 'PATCH', path: '/things/{id}', authorization: { type: 'AWS_IAM' } }]);
    expect(api!.gatewayResponses['ACCESS_DENIED']).toEqual({ statusCode: 418, headers: {}, template: null });
  });

  test('may have an EventBridge Scheduler schedule with an input', () => {
    const { schedules } = read(({ Resources }) => {
      Resources.Nightly = {
        Type: 'AWS::Scheduler::Schedule',
        Properties: {
          ScheduleExpression: 'rate(2 hours)',
          Target: { Arn: { Ref: 'EchoLive66666666' }, Input: '{"a":1}' },
        },
      };
      Resources.Sweep55555555.Properties.State = 'DISABLED';
    });
    expect(schedules).toMatchObject([{ source: 'aws.scheduler', everyMs: 7_200_000, input: '{"a":1}' }]);
  });
});

describe('a synthesis is refused', () => {
  test.each<[string, string, (resources: Template) => void]>([
    [
      'without permission for API Gateway to invoke a function',
      'POST /echo: no AWS::Lambda::Permission lets API Gateway invoke',
      (resources) => delete resources.EchoPermission99999999,
    ],
    [
      'with a permission for another stage only',
      'no AWS::Lambda::Permission',
      ({ EchoPermission99999999: permission }) => {
        permission.Properties.SourceArn['Fn::Join'][1].splice(-1, 1, '/v2/*');
      },
    ],
    [
      'with a permission on the function but not on the alias',
      'no AWS::Lambda::Permission',
      ({ EchoPermission99999999: permission }) => {
        permission.Properties.FunctionName = { Ref: 'EchoFunction88888888' };
      },
    ],
    [
      'with an integration that is no Lambda proxy',
      'POST /echo: expected a Lambda proxy integration',
      ({ Api11111111: api }) => {
        api.Properties.Body.paths['/echo'].post['x-amazon-apigateway-integration'].type = 'http_proxy';
      },
    ],
    [
      'with a security scheme that is nowhere',
      'security scheme cognito is not supported',
      ({ Api11111111: api }) => {
        api.Properties.Body.paths['/echo'].post.security = [{ cognito: [] }];
      },
    ],
    [
      'with a cron schedule',
      'expected a schedule such as rate(1 minute), found cron(0 0 * * ? *)',
      ({ Sweep55555555: rule }) => {
        rule.Properties.ScheduleExpression = 'cron(0 0 * * ? *)';
      },
    ],
    [
      'with a managed policy that is not known here',
      'the contents of managed policy arn:aws:iam::aws:policy/AdministratorAccess are not known here',
      ({ AgentRole33333333: role }) => {
        role.Properties.ManagedPolicyArns = ['arn:aws:iam::aws:policy/AdministratorAccess'];
      },
    ],
    [
      'with a permission boundary',
      'permission boundaries are not supported',
      ({ AgentRole33333333: role }) => {
        role.Properties.PermissionsBoundary = 'arn:aws:iam::aws:policy/x';
      },
    ],
    [
      'with code that is no asset',
      'its code is not an asset of this synthesis',
      ({ EchoFunction88888888: fn }) => {
        fn.Properties.Code = { ZipFile: 'x' };
      },
    ],
    [
      'with an intrinsic function that is not known, and the place is named',
      'FixtureService, EchoFunction88888888.Role: Fn::Transform is not supported',
      ({ EchoFunction88888888: fn }) => {
        fn.Properties.Role = { 'Fn::Transform': {} };
      },
    ],
    [
      'that imports what nothing exports',
      'nothing exports gone',
      ({ EchoFunction88888888: fn }) => {
        fn.Properties.Role = { 'Fn::ImportValue': 'gone' };
      },
    ],
  ])('%s', (_, message, change) => {
    expect(() => read((service) => change(service.Resources))).toThrow(message);
    expect(() => read((service) => change(service.Resources))).toThrow(TemplateError);
  });

  test('when there is none', () => {
    expect(() => readDeployment(import.meta.dirname, environment)).toThrow('synthesize the app first');
  });
});

describe('an intrinsic function', () => {
  const template: Typed = {
    Resources: {
      Key: { Type: 'AWS::KMS::Key' },
      Long: { Type: 'AWS::IAM::Role', Properties: { Path: '/team/' } },
      Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'q' } },
    },
    Parameters: { Size: { Default: 'small' }, Bare: {} },
    Conditions: {
      IsSmall: { 'Fn::Equals': [{ Ref: 'Size' }, 'small'] },
      Both: { 'Fn::And': [{ Condition: 'IsSmall' }, { 'Fn::Not': [{ 'Fn::Equals': ['a', 'a'] }] }] },
      Either: { 'Fn::Or': [{ Condition: 'Both' }, { Condition: 'IsSmall' }] },
    },
    Mappings: { Sizes: { small: { cpu: 1 } } },
  };
  const stack: Stack = { name: 'S', template };
  const resolver = createResolver([stack], environment);
  const resolve = (value: unknown): unknown => resolver.resolve(stack, value, 'here');

  test.each<[string, unknown, unknown]>([
    ['Ref of a parameter', { Ref: 'Size' }, 'small'],
    ['Ref of a pseudo parameter', { Ref: 'AWS::AccountId' }, '111122223333'],
    ['Ref of a resource', { Ref: 'Queue' }, 'q'],
    ['Fn::GetAtt in its short form', { 'Fn::GetAtt': 'Queue.Arn' }, 'arn:aws:sqs:eu-west-1:111122223333:q'],
    ['a role’s path in its ARN', { 'Fn::GetAtt': ['Long', 'Arn'] }, 'arn:aws:iam::111122223333:role/team/S-Long'],
    [
      'Fn::Sub with everything',
      { 'Fn::Sub': ['${AWS::Region}/${Queue.Arn}/${x}/${!x}', { x: { Ref: 'Size' } }] },
      'eu-west-1/arn:aws:sqs:eu-west-1:111122223333:q/small/${x}',
    ],
    ['Fn::Join of a split', { 'Fn::Join': ['-', { 'Fn::Split': [',', 'a,b'] }] }, 'a-b'],
    ['Fn::Select', { 'Fn::Select': ['1', ['a', 'b']] }, 'b'],
    ['Fn::FindInMap', { 'Fn::FindInMap': ['Sizes', { Ref: 'Size' }, 'cpu'] }, 1],
    ['Fn::If that holds', { 'Fn::If': ['Either', 'yes', 'no'] }, 'yes'],
    ['Fn::If that does not', { 'Fn::If': ['Both', 'yes', 'no'] }, 'no'],
    ['AWS::NoValue in an object', { a: { Ref: 'AWS::NoValue' }, b: 1 }, { b: 1 }],
    ['AWS::NoValue in a list', [{ Ref: 'AWS::NoValue' }, 1], [1]],
    ['an object with more members than one', { Ref: 'Size', other: 1 }, { Ref: 'Size', other: 1 }],
  ])('%s', (_, value, expected) => {
    expect(resolve(value)).toEqual(expected);
  });

  test.each<[string, unknown, string]>([
    ['a resource that does not exist', { Ref: 'Gone' }, 'S, here: Ref names Gone, which does not exist'],
    ['a parameter without a default', { Ref: 'Bare' }, 'parameter Bare has no default'],
    [
      'an attribute that is not known',
      { 'Fn::GetAtt': ['Queue', 'Depth'] },
      'Fn::GetAtt Queue.Depth of AWS::SQS::Queue',
    ],
    ['a condition that does not exist', { 'Fn::If': ['Gone', 1, 2] }, 'no condition Gone'],
    ['a join of objects', { 'Fn::Join': ['', [{ a: 1, b: 2 }]] }, 'expected text'],
    ['a nesting without end', nest(200), 'nested deeper than 100'],
  ])('is refused for %s', (_, value, message) => {
    expect(() => resolve(value)).toThrow(message);
  });

  test('makes names that fit, and tells long ones apart', () => {
    const long = 'X'.repeat(80);
    const two = {
      name: 'S',
      template: { Resources: { [`${long}1`]: { Type: 'AWS::IAM::Role' }, [`${long}2`]: { Type: 'AWS::IAM::Role' } } },
    };
    const names = ['1', '2'].map((end) => createResolver([two], environment).resolve(two, { Ref: long + end }, 'here'));
    expect(names.every((name) => String(name).length === 64)).toBe(true);
    expect(names[0]).not.toBe(names[1]);
  });
});

function nest(levels: number): unknown {
  let value: unknown = 'x';
  for (let i = 0; i < levels; i += 1) value = [value];
  return value;
}
