import { beforeAll, describe, expect, test } from 'vitest';
import { OPERATIONS, ROLE_NAMES, type OperationName, type RoleName } from '../../lib/api/operations.ts';
import { createAuthorizer, type Authorizer } from '../../lib/local/host/authorize.ts';
import type { RoleDefinition } from '../../lib/local/host/template-roles.ts';
import { walletKeyPolicy } from '../../lib/wallets/aws-kms/key-policy.ts';
import { ENVIRONMENT, synthesize, type Synthesis } from './synthesis.ts';

let synthesis: Synthesis;
let authorizer: Authorizer;
beforeAll(async () => {
  synthesis = await synthesize();
  authorizer = createAuthorizer(synthesis.deployment.roles, ENVIRONMENT);
});

const account = ENVIRONMENT.account;
const walletKey = `arn:aws:kms:${ENVIRONMENT.region}:${account}:key/11111111-2222-3333-4444-555555555555`;
const signContext = {
  'aws:ResourceTag/bursar:deployment': 'Bursar',
  'kms:MessageType': 'DIGEST',
  'kms:SigningAlgorithm': 'ECDSA_SHA_256',
};
const walletSecret = () =>
  `arn:aws:secretsmanager:${ENVIRONMENT.region}:${account}:secret:${secretPrefix()}/m-0123456789/c-0123456789-AbCdEf`;

function secretPrefix(): string {
  const fn = synthesis.deployment.functions.find(({ environment }) => 'SECRET_NAME_PREFIX' in environment);
  return fn!.environment['SECRET_NAME_PREFIX']!;
}

function walletKeyTag(): string {
  const fn = synthesis.deployment.functions.find(({ environment }) => 'WALLET_KEY_TAG' in environment);
  return fn!.environment['WALLET_KEY_TAG']!;
}

/** The function that a role belongs to, or the role's own name where it is for callers. */
function holderOf(role: RoleDefinition): string {
  const fn = synthesis.deployment.functions.find(({ roleArn }) => roleArn === role.arn);
  return (
    fn?.name.replace(/^Bursar(Service)?-/, '').replace(/Function[0-9A-F]{8}$/, '') ??
    role.logicalId.replace(/[0-9A-F]{8}$/, '')
  );
}

async function whoMay(
  action: string,
  resource: string,
  context: Record<string, string> = {},
  resourcePolicy?: object,
): Promise<string[]> {
  const allowed: string[] = [];
  for (const role of synthesis.deployment.roles) {
    const caller = { roleName: role.name, sessionName: 's' };
    const policy = resourcePolicy === undefined ? {} : { resourcePolicy };
    if (await authorizer.isAllowed({ caller, action, resource, context, ...policy })) allowed.push(holderOf(role));
  }
  return allowed.toSorted();
}

/** The policy that every wallet key is made with. */
function keyPolicy(): object {
  const { environment } = synthesis.deployment.functions.find((fn) => 'PAYING_ROLE_ARN' in fn.environment)!;
  return walletKeyPolicy({
    partition: ENVIRONMENT.partition,
    account,
    payingRoleArn: environment['PAYING_ROLE_ARN']!,
    keyAdminRoleArn: environment['KEY_ADMIN_ROLE_ARN']!,
  });
}

function tableArn(name: 'Books' | 'Registry'): string {
  const table = synthesis.deployment.tables.find(({ TableName }) => TableName.includes(name));
  return `arn:aws:dynamodb:${ENVIRONMENT.region}:${account}:table/${table!.TableName}`;
}

