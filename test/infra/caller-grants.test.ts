import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import {
  AccountRootPrincipal,
  ArnPrincipal,
  Group,
  Role,
  ServicePrincipal,
  User,
  type IGrantable,
} from 'aws-cdk-lib/aws-iam';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OPERATIONS, type OperationName, type OperationRoute, type RoleName } from '../../lib/contract/operations.ts';
import { addStacks } from '../../lib/infra/app.ts';
import { DEFAULT_CONFIG } from '../../lib/infra/config/defaults.ts';
import { PaymentsApi } from '../../lib/infra/constructs/access/payments-api.ts';
import { readContext } from '../../lib/infra/build/synth.ts';
import { DEPLOYED_FUNCTION_NAMES } from '../../lib/infra/function-names.ts';
import type { ServiceStack } from '../../lib/infra/service-stack.ts';

const ACCOUNT = '123456789012';
const env = { account: ACCOUNT, region: 'us-east-1' };
const ACCEPTED = { combination: 'I accept that no budget limits this principal' } as const;

const directory = mkdtempSync(join(tmpdir(), 'bursar-grants-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
/** In the place of every function's bundle. */
const stub = { path: join(directory, 'bundle'), bytes: 1 };
const functions = Object.fromEntries(DEPLOYED_FUNCTION_NAMES.map((name) => [name, stub]));
beforeAll(() => {
  mkdirSync(stub.path);
  writeFileSync(join(stub.path, 'index.mjs'), 'export const handler = null;');
});

let app: App;
let service: ServiceStack;
/** Where the deployer's own principals are. */
let own: Stack;
beforeEach(() => {
  app = new App({ outdir: mkdtempSync(join(directory, 'out-')), analyticsReporting: false, context: readContext() });
  service = addStacks(app, { config: DEFAULT_CONFIG, functions, env }).service;
  own = new Stack(app, 'Own', { env });
});

// CDK's classes do not fit its own interfaces under exactOptionalPropertyTypes.
const newRole = (id: string, roleName?: string): Role =>
  new Role(own, id, {
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    ...(roleName === undefined ? {} : { roleName }),
  });
const imported = (id: string, arn: string, options: { readonly mutable?: boolean } = {}): IGrantable =>
  Role.fromRoleArn(own, id, arn, options);

const GRANTS = {
  ControlPlaneRole: 'grantControl',
  ManagementRole: 'grantManage',
  ProcessPaymentRole: 'grantProcess',
  ObserverRole: 'grantObserve',
  TokenRole: 'grantTokens',
  TreasuryRole: 'grantTreasury',
} as const satisfies Record<RoleName, keyof ServiceStack>;
const grant = (role: RoleName, grantee: IGrantable, options?: typeof ACCEPTED): void =>
  service[GRANTS[role]](grantee, options);

interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string;
  readonly Resource: unknown;
}

/** All statements about this API that ended in the deployer's stack. */
function statements(stack: Stack = own): Statement[] {
  const template = Template.fromStack(stack);
  const policies = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'].flatMap((type) =>
    Object.values(template.findResources(type)),
  );
  return policies.flatMap(
    ({ Properties }) => (Properties as { PolicyDocument: { Statement: Statement[] } }).PolicyDocument.Statement,
  );
}
const textOf = (effect: Statement['Effect']): string =>
  JSON.stringify(statements().filter(({ Effect: found }) => found === effect));
const pathOf = (name: OperationName): string => (OPERATIONS[name] as OperationRoute).path.replaceAll(/\{\w+\}/g, '*');

