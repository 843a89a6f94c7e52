import { beforeAll, describe, expect, test } from 'vitest';
import {
  FUNCTION_NAMES,
  OPERATIONS,
  ROLE_NAMES,
  type OperationRoute,
  type RoleName,
} from '../../lib/api/operations.ts';
import type { PaymentId } from '../../lib/domain/ids.ts';
import { paymentPk, sessionPk } from '../../lib/ledger/dynamodb/items.ts';
import { createAuthorizer, type AccessRequest, type Authorizer } from '../../lib/local/host/authorize.ts';
import { walletKeyPolicy } from '../../lib/wallets/aws-kms/key-policy.ts';
import { ENVIRONMENT, propertiesOf, synthesize, type Synthesis, type Template } from './synthesis.ts';

type Question = Omit<AccessRequest, 'caller'>;

const { account, region } = ENVIRONMENT;
const FUNCTIONS = [...FUNCTION_NAMES, 'sweep-reservations'] as const;
const WALLET_KEY = `arn:aws:kms:${region}:${account}:key/11111111-2222-3333-4444-555555555555`;
const SEED = `arn:aws:secretsmanager:${region}:${account}:secret:bursar/Bursar/acme-0123456789/vault-0123456789-AbCdEf`;
const FOREIGN_SECRET = `arn:aws:secretsmanager:${region}:${account}:secret:other/password-AbCdEf`;
const SESSION = sessionPk({ managerId: 'acme-0123456789', sessionId: 'payment-session-000000000000000' });
const PAYMENT = paymentPk('00000000-0000-8000-8000-000000000000' as PaymentId);

let app: Synthesis;
let authorizer: Authorizer;
/** Role names by function name, and by the name of a role that is handed out. */
let roles: Record<string, string>;

beforeAll(async () => {
  app = await synthesize();
  authorizer = createAuthorizer(app.deployment.roles, ENVIRONMENT);
  const ofFunctions = new Set(app.deployment.functions.map(({ roleArn }) => roleArn));
  roles = Object.fromEntries([
    ...FUNCTIONS.map((name) => {
      const construct = name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
      const { roleArn } = app.deployment.functions.find((fn) => fn.name.includes(construct))!;
      return [name, app.deployment.roles.find(({ arn }) => arn === roleArn)!.name];
    }),
    ...ROLE_NAMES.map((name) => {
      const handedOut = app.deployment.roles.filter(({ arn }) => !ofFunctions.has(arn));
      return [name, handedOut.find(({ logicalId }) => logicalId.startsWith(name))!.name];
    }),
  ]);
  // The paying function and the agents' role have like names: they must not be taken for one another.
  expect(new Set(Object.values(roles)).size).toBe(FUNCTIONS.length + ROLE_NAMES.length);
});

/** Every role of ours that may do it. */
async function whoMay(question: Question, judge = authorizer): Promise<string[]> {
  const answers = await Promise.all(
    Object.entries(roles).map(async ([name, roleName]) => {
      const allowed = await judge.isAllowed({ ...question, caller: { roleName, sessionName: 'test' } });
      return allowed ? [name] : [];
    }),
  );
  return answers.flat().sort();
}

/** As if somebody had granted everything to every role, so that only denials and policies of resources are left. */
function generously(): Authorizer {
  const all = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  const generous = app.deployment.roles.map((role) => ({
    ...role,
    policies: [...role.policies, { name: 'all', document: all }],
  }));
  return createAuthorizer(generous, ENVIRONMENT);
}

/** A key policy that leaves everything to IAM. */
const LAX_KEY_POLICY = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*', Resource: '*' }],
};

const table = (name: 'Books' | 'Registry'): string => {
  const { TableName: tableName } = app.deployment.tables.find((found) => found.TableName?.includes(name))!;
  return `arn:aws:dynamodb:${region}:${account}:table/${tableName}`;
};
const onItem = (action: string, name: 'Books' | 'Registry', key: string): Question => ({
  action: `dynamodb:${action}`,
  resource: table(name),
  context: { 'dynamodb:LeadingKeys': [key] },
});

/** The policy that a wallet key is made with, from what the template tells the function that makes it. */
function keyPolicy(): object {
  const { environment } = app.deployment.functions.find(({ name }) => name.includes('ManageInstruments'))!;
  return walletKeyPolicy({
    partition: ENVIRONMENT.partition,
    account,
    payingRoleArn: environment['PAYING_ROLE_ARN']!,
    keyAdminRoleArn: environment['KEY_ADMIN_ROLE_ARN']!,
  });
}
const onWalletKey = (action: string, context: Record<string, string | string[]> = {}): Question => ({
  action: `kms:${action}`,
  resource: WALLET_KEY,
  context: { 'aws:ResourceTag/bursar:deployment': 'Bursar', ...context },
  resourcePolicy: keyPolicy(),
});
const DIGEST = { 'kms:MessageType': 'DIGEST', 'kms:SigningAlgorithm': 'ECDSA_SHA_256' };

