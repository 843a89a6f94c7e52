import { describe, expect, test } from 'vitest';
import { OPERATIONS, ROLE_NAMES, type OperationRoute, type RoleName } from '../../lib/contract/operations.ts';
import { app, generously, onRoute, underOauth, whoMay } from './access.ts';
import { ENVIRONMENT, synthesize, type Synthesis, type Template } from './synthesis.ts';

const { account, region } = ENVIRONMENT;

describe('the roles that are handed out', () => {
  const OTHERS = { api: 'aaaaaaaaaa', stage: 'v2' };
  const TOKEN_OPERATIONS = [
    'GetWorkloadAccessToken',
    'GetWorkloadAccessTokenForJWT',
    'GetWorkloadAccessTokenForUserId',
    'GetResourcePaymentToken',
  ] as const;

  test.each(ROLE_NAMES)('%s may invoke exactly its operations', async (role: RoleName) => {
    const allowed: string[] = [];
    for (const [name, route] of Object.entries<OperationRoute>(OPERATIONS)) {
      if ((await whoMay(onRoute(route))).includes(role)) allowed.push(name);
    }
    const expected = Object.entries<OperationRoute>(OPERATIONS).filter(([, route]) => route.roles.includes(role));
    expect(allowed).toEqual(expected.map(([name]) => name));
    expect(allowed.length).toBeGreaterThan(1);
  });

  test('ProcessPaymentRole has the eight operations of an agent', async () => {
    const allowed: string[] = [];
    for (const [name, route] of Object.entries<OperationRoute>(OPERATIONS)) {
      if ((await whoMay(onRoute(route))).includes('ProcessPaymentRole')) allowed.push(name);
    }
    expect(allowed.sort()).toEqual([
      'GetAllowance',
      'GetPaymentInstrument',
      'GetPaymentInstrumentBalance',
      'GetPaymentSession',
      'ListAssets',
      'PayChallenge',
      'ProcessPayment',
      'QuoteChallenge',
      'ReportOutcome',
    ]);
  });

  test('none may invoke a route under /oauth, where tokens decide', async () => {
    for (const route of Object.values<OperationRoute>(OPERATIONS)) {
      expect(await whoMay(onRoute(underOauth(route)))).toEqual([]);
    }
  });

  test.each(['ControlPlaneRole', 'ManagementRole'])(
    '%s cannot process payments, even if somebody grants it everything',
    async (role) => {
      for (const route of [OPERATIONS.ProcessPayment, underOauth(OPERATIONS.ProcessPayment)]) {
        for (const stage of ['v1', OTHERS.stage]) {
          expect(await whoMay(onRoute(route, { stage }), generously())).not.toContain(role);
        }
      }
      expect(await whoMay(onRoute(OPERATIONS.CreatePaymentManager), generously())).toContain(role);
    },
  );

  test.each(TOKEN_OPERATIONS)(
    'only TokenRole may %s, even if somebody grants everything to the others',
    async (name) => {
      const question = onRoute(OPERATIONS[name]);
      expect(await whoMay(question)).toEqual(['TokenRole']);
      const others = ROLE_NAMES.filter((role) => role !== 'TokenRole');
      const allowed = await whoMay(question, generously());
      for (const role of others) expect(allowed).not.toContain(role);
      expect(allowed).toContain('TokenRole');
    },
  );

  test('only TreasuryRole may CreateWithdrawal, even if somebody grants everything to the others', async () => {
    const question = onRoute(OPERATIONS.CreateWithdrawal);
    expect(await whoMay(question)).toEqual(['TreasuryRole']);
    const allowed = await whoMay(question, generously());
    for (const role of ROLE_NAMES.filter((name) => name !== 'TreasuryRole')) expect(allowed).not.toContain(role);
    expect(allowed).toContain('TreasuryRole');
  });

  test.each([
    'ProcessPayment',
    'CreatePaymentSession',
    'DeletePaymentSession',
    'CreatePaymentInstrument',
    'DeletePaymentInstrument',
    'GetResourcePaymentToken',
  ] as const)('TreasuryRole cannot %s, even if somebody grants it everything', async (name) => {
    for (const stage of ['v1', OTHERS.stage]) {
      expect(await whoMay(onRoute(OPERATIONS[name], { stage }), generously())).not.toContain('TreasuryRole');
    }
    expect(await whoMay(onRoute(OPERATIONS.GetWithdrawal), generously())).toContain('TreasuryRole');
  });

  test.each([
    ['nobody is named for it', { withdrawalAddresses: ['0x209693Bc6afc0C5328bA36FaF03C514EF312287C'] }],
    ['there is no address to withdraw to', { treasuryPrincipals: [`arn:aws:iam::${account}:root`] }],
  ])('TreasuryRole does not exist where %s', async (_why, choices) => {
    const has = (template: Template): boolean =>
      Object.keys(template.Resources).some((id) => id.startsWith('TreasuryRole'));
    expect(has((await synthesize(choices)).service)).toBe(false);
    expect(has(app.service)).toBe(true);
  });

  test('ObserverRole changes nothing: all its operations read', () => {
    const observed = Object.entries<OperationRoute>(OPERATIONS).filter(([, route]) =>
      route.roles.includes('ObserverRole'),
    );
    for (const [name] of observed) expect(name).toMatch(/^(Get|List)/);
  });

  test('TokenRole exists only where somebody is named for it', async () => {
    const { service } = await synthesize();
    const has = (template: Template): boolean =>
      Object.keys(template.Resources).some((id) => id.startsWith('TokenRole'));
    expect(has(service)).toBe(false);
    expect(has(app.service)).toBe(true);
  });

  test('reach no other stage and no other API', async () => {
    expect(await whoMay(onRoute(OPERATIONS.GetPaymentSession))).toEqual([
      'ManagementRole',
      'ObserverRole',
      'ProcessPaymentRole',
    ]);
    for (const other of [{ stage: OTHERS.stage }, { api: OTHERS.api }]) {
      for (const route of Object.values<OperationRoute>(OPERATIONS))
        expect(await whoMay(onRoute(route, other))).toEqual([]);
    }
  });

  test.each([
    ['lambda:InvokeFunction', `arn:aws:lambda:${region}:${account}:function:any`],
    ['sts:AssumeRole', `arn:aws:iam::${account}:role/Bursar-us-east-1-process-payment`],
    ['iam:PassRole', `arn:aws:iam::${account}:role/Bursar-us-east-1-process-payment`],
  ])('nobody may %s, which would go around the API', async (action, resource) => {
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

  test('let a user who is named take its own name only, and leave the name to a role, where names are users', async () => {
    const [agents, alice] = ['arn:aws:iam::123456789012:role/agents', 'arn:aws:iam::123456789012:user/staff/alice'];
    const principals = { managementPrincipals: [agents], processPaymentPrincipals: [agents, alice] };
    const trustOf = async (bindUserToRoleSession: boolean): Promise<object[]> => {
      const { service, deployment } = await synthesize({ ...principals, bindUserToRoleSession });
      const ofFunctions = new Set(deployment.functions.map(({ roleArn }) => roleArn));
      const role = deployment.roles.find(
        ({ arn, logicalId }) => logicalId.startsWith('ProcessPaymentRole') && !ofFunctions.has(arn),
      );
      const { AssumeRolePolicyDocument: trust } = service.Resources[role!.logicalId]!.Properties;
      return (trust as { Statement: object[] }).Statement;
    };
    const trusts = (arn: string) => ({ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: arn } });
    expect(await trustOf(true)).toEqual([
      trusts(agents),
      { ...trusts(alice), Condition: { StringEquals: { 'sts:RoleSessionName': '${aws:username}' } } },
    ]);
    expect(JSON.stringify(await trustOf(false))).not.toContain('Condition');
  });

  test('let a treasurer take the name of any user: it acts for them all, to listed addresses only', async () => {
    const alice = 'arn:aws:iam::123456789012:user/staff/alice';
    const { service } = await synthesize({
      managementPrincipals: [alice],
      processPaymentPrincipals: [alice],
      treasuryPrincipals: [alice],
      withdrawalAddresses: ['0x209693Bc6afc0C5328bA36FaF03C514EF312287C'],
      bindUserToRoleSession: true,
    });
    const trustOf = (name: RoleName): string => {
      const [, resource] = Object.entries(service.Resources).find(
        ([id, { Type: type }]) => id.startsWith(name) && type === 'AWS::IAM::Role',
      )!;
      return JSON.stringify(resource.Properties['AssumeRolePolicyDocument']);
    };
    expect(trustOf('TreasuryRole')).toContain(alice);
    expect(trustOf('TreasuryRole')).not.toContain('sts:RoleSessionName');
    expect(trustOf('ManagementRole')).toContain('sts:RoleSessionName');
  });
});
