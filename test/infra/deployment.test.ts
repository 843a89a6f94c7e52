import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { FUNCTION_NAMES } from '../../lib/contract/operations.ts';
import { PAGE_ROUTES } from '../../lib/contract/wallet-page.ts';
import { DEPLOYED_FUNCTION_NAMES } from '../../lib/infra/function-names.ts';
import { synth } from '../../lib/infra/build/synth.ts';
import { BOOKS_TABLE_SHAPE, REGISTRY_TABLE_SHAPE } from '../../lib/ledger/dynamodb/store/tables.ts';
import { DUPLICATE_WAIT_MAX_MS, SWEEP_PASS_INTERVAL_MS, SWEEP_PASSES } from '../../lib/domain/limits.ts';
import { ENVIRONMENT, propertiesOf, resourcesOf, synthesize, type Synthesis, type Template } from './synthesis.ts';

/** CloudFormation takes 500; the rest is for what later releases add. */
const RESOURCES_MAX = 400;
/** Nobody sends approvals unasked, or asks what was taken of ceilings that nobody may take of. */
const FUNCTIONS = DEPLOYED_FUNCTION_NAMES.filter((name) => !['send-approvals', 'true-up'].includes(name));

let app: Synthesis;
beforeAll(async () => {
  app = await synthesize();
});

/** The properties of the one function that serves a name, which its description begins with. */
function functionOf(template: Template, name: string): Readonly<Record<string, unknown>> {
  const found = propertiesOf(template, 'AWS::Lambda::Function').filter(({ Description: text }) =>
    String(text).startsWith(`${name}: `),
  );
  expect(found).toHaveLength(1);
  return found[0]!;
}

function projectionOf(include: (typeof BOOKS_TABLE_SHAPE.indexes)[number]['include']): object {
  if (include === 'all') return { ProjectionType: 'ALL' };
  if (include === 'keys') return { ProjectionType: 'KEYS_ONLY' };
  return { ProjectionType: 'INCLUDE', NonKeyAttributes: include };
}

describe('the data stack', () => {
  test('keeps tables with PITR and deletion protection', () => {
    const tables = Object.values(resourcesOf(app.data, 'AWS::DynamoDB::Table'));
    expect(tables).toHaveLength(2);
    for (const table of tables) {
      expect(table).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
      expect(table.Properties).toMatchObject({
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 35 },
      });
    }
  });

  test('encrypts both tables with a rotating key of its own that stays', () => {
    const [[keyId, key]] = Object.entries(resourcesOf(app.data, 'AWS::KMS::Key')).filter(([id]) =>
      id.startsWith('DataKey'),
    ) as [[string, never]];
    expect(key).toMatchObject({ DeletionPolicy: 'Retain', Properties: { EnableKeyRotation: true } });
    for (const table of propertiesOf(app.data, 'AWS::DynamoDB::Table')) {
      expect(table['SSESpecification']).toEqual({
        KMSMasterKeyId: { 'Fn::GetAtt': [keyId, 'Arn'] },
        SSEEnabled: true,
        SSEType: 'KMS',
      });
    }
  });

  test.each([BOOKS_TABLE_SHAPE, REGISTRY_TABLE_SHAPE])('makes $name as the ledger defines it', (shape) => {
    const [table] = Object.entries(resourcesOf(app.data, 'AWS::DynamoDB::Table'))
      .filter(([id]) => id.startsWith(shape.name))
      .map(([, { Properties }]) => Properties);
    const key = (partition: string, sort: string | null) => [
      { AttributeName: partition, KeyType: 'HASH' },
      ...(sort === null ? [] : [{ AttributeName: sort, KeyType: 'RANGE' }]),
    ];
    expect(table!['KeySchema']).toEqual(key(shape.partitionKey, shape.sortKey));
    const indexes = shape.indexes.map((index) => ({
      IndexName: index.name,
      KeySchema: key(index.partitionKey, index.sortKey),
      Projection: projectionOf(index.include),
    }));
    expect(table!['GlobalSecondaryIndexes'] ?? []).toEqual(indexes);
    expect(table!['TimeToLiveSpecification']).toEqual(
      shape.expiryAttribute === null ? undefined : { AttributeName: shape.expiryAttribute, Enabled: true },
    );
  });

  test('lets only the registry’s items expire, none of the books', () => {
    // Of windows alone; test/ledger/stored-items.test.ts holds that nothing else in the books has it.
    expect(BOOKS_TABLE_SHAPE.expiryAttribute).toBe('xs');
    expect(REGISTRY_TABLE_SHAPE.expiryAttribute).not.toBeNull();
  });

  test('gives up tables, key and logs only in a try-out', async () => {
    const tryOut = await synthesize({ retainData: false });
    // The key of secrets stays: wallets are behind it, whatever becomes of the books.
    const { SecretsKey: kept, ...others } = Object.fromEntries(
      Object.entries(tryOut.data.Resources).map(([id, each]) => [
        id.startsWith('SecretsKey') ? 'SecretsKey' : id,
        each,
      ]),
    );
    expect(kept!.DeletionPolicy).toBe('RetainExceptOnCreate');
    const all = [...Object.values(others), ...Object.values(resourcesOf(tryOut.service, 'AWS::Logs::LogGroup'))];
    expect(all.map(({ DeletionPolicy }) => DeletionPolicy)).toEqual(all.map(() => 'Delete'));
    for (const table of propertiesOf(tryOut.data, 'AWS::DynamoDB::Table')) {
      expect(table['DeletionProtectionEnabled']).toBe(false);
    }
  });
});