describe('signing', () => {
  test('only the paying function may kms:Sign with a wallet key', async () => {
    expect(await whoMay(onWalletKey('Sign', DIGEST))).toEqual(['process-payment']);
  });

  test('the roles and the key policy each keep the others from signing, without the other lock', async () => {
    const question = onWalletKey('Sign', DIGEST);
    expect(await whoMay({ ...question, resourcePolicy: LAX_KEY_POLICY })).toEqual(['process-payment']);
    expect(await whoMay(question, generously())).toEqual(['process-payment']);
  });

  test('nobody may sign with a key of another deployment, or other than digests', async () => {
    expect(await whoMay(onWalletKey('Sign', { ...DIGEST, 'aws:ResourceTag/bursar:deployment': 'Staging' }))).toEqual(
      [],
    );
    expect(await whoMay(onWalletKey('Sign', { ...DIGEST, 'kms:MessageType': 'RAW' }))).toEqual([]);
  });

  test('only the paying function may read wallet secrets', async () => {
    expect(await whoMay({ action: 'secretsmanager:GetSecretValue', resource: SEED })).toEqual(['process-payment']);
    expect(await whoMay({ action: 'secretsmanager:GetSecretValue', resource: FOREIGN_SECRET })).toEqual([]);
    expect(await whoMay({ action: 'secretsmanager:BatchGetSecretValue', resource: '*' })).toEqual([]);
  });
});

describe('making wallets', () => {
  const creation = { 'kms:KeySpec': 'ECC_SECG_P256K1', 'kms:KeyUsage': 'SIGN_VERIFY' };
  const tagged = {
    'aws:RequestTag/bursar:deployment': 'Bursar',
    'aws:TagKeys': ['bursar:deployment', 'bursar:instrument'],
  };

  test('only manage-instruments makes keys, and only tagged ones for signing', async () => {
    const createKey = (context: Record<string, string | string[]>): Question => ({
      action: 'kms:CreateKey',
      resource: '*',
      context,
    });
    expect(await whoMay(createKey({ ...creation, ...tagged }))).toEqual(['manage-instruments']);
    expect(await whoMay(createKey(creation))).toEqual([]);
    expect(await whoMay(createKey({ ...creation, ...tagged, 'aws:RequestTag/bursar:deployment': 'Staging' }))).toEqual(
      [],
    );
    expect(await whoMay(createKey({ ...creation, ...tagged, 'kms:KeySpec': 'SYMMETRIC_DEFAULT' }))).toEqual([]);
  });

  test('it may tag with its own deployment and no other tags', async () => {
    expect(await whoMay(onWalletKey('TagResource', tagged))).toEqual(['manage-instruments']);
    expect(
      await whoMay(onWalletKey('TagResource', { ...tagged, 'aws:TagKeys': ['bursar:deployment', 'owner'] })),
    ).toEqual([]);
    expect(
      await whoMay(onWalletKey('TagResource', { ...tagged, 'aws:RequestTag/bursar:deployment': 'Staging' })),
    ).toEqual([]);
  });

  test('it reads public keys of its deployment', async () => {
    expect(await whoMay(onWalletKey('GetPublicKey'))).toEqual(['manage-instruments']);
    expect(await whoMay(onWalletKey('GetPublicKey', { 'aws:ResourceTag/bursar:deployment': 'Staging' }))).toEqual([]);
  });

  test.each(['ScheduleKeyDeletion', 'DisableKey', 'PutKeyPolicy', 'CreateGrant', 'UntagResource'])(
    'nobody may %s a wallet key',
    async (action) => {
      expect(await whoMay(onWalletKey(action))).toEqual([]);
    },
  );

  test('only manage-connectors stores seeds, under the name of its deployment; it never reads or changes them', async () => {
    const create = 'secretsmanager:CreateSecret';
    expect(await whoMay({ action: create, resource: SEED })).toEqual(['manage-connectors']);
    expect(await whoMay({ action: create, resource: FOREIGN_SECRET })).toEqual([]);
    for (const action of ['PutSecretValue', 'UpdateSecret', 'DeleteSecret', 'PutResourcePolicy']) {
      expect(await whoMay({ action: `secretsmanager:${action}`, resource: SEED })).toEqual([]);
    }
  });
});

