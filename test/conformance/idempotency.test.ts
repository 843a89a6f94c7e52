import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectRefusal } from './checks.ts';
import { AGENTCORE_OPERATIONS, TOKEN_OPERATIONS, type AgentCoreOperation } from './coverage.ts';
import { classOf, findModelOperation } from './model.ts';
import type { Exchange, Fault } from './recorder.ts';
import { callerOf, createSdk, fail, succeed, WAYS, type Input, type Way } from './sdk.ts';
import { readTarget } from './target.ts';
import {
  newToken,
  managerInput,
  connectorInput,
  walletInput,
  sessionInput,
  offerOf,
  paymentInput,
} from './requests.ts';
import { availableOf, createWorld, textOf, type Manager, type User } from './world.ts';

const sdk = createSdk(readTarget());
const world = createWorld(sdk);

interface Stage {
  readonly manager: Manager;
  readonly user: User;
  readonly wallet: string;
}
const stages: Partial<Record<Way, Stage>> = {};
beforeAll(async () => {
  for (const way of WAYS) {
    const manager = await world.manager(way);
    const user = world.user(way, 0);
    stages[way] = { manager, user, wallet: await world.wallet(manager, user, 'SeedVault') };
  }
});
afterAll(() => world.close());

/** A request, and another one that the same token must not be used for; `null` where the resource is all that it says. */
interface Pair {
  readonly first: Input;
  readonly other: Input | null;
}

const vary = (first: Input, members: Input): Pair => ({ first, other: { ...first, ...members } });

const PAIRS: Readonly<Partial<Record<AgentCoreOperation, (stage: Stage) => Promise<Pair> | Pair>>> = {
  CreatePaymentManager: () => vary(managerInput(sdk.target, 'IAM'), { description: 'another' }),
  UpdatePaymentManager: ({ manager }) =>
    vary({ paymentManagerId: manager.id, description: 'one' }, { description: 'another' }),
  DeletePaymentManager: async () => ({ first: await world.emptyManager('IAM'), other: null }),
  CreatePaymentConnector: ({ manager }) => vary(connectorInput(manager.id, 'SeedVault'), { description: 'another' }),
  UpdatePaymentConnector: async ({ manager }) =>
    vary({ ...(await world.connector(manager)), description: 'one' }, { description: 'another' }),
  DeletePaymentConnector: async ({ manager }) => ({ first: await world.connector(manager), other: null }),
  CreatePaymentInstrument: ({ manager, user }) =>
    vary({ ...user.header, ...walletInput(manager, 'SeedVault') }, { paymentConnectorId: manager.connectors.AwsKms }),
  CreatePaymentSession: ({ manager, user }) =>
    vary({ ...user.header, paymentManagerArn: manager.arn, ...sessionInput('1.00') }, sessionInput('1.01')),
  ProcessPayment: async ({ manager, user, wallet }) => {
    const ids = {
      paymentSessionId: await world.session(manager, user, '1.00'),
      paymentInstrumentId: wallet,
    };
    const own = { ...user.header, paymentManagerArn: manager.arn };
    return vary(
      { ...own, ...paymentInput(ids, '2', offerOf('2', '10000')) },
      paymentInput(ids, '2', offerOf('2', '10001')),
    );
  },
};

function tokenOf({ query, body }: Exchange): unknown {
  const { clientToken } = body === '' ? { clientToken: undefined } : (JSON.parse(body) as { clientToken?: unknown });
  return clientToken ?? query['clientToken'];
}

const THROTTLED: Fault = { status: 429, name: 'ThrottlingException', when: 'instead' };
const FAILED: Fault = { status: 500, name: 'InternalServerException', when: 'instead' };
const LOST: Fault = { ...FAILED, when: 'lost' };
const CLIENT_TOKEN = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const TOGETHER = 4;

const withTokens = Object.keys(PAIRS) as AgentCoreOperation[];
const cases = WAYS.flatMap((way) =>
  withTokens
    .filter((operation) => way === 'IAM' || TOKEN_OPERATIONS.includes(operation))
    .map((operation) => ({ way, operation })),
);