describe('the functions', () => {
  test.each(FUNCTIONS)(
    '%s runs on arm64 with the current Node, logging JSON, traced where it serves operations',
    (name) => {
      expect(functionOf(app.service, name)).toMatchObject({
        Architectures: ['arm64'],
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        MemorySize: ['publish-events', 'sweep-reservations'].includes(name) ? 256 : 512,
        LoggingConfig: { LogFormat: 'JSON' },
      });
      // CloudFormation takes no word for none.
      const untraced = ['publish-events', 'serve-wallet-page', 'sweep-reservations'];
      const tracing = untraced.includes(name) ? undefined : { Mode: 'Active' };
      expect(functionOf(app.service, name)['TracingConfig']).toEqual(tracing);
      expect(functionOf(app.service, name)).not.toHaveProperty('ReservedConcurrentExecutions');
    },
  );

  test('are eleven, each with a role and a log group of its own', () => {
    const functions = propertiesOf(app.service, 'AWS::Lambda::Function');
    expect(functions).toHaveLength(11);
    expect(FUNCTIONS).toHaveLength(11);
    const distinct = (values: unknown[]): number => new Set(values.map((value) => JSON.stringify(value))).size;
    expect(distinct(functions.map(({ Role }) => Role))).toBe(FUNCTIONS.length);
    expect(distinct(functions.map(({ LoggingConfig }) => LoggingConfig))).toBe(FUNCTIONS.length);
  });

  test('all know the tables and the choices of the deployer', () => {
    const [books, registry] = ['Books', 'Registry'].map(
      (name) => app.deployment.tables.find(({ TableName }) => TableName?.includes(name))?.TableName,
    );
    for (const { environment } of app.deployment.functions) {
      expect(environment).toMatchObject({
        BOOKS_TABLE: books,
        REGISTRY_TABLE: registry,
        DEPLOYMENT_PARTITION: ENVIRONMENT.partition,
        DEPLOYMENT_ACCOUNT: ENVIRONMENT.account,
        DEFAULT_SESSION_LIMIT_USD: '10.00',
        ALLOWED_NETWORKS: 'eip155:8453,eip155:84532',
      });
    }
  });

  test('the paying function alone knows where money may leave for', async () => {
    const withdrawalAddresses = [
      '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
      '0xa0Ee7A142d267C1f36714E4a8F75612F20a79720',
    ];
    const knowing = ({ deployment }: Synthesis) =>
      deployment.functions.flatMap(({ name, environment: { WITHDRAWAL_ADDRESSES: listed } }) =>
        listed === undefined ? [] : [[name.includes('ProcessPayment'), listed]],
      );
    expect(knowing(await synthesize({ withdrawalAddresses }))).toEqual([[true, withdrawalAddresses.join(',')]]);
    expect(knowing(app)).toEqual([]);
  });

  test('those that act for users know how users are bound, and the others need not', async () => {
    const bindingOf = ({ deployment }: Synthesis): Record<string, string> =>
      Object.fromEntries(
        deployment.functions.flatMap(({ name, environment: { USER_BINDING: binding } }) =>
          binding === undefined ? [] : [[name.replace(/^.*?(Process|Read|Manage)(\w+?)Function.*$/, '$1$2'), binding]],
        ),
      );
    const users = ['ManageInstruments', 'ManageSessions', 'ProcessPayment', 'ReadPayments'];
    expect(Object.keys(bindingOf(app)).sort()).toEqual(users);
    expect(new Set(Object.values(bindingOf(app)))).toEqual(new Set(['header']));
    const named = ['arn:aws:iam::123456789012:role/backend'];
    const bound = await synthesize({
      bindUserToRoleSession: true,
      managementPrincipals: named,
      processPaymentPrincipals: named,
    });
    expect(Object.keys(bindingOf(bound)).sort()).toEqual(users);
    expect(new Set(Object.values(bindingOf(bound)))).toEqual(new Set(['role-session']));
  });

  test('only the functions that use them know RPC URLs, the secret prefixes and the wallet roles', () => {
    const whoHas = (variable: string) =>
      app.deployment.functions.filter(({ environment }) => variable in environment).map(({ name }) => name);
    expect(whoHas('RPC_URLS').toSorted()).toEqual([
      expect.stringContaining('ProcessPayment'),
      expect.stringContaining('ReadPayments'),
    ]);
    expect(whoHas('SECRET_NAME_PREFIX')).toEqual([expect.stringContaining('ManageConnectors')]);
    expect(whoHas('JWT_ISSUERS').toSorted()).toEqual([
      expect.stringContaining('AuthorizeJwt'),
      expect.stringContaining('IssueTokens'),
      expect.stringContaining('ManageConnectors'),
      expect.stringContaining('ServeWalletPage'),
    ]);
    expect(whoHas('ISSUER_PRIVATE_RANGES')).toEqual([]);
    expect(whoHas('MAX_SESSION_LIMIT_USD')).toEqual([]);
    expect(whoHas('SECRETS_KEY_ARN').toSorted()).toEqual([
      expect.stringContaining('ManageConnectors'),
      expect.stringContaining('ManageIdentities'),
    ]);
    expect(whoHas('CREDENTIAL_NAME_PREFIX')).toEqual([expect.stringContaining('ManageIdentities')]);
    for (const variable of ['WALLET_KEY_TAG', 'PAYING_ROLE_ARN', 'KEY_ADMIN_ROLE_ARN']) {
      expect(whoHas(variable)).toEqual([expect.stringContaining('ManageInstruments')]);
    }
  });

  test('name the roles that really run paying and key administration', () => {
    const find = (part: string) => app.deployment.functions.find(({ name }) => name.includes(part))!;
    const { environment, roleArn } = find('ManageInstruments');
    expect(environment['PAYING_ROLE_ARN']).toBe(find('ProcessPayment').roleArn);
    expect(environment['KEY_ADMIN_ROLE_ARN']).toBe(roleArn);
  });

  test('what bounds sessions and issuers reaches the functions that hold it up', async () => {
    const choices = { maxSessionLimitUsd: '50.00', issuerPrivateRanges: ['10.20.0.0/16', '10.30.0.0/16'] };
    const { deployment } = await synthesize(choices);
    const told = (variable: string) =>
      deployment.functions.flatMap(({ name, environment: { [variable]: value } }) =>
        value === undefined ? [] : [[name.replace(/Function.*/, ''), value]],
      );
    expect(told('MAX_SESSION_LIMIT_USD')).toEqual([[expect.stringContaining('ManageSessions'), '50.00']]);
    expect(told('ISSUER_PRIVATE_RANGES').toSorted()).toEqual(
      ['AuthorizeJwt', 'IssueTokens', 'ServeWalletPage'].map((name) => [
        expect.stringContaining(name),
        '10.20.0.0/16,10.30.0.0/16',
      ]),
    );
  });

  test('an uncapped default is written as none', async () => {
    const { deployment } = await synthesize({ defaultSessionLimitUsd: null });
    expect(deployment.functions[0]!.environment['DEFAULT_SESSION_LIMIT_USD']).toBe('none');
  });

  test('stop before API Gateway does, and after a duplicate has waited', () => {
    for (const name of FUNCTION_NAMES) {
      const timeoutMs = Number(functionOf(app.service, name)['Timeout']) * 1_000;
      expect(timeoutMs).toBeLessThan(29_000);
      expect(timeoutMs).toBeGreaterThan(DUPLICATE_WAIT_MAX_MS);
    }
  });
});