describe('the books', () => {
  test('only the paying function makes payments, only it and the sweeper change them', async () => {
    expect(await whoMay(onItem('PutItem', 'Books', PAYMENT))).toEqual(['process-payment']);
    expect(await whoMay(onItem('UpdateItem', 'Books', PAYMENT))).toEqual(['process-payment', 'sweep-reservations']);
  });

  test('sessions are opened and closed by manage-sessions', async () => {
    expect(await whoMay(onItem('PutItem', 'Books', SESSION))).toEqual(['manage-sessions', 'process-payment']);
    expect(await whoMay(onItem('UpdateItem', 'Books', SESSION))).toEqual([
      'manage-sessions',
      'process-payment',
      'sweep-reservations',
    ]);
  });

  test('each index is queried by the one function that needs it', async () => {
    const query = (index: string): Question => ({
      action: 'dynamodb:Query',
      resource: `${table('Books')}/index/${index}`,
    });
    expect(await whoMay(query('by-user'))).toEqual(['read-payments']);
    expect(await whoMay(query('by-visit'))).toEqual(['sweep-reservations']);
  });

  test('who makes instruments is not who makes connectors', async () => {
    expect(await whoMay(onItem('PutItem', 'Registry', 'INS#acme-0123456789#alice'))).toEqual(['manage-instruments']);
    expect(await whoMay(onItem('PutItem', 'Registry', 'MGR#acme-0123456789'))).toEqual([
      'manage-connectors',
      'manage-instruments',
    ]);
  });

  test.each([
    'DeleteItem',
    'BatchWriteItem',
    'Scan',
    'DeleteTable',
    'UpdateTable',
    'PartiQLUpdate',
    'ExportTableToPointInTime',
  ])('nobody may %s', async (action) => {
    expect(await whoMay(onItem(action, 'Books', PAYMENT))).toEqual([]);
    expect(await whoMay(onItem(action, 'Registry', 'MGR#acme-0123456789'))).toEqual([]);
  });
});

describe('the data key', () => {
  function decrypt(context: Record<string, string>): Question {
    const role = app.deployment.roles.find(({ name }) => name === roles['process-payment']);
    const statements = role!.policies.flatMap(({ document }) => statementsOf(document));
    const [key] = statements.find(({ Sid: sid }) => sid === 'UseDataKeyThroughDynamoDb')!.Resource;
    const [properties] = propertiesOf(app.data, 'AWS::KMS::Key');
    // The one reference in it that is not a text.
    const policy = JSON.parse(
      JSON.stringify(properties!['KeyPolicy']).replaceAll(
        '{"Fn::Join":["",["arn:",{"Ref":"AWS::Partition"},":iam::000000000000:root"]]}',
        '"arn:aws:iam::000000000000:root"',
      ),
    ) as object;
    return { action: 'kms:Decrypt', resource: key!, context, resourcePolicy: policy };
  }

  test('is used by every function through DynamoDB, and by nobody otherwise', async () => {
    const through = { 'kms:ViaService': `dynamodb.${region}.amazonaws.com` };
    expect(await whoMay(decrypt(through))).toEqual([...FUNCTIONS].sort());
    expect(await whoMay(decrypt({}))).toEqual([]);
    expect(await whoMay(decrypt({}), generously())).toEqual([]);
    expect(await whoMay({ ...decrypt({}), resourcePolicy: LAX_KEY_POLICY })).toEqual([]);
    expect(await whoMay(decrypt({ 'kms:ViaService': `s3.${region}.amazonaws.com` }))).toEqual([]);
  });
});