describe('a grant', () => {
  test.each(Object.keys(GRANTS) as RoleName[])('of %s allows exactly the operations of that role', (role) => {
    grant(role, newRole('Caller'));
    const [allowed, ...others] = statements().filter(({ Effect: effect }) => effect === 'Allow');
    expect(others).toEqual([]);
    expect(allowed!.Action).toBe('execute-api:Invoke');
    const paths = [allowed!.Resource].flat().map((arn) => /\/v1\/([^"]+)"/.exec(JSON.stringify(arn))![1]);
    const expected = Object.entries<OperationRoute>(OPERATIONS)
      .filter(([, { roles }]) => roles.includes(role))
      .map(([name, { method }]) => `${method}${pathOf(name as OperationName)}`);
    expect(paths.sort()).toEqual(expected.sort());
  });

  test.each(['ControlPlaneRole', 'ManagementRole'] as const)(
    'of %s denies paying in every way, for what synthesis cannot see',
    (role) => {
      grant(role, newRole('Caller'));
      expect(textOf('Deny')).toContain('/*/*/payments/processPayment"');
      expect(textOf('Deny')).toContain('/*/*/bursar/payChallenge"');
    },
  );

  test.each(['ControlPlaneRole', 'ManagementRole', 'ProcessPaymentRole', 'ObserverRole'] as const)(
    'of %s denies minting tokens',
    (role) => {
      grant(role, newRole('Caller'));
      expect(textOf('Deny')).toContain('/*/*/identities/payment/token"');
    },
  );

  test('of ProcessPaymentRole does not deny paying', () => {
    grant('ProcessPaymentRole', newRole('Caller'));
    expect(textOf('Deny')).not.toContain('processPayment');
    expect(textOf('Deny')).not.toContain('payChallenge');
  });

  test('is given to users, groups and mutable imports, too', () => {
    grant('ProcessPaymentRole', new User(own, 'User'));
    grant('ProcessPaymentRole', new Group(own, 'Group'));
    grant('ProcessPaymentRole', imported('Imported', `arn:aws:iam::${ACCOUNT}:role/agent`));
    expect(statements().filter(({ Effect: effect }) => effect === 'Allow')).toHaveLength(3);
  });

  test('given twice is one', () => {
    const role = newRole('Caller');
    grant('ProcessPaymentRole', role);
    grant('ProcessPaymentRole', role);
    expect(statements().filter(({ Effect: effect }) => effect === 'Allow')).toHaveLength(1);
  });

  test('of two deployments in one app stands side by side: no two statements have one id', () => {
    const staging = addStacks(app, { config: { ...DEFAULT_CONFIG, stackPrefix: 'Staging' }, functions, env }).service;
    const role = newRole('Caller');
    service.grantProcess(role);
    staging.grantProcess(role);
    const sids = statements().map(({ Sid: sid }) => sid);
    expect(sids).toHaveLength(4);
    expect(new Set(sids).size).toBe(4);
    for (const sid of sids) expect(sid).toMatch(/^[A-Za-z0-9]+$/);
  });

  test('makes the deployer’s stack depend on the service, not the other way round', () => {
    grant('ManagementRole', newRole('Caller'));
    app.synth();
    expect(own.dependencies).toContain(service);
    expect(service.dependencies).not.toContain(own);
  });
});

const DANGEROUS = [
  ['ManagementRole', 'ProcessPaymentRole', 'open itself a budget and spend it'],
  ['ControlPlaneRole', 'ProcessPaymentRole', 'let itself manage budgets'],
  ['TokenRole', 'ControlPlaneRole', 'outside every budget'],
  ['TokenRole', 'ManagementRole', 'outside every budget'],
  ['TokenRole', 'ProcessPaymentRole', 'outside every budget'],
  ['TokenRole', 'ObserverRole', 'outside every budget'],
  ['TreasuryRole', 'ControlPlaneRole', 'do nothing else'],
  ['TreasuryRole', 'ManagementRole', 'do nothing else'],
  ['TreasuryRole', 'ProcessPaymentRole', 'do nothing else'],
  ['TreasuryRole', 'ObserverRole', 'do nothing else'],
  ['TreasuryRole', 'TokenRole', 'do nothing else'],
] as const;

describe('one principal', () => {
  test.each(DANGEROUS)('is refused %s with %s, in either order', (a, b, why) => {
    const [first, second] = [newRole('First'), newRole('Second')];
    grant(a, first);
    expect(() => grant(b, first)).toThrow(why);
    grant(b, second);
    expect(() => grant(a, second)).toThrow(why);
    // Two principals may.
    grant(a, newRole('Third'));
    grant(b, newRole('Fourth'));
  });

  test.each(DANGEROUS)('may have %s with %s where both grants accept it, and denies nothing then', (a, b) => {
    const role = newRole('Caller');
    grant(a, role, ACCEPTED);
    grant(b, role, ACCEPTED);
    expect(statements().filter(({ Effect: effect }) => effect === 'Allow')).toHaveLength(2);
    expect(statements().filter(({ Effect: effect }) => effect === 'Deny')).toEqual([]);
  });

  test('is refused where only one grant accepts it: the other one denies', () => {
    const role = newRole('Caller');
    grant('ManagementRole', role);
    expect(() => grant('ProcessPaymentRole', role, ACCEPTED)).toThrow(/give both grants the option combination/);
    const other = newRole('Other');
    grant('ManagementRole', other, ACCEPTED);
    expect(() => grant('ProcessPaymentRole', other)).toThrow(/Use two principals/);
  });

  test('may operate and manage, and may observe beside either and beside paying', () => {
    const [operator, agent] = [newRole('Operator'), newRole('Agent')];
    grant('ControlPlaneRole', operator);
    grant('ManagementRole', operator);
    grant('ObserverRole', operator);
    grant('ProcessPaymentRole', agent);
    grant('ObserverRole', agent);
    expect(statements().filter(({ Effect: effect }) => effect === 'Allow')).toHaveLength(5);
  });
});

describe('a principal behind another construct', () => {
  beforeEach(() => grant('ManagementRole', newRole('Backend', 'backend')));
  const refused = (again: () => IGrantable): void =>
    expect(() => grant('ProcessPaymentRole', again())).toThrow('open itself a budget');
  const backend = (): Role => own.node.findChild('Backend') as Role;

  test('is recognised when its ARN is imported', () => refused(() => imported('Again', backend().roleArn)));

  test('is recognised when the import is immutable', () =>
    refused(() => imported('Again', backend().roleArn, { mutable: false })));

  test('is recognised without policy updates', () => refused(() => backend().withoutPolicyUpdates()));

  test('is recognised by the text of its ARN, with and without a path', () => {
    refused(() => imported('Again', `arn:aws:iam::${ACCOUNT}:role/backend`));
    refused(() => imported('OnPath', `arn:aws:iam::${ACCOUNT}:role/service/backend`));
  });

  test('is recognised by its name', () => refused(() => Role.fromRoleName(own, 'Again', 'backend')));

  test('is not taken for a role of another name, or a user of the same name', () => {
    grant('ProcessPaymentRole', imported('Other', `arn:aws:iam::${ACCOUNT}:role/agent`));
    grant('ProcessPaymentRole', new User(own, 'User', { userName: 'backend' }));
  });

  test('is recognised when two imports are of one ARN', () => {
    grant('ControlPlaneRole', imported('One', `arn:aws:iam::${ACCOUNT}:role/ops`));
    expect(() => grant('ProcessPaymentRole', imported('Two', `arn:aws:iam::${ACCOUNT}:role/ops`))).toThrow(
      'cannot grant ProcessPaymentRole to Own/Two, which has ControlPlaneRole as Own/One',
    );
  });

  test('is recognised when it is a role that the service hands out', () => {
    const { role } = service.node.findChild('ManagementRole') as unknown as { role: Role };
    refused(() => role);
    refused(() => imported('HandedOut', role.roleArn));
  });
});

describe('a principal that would silently get nothing is refused', () => {
  test.each<[string, () => IGrantable]>([
    ['an immutable import', () => imported('Agent', `arn:aws:iam::${ACCOUNT}:role/agent`, { mutable: false })],
    ['a role without policy updates', () => newRole('Agent').withoutPolicyUpdates()],
    ['a role of another account', () => imported('Agent', 'arn:aws:iam::999999999999:role/agent')],
  ])('%s', (_what, make) => {
    expect(() => grant('ProcessPaymentRole', make())).toThrow(/silently get nothing/);
  });

  test.each<[string, () => IGrantable]>([
    ['a service', () => new ServicePrincipal('lambda.amazonaws.com')],
    ['an account', () => new AccountRootPrincipal()],
    ['an ARN', () => new ArnPrincipal(`arn:aws:iam::${ACCOUNT}:role/agent`)],
  ])('%s', (_what, make) => {
    expect(() => grant('ProcessPaymentRole', make())).toThrow(/expected a role, user or group of this account/);
  });
});

test('an operation with a path parameter cannot be denied, since the pattern would miss its calls', () => {
  const api = service.node.findAll().find((construct) => construct instanceof PaymentsApi)!;
  expect(() => api.denyInvoke('Never', ['ProcessPayment', 'UpdatePaymentManager'])).toThrow(
    'cannot deny UpdatePaymentManager by path',
  );
});