describe.each(cases)('$operation with $way', ({ way, operation }) => {
  const caller = callerOf(operation, way);

  test('is done once when AWS’s client repeats it after 429 and after a lost answer', async () => {
    const stage = stages[way]!;
    const { first } = await PAIRS[operation]!(stage);
    const outcome = await sdk.call(operation, caller, first, { attemptsMax: 3, faults: [THROTTLED, LOST] });
    const output = succeed(outcome);
    world.removeLater(operation, stage, output);
    expect(output.$metadata).toMatchObject({
      attempts: 3,
      httpStatusCode: findModelOperation(operation).successStatus,
    });
    const { exchanges } = outcome;
    expect(exchanges).toHaveLength(3);
    expect(tokenOf(exchanges[0]!)).toMatch(CLIENT_TOKEN);
    expect(new Set(exchanges.map(tokenOf)).size).toBe(1);
    expect(exchanges[2]!.answer.text).toBe(exchanges[1]!.answer.text);
    if (operation === 'ProcessPayment') {
      const left = await availableOf(sdk, stage.manager, stage.user, textOf(output, 'paymentSessionId'));
      expect(left).toBe('0.99');
    }
  });

  test('is done once when it arrives several times at once', async () => {
    const stage = stages[way]!;
    const { first } = await PAIRS[operation]!(stage);
    const input = { ...first, clientToken: newToken() };
    const outcomes = await Promise.all(
      Array.from({ length: TOGETHER }, () => sdk.call(operation, caller, input, { attemptsMax: 5 })),
    );
    world.removeLater(operation, stage, succeed(outcomes[0]!));
    expect(new Set(outcomes.map(({ exchanges }) => exchanges.at(-1)!.answer.text)).size).toBe(1);
    expect(outcomes.map(({ error }) => error)).toEqual(outcomes.map(() => null));
    if (operation === 'ProcessPayment') {
      const left = await availableOf(sdk, stage.manager, stage.user, textOf(first, 'paymentSessionId'));
      expect(left).toBe('0.99');
    }
  });

  test('answers the same for the same token, and refuses the token for another request', async () => {
    const stage = stages[way]!;
    const { first, other } = await PAIRS[operation]!(stage);
    const clientToken = newToken();
    const once = await sdk.call(operation, caller, { ...first, clientToken });
    world.removeLater(operation, stage, succeed(once));
    const again = await sdk.call(operation, caller, { ...first, clientToken });
    succeed(again);
    expect(again.exchanges[0]!.answer.text).toBe(once.exchanges[0]!.answer.text);
    if (other === null) return;
    expectRefusal(operation, await sdk.call(operation, caller, { ...other, clientToken }), {
      name: 'ValidationException',
      status: 400,
      reason: 'IdempotentParameterMismatchException',
      fields: operation === 'ProcessPayment' ? ['clientToken', 'bursar:other_terms'] : ['clientToken'],
    });
  });
});

test('every operation that has a client token in AWS’s model is tried', () => {
  const inModel = AGENTCORE_OPERATIONS.filter((name) => findModelOperation(name).hasClientToken);
  // It refuses whatever the token.
  const tried = [...withTokens, 'RotatePaymentConnectorCredentials'];
  expect(tried.toSorted()).toEqual(inModel.toSorted());
});

describe('AWS’s clients', () => {
  test.each([
    ['data', 'ListPaymentSessions', THROTTLED],
    ['data', 'ListPaymentSessions', FAILED],
    ['control', 'ListPaymentManagers', THROTTLED],
    ['control', 'ListPaymentManagers', FAILED],
  ] as const)('give up with the class of the last error: %s, %s, $name', async (plane, operation, fault) => {
    const outcome = await sdk.call(
      operation,
      callerOf(operation, 'IAM'),
      {},
      {
        attemptsMax: 3,
        faults: [fault, fault, fault],
      },
    );
    const error = fail(outcome);
    expect(error).toBeInstanceOf(classOf(plane, fault.name));
    expect(error.$metadata).toMatchObject({ httpStatusCode: fault.status, attempts: 3 });
  });

  test('do not repeat what is refused for good', async () => {
    const { manager, user, wallet } = stages.IAM!;
    const paymentSessionId = await world.session(manager, user, '0.01');
    const members = paymentInput({ paymentSessionId, paymentInstrumentId: wallet }, '2', offerOf('2', '10001'));
    const input = { ...user.header, paymentManagerArn: manager.arn, ...members };
    const refused = [
      await sdk.call('ProcessPayment', 'processPayment', input, { attemptsMax: 3 }),
      await sdk.call('CreatePaymentSession', 'processPayment', input, { attemptsMax: 3 }),
      await sdk.call('GetPaymentManager', 'controlPlane', { paymentManagerId: 'never-0000000000' }, { attemptsMax: 3 }),
      await sdk.call('DeletePaymentManager', 'controlPlane', { paymentManagerId: manager.id }, { attemptsMax: 3 }),
    ];
    expect(refused.map((outcome) => fail(outcome).$metadata.httpStatusCode)).toEqual([400, 403, 404, 409]);
    expect(refused.map(({ exchanges }) => exchanges.length)).toEqual([1, 1, 1, 1]);
  });
});