describe('the roles that are handed out', () => {
  const OTHERS = { api: 'aaaaaaaaaa', stage: 'v2' };
  const invoke = (route: OperationRoute, { api = app.deployment.api!.id, stage = 'v1' } = {}): Question => ({
    action: 'execute-api:Invoke',
    resource: `arn:aws:execute-api:${region}:${account}:${api}/${stage}/${route.method}${route.path.replaceAll(/\{\w+\}/g, 'some-id')}`,
  });

  test.each(ROLE_NAMES)('%s may invoke exactly its operations', async (role: RoleName) => {
    const allowed: string[] = [];
    for (const [name, route] of Object.entries<OperationRoute>(OPERATIONS)) {
      if ((await whoMay(invoke(route))).includes(role)) allowed.push(name);
    }
    const expected = Object.entries<OperationRoute>(OPERATIONS).filter(([, route]) => route.roles.includes(role));
    expect(allowed).toEqual(expected.map(([name]) => name));
    expect(allowed.length).toBeGreaterThan(1);
  });

  test('ManagementRole cannot process payments, even if somebody grants it everything', async () => {
    for (const stage of ['v1', OTHERS.stage]) {
      const question = invoke(OPERATIONS.ProcessPayment, { stage });
      expect(await whoMay(question, generously())).not.toContain('ManagementRole');
    }
    expect(await whoMay(invoke(OPERATIONS.CreatePaymentManager), generously())).toContain('ManagementRole');
  });

  test('who stores seeds cannot read one, even if somebody grants it everything', async () => {
    const question = { action: 'secretsmanager:GetSecretValue', resource: SEED };
    expect(await whoMay(question, generously())).not.toContain('manage-connectors');
    expect(await whoMay(question, generously())).toContain('process-payment');
  });

  test('reach no other stage and no other API', async () => {
    expect(await whoMay(invoke(OPERATIONS.GetPaymentSession))).toEqual(['ManagementRole', 'ProcessPaymentRole']);
    for (const other of [{ stage: OTHERS.stage }, { api: OTHERS.api }]) {
      for (const route of Object.values<OperationRoute>(OPERATIONS))
        expect(await whoMay(invoke(route, other))).toEqual([]);
    }
  });

  test.each([
    ['lambda:InvokeFunction', `arn:aws:lambda:${region}:${account}:function:any`],
    ['sts:AssumeRole', `arn:aws:iam::${account}:role/Bursar-us-east-1-process-payment`],
    ['iam:PassRole', `arn:aws:iam::${account}:role/Bursar-us-east-1-process-payment`],
  ])('nobody may %s: whoever could would go around the API', async (action, resource) => {
    expect(await whoMay({ action, resource })).toEqual([]);
  });

  test('are assumed by this account by default, and only by those named otherwise', async () => {
    const backend = 'arn:aws:iam::123456789012:role/backend';
    const trustOf = ({ service, deployment }: Synthesis, name: RoleName): string => {
      const ofFunctions = new Set(deployment.functions.map(({ roleArn }) => roleArn));
      const role = deployment.roles.find(({ arn, logicalId }) => logicalId.startsWith(name) && !ofFunctions.has(arn));
      return JSON.stringify(service.Resources[role!.logicalId]!.Properties['AssumeRolePolicyDocument']);
    };
    const named = await synthesize({ managementPrincipals: [backend] });
    for (const role of ROLE_NAMES) expect(trustOf(app, role)).toContain(`:iam::${account}:root`);
    expect(trustOf(named, 'ManagementRole')).toContain(backend);
    expect(trustOf(named, 'ManagementRole')).not.toContain(':root');
    expect(trustOf(named, 'ProcessPaymentRole')).toContain(':root');
  });
});

interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

function statementsOf(document: object): Statement[] {
  const list = (value: unknown): string[] =>
    (Array.isArray(value) ? value : [value]).map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
  const { Statement: statements } = document as { Statement: readonly Statement[] };
  return statements.map((statement) => {
    if (!('Action' in statement)) throw new Error(`statement without Action: ${JSON.stringify(statement)}`);
    return { ...statement, Action: list(statement.Action), Resource: list(statement.Resource) };
  });
}

/** Every policy document of a template: of roles, keys and whatever else has one. */
function documentsOf(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = 'Statement' in value && 'Version' in value ? [value] : [];
  return [...own, ...Object.values(value).flatMap(documentsOf)];
}

function wildcardActions(template: Template): string[] {
  return documentsOf(template.Resources)
    .flatMap(statementsOf)
    .flatMap(({ Action: actions }) => actions)
    .filter((action) => /[*?]/.test(action));
}

/** Where a resource may be a wildcard, and the condition keys that must narrow it. */
const WILDCARD_RESOURCES: Readonly<Record<string, readonly string[]>> = {
  'xray:PutTelemetryRecords': [],
  'xray:PutTraceSegments': [],
  'kms:CreateKey': ['aws:RequestTag/bursar:deployment', 'kms:KeySpec', 'kms:KeyUsage'],
  'kms:TagResource': ['aws:RequestTag/bursar:deployment', 'aws:TagKeys'],
  'kms:GetPublicKey': ['aws:ResourceTag/bursar:deployment'],
  'kms:Sign': ['aws:ResourceTag/bursar:deployment', 'kms:MessageType', 'kms:SigningAlgorithm'],
};
/** A log group's own streams, the secrets of one deployment, and path parameters of the stage. */
const NARROW_WILDCARD =
  /:log-group:[\w-]+:\*$|:secret:bursar\/Bursar\/\*$|:execute-api:[^*]+\/v1\/(GET|POST)\/[\w/]+\/\*(\/\w+)?$/;

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
});
