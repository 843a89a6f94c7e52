import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectRefusal, type Refused } from './checks.ts';
import { AGENTCORE_OPERATIONS, TOKEN_OPERATIONS, type AgentCoreOperation } from './coverage.ts';
import { callerOf, createSdk, succeed, type Caller, type Input } from './sdk.ts';
import { readTarget, ROLES } from './target.ts';
import { walletInput, sessionInput, offerOf, paymentInput } from './requests.ts';
import { callFor, createWorld, type Manager, type User } from './world.ts';

// Who may call what: roles at the gateway, and the two ways in at a manager.

const sdk = createSdk(readTarget());
const world = createWorld(sdk);
const denied: Refused = { name: 'AccessDeniedException', status: 403 };
const NEVER = 'never-0000000000';

interface Stage {
  readonly manager: Manager;
  readonly user: User;
  readonly wallet: string;
  readonly session: string;
}
let tokens: Stage;
beforeAll(async () => {
  const manager = await world.manager('JWT');
  const user = world.user('JWT', 0);
  const wallet = await world.wallet(manager, user, 'SeedVault');
  tokens = { manager, user, wallet, session: await world.session(manager, user, '1.00') };
});
afterAll(() => world.close());

/** A request of each operation that would succeed, of a caller who may. */
function memberOf(operation: AgentCoreOperation, { manager, wallet, session }: Stage): Input {
  const ids = { paymentSessionId: session, paymentInstrumentId: wallet };
  switch (operation) {
    case 'ProcessPayment':
      return paymentInput(ids, '2', offerOf('2', '1'));
    case 'CreatePaymentInstrument':
      return walletInput(manager, 'SeedVault');
    case 'CreatePaymentSession':
      return sessionInput('1.00');
    default:
      return { ...ids, paymentConnectorId: manager.connectors.SeedVault, chain: 'BASE_SEPOLIA', token: 'USDC' };
  }
}

describe('a manager that takes tokens', () => {
  test.each(TOKEN_OPERATIONS)('refuses %s to a signature', async (operation) => {
    const outcome = await sdk.call(operation, callerOf(operation, 'IAM'), {
      userId: 'somebody',
      paymentManagerArn: tokens.manager.arn,
      ...memberOf(operation, tokens),
    });
    expectRefusal(operation, outcome, { ...denied, message: /takes tokens/ });
  });

  const MANAGING = ['Create', 'Delete', 'List'].flatMap((verb) =>
    TOKEN_OPERATIONS.filter((name) => name.startsWith(verb)),
  );
  test.each(MANAGING)('refuses %s to a token that may only pay', async (operation) => {
    const input = { paymentManagerArn: tokens.manager.arn, ...memberOf(operation, tokens) };
    expectRefusal(operation, await sdk.call(operation, 'agent-token', input), {
      ...denied,
      message: /lacks the scope/,
    });
  });

  test('refuses ProcessPayment to a token that manages', async () => {
    const input = { paymentManagerArn: tokens.manager.arn, ...memberOf('ProcessPayment', tokens) };
    expectRefusal('ProcessPayment', await sdk.call('ProcessPayment', 'manager-token', input), denied);
  });

  const READING = TOKEN_OPERATIONS.filter((name) => name.startsWith('Get'));
  test.each(READING)('lets either token do %s', async (operation) => {
    const input = { paymentManagerArn: tokens.manager.arn, ...memberOf(operation, tokens) };
    for (const caller of ['agent-token', 'manager-token'] as const) {
      expect((await sdk.call(operation, caller, input)).error).toBeNull();
    }
  });

  test('has lost nothing by all that', async () => {
    const { manager, user, session, wallet } = tokens;
    const { paymentSession } = succeed(
      await callFor(sdk, 'GetPaymentSession', manager, user, { paymentSessionId: session }),
    );
    expect(paymentSession).toMatchObject({ availableLimits: { availableSpendAmount: { value: '1.00' } } });
    const found = await callFor(sdk, 'GetPaymentInstrument', manager, user, { paymentInstrumentId: wallet });
    expect(succeed(found)['paymentInstrument']).toMatchObject({ status: 'ACTIVE' });
  });
});

describe('the gateway', () => {
  const LABELS = {
    paymentManagerId: NEVER,
    paymentConnectorId: NEVER,
    resourceArn: 'arn:aws:bedrock-agentcore:us-east-1:000000000000:payment-manager/never-0000000000',
    tagKeys: ['never'],
  };
  const observed = new Set(AGENTCORE_OPERATIONS.filter((name) => /^(Get|List)(?!.*Token)/.test(name)));
  const ofAgents = new Set<AgentCoreOperation>([
    'GetPaymentInstrument',
    'GetPaymentInstrumentBalance',
    'GetPaymentSession',
  ]);

  test.each(AGENTCORE_OPERATIONS)('refuses %s to every role that is not meant to have it', async (operation) => {
    const allowed = new Set<Caller>([
      callerOf(operation, 'IAM'),
      ...(observed.has(operation) ? ['observer' as const] : []),
      ...(ofAgents.has(operation) ? ['processPayment' as const] : []),
    ]);
    for (const role of ROLES) {
      const outcome = await sdk.call(operation, role, LABELS);
      if (allowed.has(role)) expect(outcome.error?.name, role).not.toBe('AccessDeniedException');
      else expectRefusal(operation, outcome, denied);
    }
  });

  test('refuses an operation that is not there as one that may not be called', async () => {
    const outcome = await sdk.call('GetTokenVault', 'controlPlane', {});
    expectRefusal('GetTokenVault', outcome, denied);
  });

  test('refuses a token that no issuer signed', async () => {
    const forged = createSdk(sdk.target, async () => 'not.a.token');
    const outcome = await forged.call('GetPaymentSession', 'agent-token', {});
    forged.close();
    expectRefusal('GetPaymentSession', outcome, denied);
  });

  test('refuses keys that it does not know', async () => {
    const unknown = { accessKeyId: 'AKIDUNKNOWNUNKNOWNUN', secretAccessKey: 'nothing' };
    const { credentials } = sdk.target;
    const stranger = createSdk({ ...sdk.target, credentials: { ...credentials, management: unknown } });
    const input = { paymentManagerArn: tokens.manager.arn, userId: 'somebody' };
    const outcome = await stranger.call('ListPaymentSessions', 'management', input);
    stranger.close();
    expectRefusal('ListPaymentSessions', outcome, denied);
  });
});