describe('the judge of tokens', () => {
  test('has ten seconds, and the API asks it about every token', () => {
    expect(functionOf(app.service, 'authorize-jwt')['Timeout']).toBe(10);
    const [api] = propertiesOf(app.service, 'AWS::ApiGateway::RestApi');
    const { components } = api!['Body'] as {
      components: { securitySchemes: { jwt: { 'x-amazon-apigateway-authorizer': Record<string, unknown> } } };
    };
    const judge = components.securitySchemes.jwt['x-amazon-apigateway-authorizer'];
    expect(judge).toMatchObject({ type: 'request', authorizerResultTtlInSeconds: 0 });
    expect(JSON.stringify(judge['authorizerUri'])).toMatch(/AuthorizeJwtLive\w+"\},"\/invocations"/);
  });
});

describe('the sweeper', () => {
  test('runs every minute and has time for its passes', () => {
    expect(propertiesOf(app.service, 'AWS::Events::Rule')).toEqual([
      expect.objectContaining({ ScheduleExpression: 'rate(1 minute)', State: 'ENABLED' }),
    ]);
    expect(app.deployment.schedules).toMatchObject([
      { everyMs: 60_000, functionName: expect.stringContaining('SweepReservations') },
    ]);
    const timeoutMs = Number(functionOf(app.service, 'sweep-reservations')['Timeout']) * 1_000;
    expect(timeoutMs).toBeGreaterThanOrEqual(SWEEP_PASSES * SWEEP_PASS_INTERVAL_MS);
  });

  test('is not repeated after a failure, since the next run is near', () => {
    expect(propertiesOf(app.service, 'AWS::Lambda::EventInvokeConfig')).toEqual([
      expect.objectContaining({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 }),
    ]);
  });
});

describe('the API', () => {
  test('is regional, throttled and traced, and logs who called what but no body', () => {
    expect(propertiesOf(app.service, 'AWS::ApiGateway::RestApi')[0]).toMatchObject({
      EndpointConfiguration: { Types: ['REGIONAL'] },
    });
    const [stage] = propertiesOf(app.service, 'AWS::ApiGateway::Stage');
    expect(stage).toMatchObject({
      StageName: 'v1',
      TracingEnabled: true,
      MethodSettings: [
        { DataTraceEnabled: false, LoggingLevel: 'OFF', ThrottlingRateLimit: 1_000, ThrottlingBurstLimit: 2_000 },
        ...PAGE_ROUTES.map((route) => ({
          HttpMethod: route.split(' ')[0],
          ResourcePath: `/${route.split(' ')[1]!.replaceAll('/', '~1')}`,
          ThrottlingRateLimit: 50,
          ThrottlingBurstLimit: 100,
        })),
      ],
    });
    const { Format: format } = stage!['AccessLogSetting'] as { Format: string };
    expect(Object.keys(JSON.parse(format) as object)).toContain('requestId');
    expect(format).not.toMatch(/header|body|querystring|params/i);
  });

  test('is deployed anew when a route changes, and only then', async () => {
    const deploymentIds = ({ service }: Synthesis) => Object.keys(resourcesOf(service, 'AWS::ApiGateway::Deployment'));
    expect(deploymentIds(await synthesize({ logRetentionDays: 30 }))).toEqual(deploymentIds(app));
    expect(deploymentIds(await synthesize({ stackPrefix: 'Other' }))).not.toEqual(deploymentIds(app));
  });

  test('is the only one that may invoke the functions behind it, at its own stage', () => {
    const permissions = propertiesOf(app.service, 'AWS::Lambda::Permission');
    const aliases = Object.keys(resourcesOf(app.service, 'AWS::Lambda::Alias'));
    expect(permissions.map(({ FunctionName }) => (FunctionName as { Ref: string }).Ref).sort()).toEqual(
      // Lambda itself invokes what a stream is mapped to.
      aliases.filter((name) => !name.startsWith('PublishEvents')).sort(),
    );
    const [api] = Object.keys(resourcesOf(app.service, 'AWS::ApiGateway::RestApi'));
    for (const { Principal: principal, SourceArn: source, FunctionName: target } of permissions) {
      if ((target as { Ref: string }).Ref.startsWith('SweepReservations')) {
        expect(principal).toBe('events.amazonaws.com');
        continue;
      }
      expect(principal).toBe('apigateway.amazonaws.com');
      expect(JSON.stringify(source)).toContain(JSON.stringify({ Ref: api }));
      const isJudge = (target as { Ref: string }).Ref.startsWith('AuthorizeJwt');
      expect(JSON.stringify(source)).toMatch(isJudge ? /"\/authorizers\/\*"/ : /"\/v1\/\*"/);
    }
  });

  test('sets the account-wide log role by default, and leaves it alone on request', async () => {
    expect(propertiesOf(app.service, 'AWS::ApiGateway::Account')).toHaveLength(1);
    const { service } = await synthesize({ ownApiGatewayAccount: false });
    expect(propertiesOf(service, 'AWS::ApiGateway::Account')).toHaveLength(0);
  });

  test('tells its endpoint and the roles to hand out', async () => {
    const outputs = [
      'ControlPlaneRoleArn',
      'Endpoint',
      'EventBusName',
      'ManagementRoleArn',
      'ObserverRoleArn',
      'ProcessPaymentRoleArn',
      'WalletPage',
    ];
    expect(Object.keys(app.service.Outputs!).sort()).toEqual(outputs);
    const { service } = await synthesize({ tokenPrincipals: ['arn:aws:iam::000000000000:root'] });
    expect(Object.keys(service.Outputs!).sort()).toEqual([...outputs, 'TokenRoleArn'].sort());
    const { service: guarded } = await synthesize({ backupPrincipals: ['arn:aws:iam::000000000000:role/break-glass'] });
    expect(Object.keys(guarded.Outputs!).sort()).toEqual(['BackupRoleArn', ...outputs]);
    const trusts = propertiesOf(guarded, 'AWS::IAM::Role').filter((role) =>
      JSON.stringify(role['AssumeRolePolicyDocument']).includes('role/break-glass'),
    );
    expect(trusts).toHaveLength(1);
  });
});

describe('both stacks', () => {
  test('log groups have retention', async () => {
    const days = (synthesis: Synthesis) =>
      propertiesOf(synthesis.service, 'AWS::Logs::LogGroup').map(({ RetentionInDays }) => RetentionInDays);
    // One for each function, one for the API and one for WAF.
    expect(days(app)).toEqual(Array.from({ length: FUNCTIONS.length + 2 }, () => 90));
    expect(new Set(days(await synthesize({ logRetentionDays: 30 })))).toEqual(new Set([30]));
  });

  test('stay under 400 resources', () => {
    for (const { Resources: resources } of [app.data, app.service]) {
      expect(Object.keys(resources).length).toBeLessThan(RESOURCES_MAX);
    }
  });

  test('give physical names only to the roles that keys name', () => {
    const named = [app.data, app.service].flatMap(({ Resources: resources }) =>
      Object.values(resources).flatMap(({ Type: type, Properties: properties }) =>
        ['RoleName', 'TableName', 'FunctionName', 'LogGroupName', 'AliasName']
          .filter((property) => typeof properties[property] === 'string')
          .map((property) => `${type} ${String(properties[property])}`),
      ),
    );
    expect(named.sort()).toEqual([
      'AWS::IAM::Role Bursar-us-east-1-issue-tokens',
      'AWS::IAM::Role Bursar-us-east-1-manage-connectors',
      'AWS::IAM::Role Bursar-us-east-1-manage-identities',
      'AWS::IAM::Role Bursar-us-east-1-manage-instruments',
      'AWS::IAM::Role Bursar-us-east-1-process-payment',
    ]);
  });
});

test('redeploying the service stack keeps the paying role name', async () => {
  const namedRoles = ({ service }: Synthesis) =>
    Object.entries(resourcesOf(service, 'AWS::IAM::Role')).flatMap(
      ([
        id,
        {
          Properties: { RoleName: name },
        },
      ]) => (name === undefined ? [] : [[id, name]]),
    );
  const changed = await synthesize({
    functionMemoryMib: 1_024,
    logRetentionDays: 30,
    throttleBurstRequests: 10,
    processPaymentPrincipals: ['arn:aws:iam::123456789012:root'],
  });
  expect(namedRoles(changed)).toEqual(namedRoles(app));
  // A logical id that changed would make CloudFormation create the role under a name that is taken.
  expect(namedRoles(app)).toEqual([
    ['ProcessPaymentRole154AF3FA', 'Bursar-us-east-1-process-payment'],
    ['ManageInstrumentsRole7BF268EA', 'Bursar-us-east-1-manage-instruments'],
    ['ManageConnectorsRole05054845', 'Bursar-us-east-1-manage-connectors'],
    ['ManageIdentitiesRoleCDFF3BE4', 'Bursar-us-east-1-manage-identities'],
    ['IssueTokensRole002525D3', 'Bursar-us-east-1-issue-tokens'],
  ]);
});

test('the stacks are of the region that is chosen, else of the one that they are deployed to', async () => {
  const textOf = async (region: string | null) => readFileSync((await synth({ config: { region } }))[1]!, 'utf8');
  expect(await textOf('eu-central-1')).not.toContain('us-east-1');
  expect(await textOf('eu-central-1')).toContain('eu-central-1');
  expect(await textOf(null)).not.toContain('eu-central-1');
});

test.each([
  [null, 'any'],
  [[], 'none'],
  [['https://a.example', 'https://b.example/realm'], 'https://a.example,https://b.example/realm'],
])('issuers that may be trusted, %j, reach all who say or judge whose tokens are taken', async (jwtIssuers, text) => {
  const { deployment } = await synthesize({ jwtIssuers });
  const told = deployment.functions.flatMap(({ environment }) => environment['JWT_ISSUERS'] ?? []);
  expect(told).toEqual([text, text, text, text]);
});