describe('who may touch money', () => {
  test('only the paying function may sign with a wallet key, and only digests', async () => {
    const context = { ...signContext, 'aws:ResourceTag/bursar:deployment': walletKeyTag() };
    expect(await whoMay('kms:Sign', walletKey, context, keyPolicy())).toEqual(['ProcessPayment']);
    expect(await whoMay('kms:Sign', walletKey, { ...context, 'kms:MessageType': 'RAW' }, keyPolicy())).toEqual([]);
    expect(
      await whoMay('kms:Sign', walletKey, { ...context, 'aws:ResourceTag/bursar:deployment': 'another' }, keyPolicy()),
    ).toEqual([]);
  });

  test('only the paying function may read a wallet secret; the one that makes it may not', async () => {
    expect(await whoMay('secretsmanager:GetSecretValue', walletSecret())).toEqual(['ProcessPayment']);
    expect(await whoMay('secretsmanager:CreateSecret', walletSecret())).toEqual(['ManageConnectors']);
  });

  test('nobody may delete or re-policy a wallet key, a wallet secret or a table', async () => {
    for (const action of ['kms:ScheduleKeyDeletion', 'kms:PutKeyPolicy', 'kms:CreateGrant'])
      expect(await whoMay(action, walletKey, {}, keyPolicy())).toEqual([]);
    for (const action of ['secretsmanager:DeleteSecret', 'secretsmanager:PutSecretValue'])
      expect(await whoMay(action, walletSecret())).toEqual([]);
    for (const action of ['dynamodb:DeleteTable', 'dynamodb:DeleteItem', 'dynamodb:Scan', 'dynamodb:BatchWriteItem']) {
      expect(await whoMay(action, tableArn('Books'))).toEqual([]);
    }
  });

  test('only the paying function, the session manager and the sweeper may write the books', async () => {
    const session = { 'dynamodb:LeadingKeys': 'SES#m-0123456789#payment-session-000000000000000' };
    const payment = { 'dynamodb:LeadingKeys': 'PAY#00000000-0000-8000-8000-000000000000' };
    const writers = ['ManageSessions', 'ProcessPayment', 'SweepReservations'];
    expect(await whoMay('dynamodb:UpdateItem', tableArn('Books'), session)).toEqual(writers);
    expect(await whoMay('dynamodb:UpdateItem', tableArn('Books'), payment)).toEqual([
      'ProcessPayment',
      'SweepReservations',
    ]);
    expect(await whoMay('dynamodb:PutItem', tableArn('Books'), payment)).toEqual(['ProcessPayment']);
  });
});

describe('the roles to hand out', () => {
  const methodArn = (operation: OperationName): string => {
    const { method, path } = OPERATIONS[operation];
    const concrete = path.replaceAll(/\{[^}]+\}/g, 'demo-0123456789');
    return `arn:aws:execute-api:${ENVIRONMENT.region}:${account}:${synthesis.deployment.api!.id}/v1/${method}${concrete}`;
  };

  test.each(ROLE_NAMES)('%s may call exactly its operations', async (name: RoleName) => {
    const allowed: string[] = [];
    for (const operation of Object.keys(OPERATIONS) as OperationName[]) {
      if ((await whoMay('execute-api:Invoke', methodArn(operation))).includes(name)) allowed.push(operation);
    }
    const expected = (Object.keys(OPERATIONS) as OperationName[]).filter((operation) =>
      (OPERATIONS[operation].roles as readonly RoleName[]).includes(name),
    );
    expect(allowed).toEqual(expected);
  });

  test('the backend is denied paying in so many words', () => {
    const management = synthesis.deployment.roles.find((role) => holderOf(role) === 'ManagementRole');
    const denials = management!.policies.flatMap(({ document }) =>
      (document as { Statement: { Effect: string; Resource: unknown }[] }).Statement.filter(
        ({ Effect }) => Effect === 'Deny',
      ),
    );
    expect(JSON.stringify(denials)).toContain('/payments/processPayment');
  });

  test('none of them may reach past the API', async () => {
    const forbidden: [string, string][] = [
      ['dynamodb:GetItem', tableArn('Books')],
      ['secretsmanager:GetSecretValue', walletSecret()],
      ['lambda:InvokeFunction', synthesis.deployment.functions[0]!.arn],
    ];
    for (const [action, resource] of forbidden) {
      expect((await whoMay(action, resource)).filter((name) => name.endsWith('Role'))).toEqual([]);
    }
  });
});

test('no policy holds an action with a wildcard, and a resource wildcard is always conditioned or X-Ray', () => {
  const statements = synthesis.deployment.roles.flatMap(({ policies }) =>
    policies.flatMap(({ document }) => (document as { Statement: Statement[] }).Statement),
  );
  expect(statements.length).toBeGreaterThan(15);
  for (const { Action, Resource, Condition, Effect } of statements) {
    const actions = [Action].flat();
    if (Effect === 'Allow' && !actions.every((action) => action.startsWith('logs:'))) {
      expect(actions.filter((action) => action.includes('*'))).toEqual([]);
    }
    const isTracing = actions.every((action) => action.startsWith('xray:'));
    const isLogging = actions.every((action) => action.startsWith('logs:'));
    if (Effect === 'Allow' && [Resource].flat().includes('*') && !isTracing && !isLogging)
      expect(Condition).toBeDefined();
  }
});

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: object;
}

test('the role that wallet keys trust keeps its name when the service stack is made anew', async () => {
  const again = await synthesize({ functionMemoryMib: 1_024 });
  const payingRole = ({ deployment }: Synthesis): string =>
    deployment.functions.find(({ environment }) => 'PAYING_ROLE_ARN' in environment)!.environment['PAYING_ROLE_ARN']!;
  expect(payingRole(again)).toBe(payingRole(synthesis));
  expect(synthesis.deployment.roles.map(({ arn }) => arn)).toContain(payingRole(synthesis));
});
