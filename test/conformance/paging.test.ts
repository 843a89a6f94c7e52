import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectRefusal } from './checks.ts';
import type { AgentCoreOperation } from './coverage.ts';
import { callerOf, createSdk, succeed, WAYS, type Input, type Way } from './sdk.ts';
import { readTarget } from './target.ts';
import { createWorld, textOf, type Manager, type User } from './world.ts';

const sdk = createSdk(readTarget());
const world = createWorld(sdk);
const PAGES_MAX = 1_000;
const COUNT = 3;

interface Stage {
  readonly manager: Manager;
  readonly user: User;
  readonly other: User;
}
const stages: Partial<Record<Way, Stage>> = {};
/** Ids of what every list must hold. */
const made = new Map<string, readonly string[]>();

interface List {
  readonly operation: AgentCoreOperation;
  readonly items: string;
  readonly id: string;
  readonly ways: readonly Way[];
  /** Whether nothing but what the suite made can be in it. */
  readonly exact: boolean;
}

const LISTS: readonly List[] = [
  { operation: 'ListPaymentManagers', items: 'paymentManagers', id: 'paymentManagerId', ways: ['IAM'], exact: false },
  {
    operation: 'ListPaymentConnectors',
    items: 'paymentConnectors',
    id: 'paymentConnectorId',
    ways: ['IAM'],
    exact: true,
  },
  {
    operation: 'ListPaymentCredentialProviders',
    items: 'credentialProviders',
    id: 'name',
    ways: ['IAM'],
    exact: false,
  },
  { operation: 'ListWorkloadIdentities', items: 'workloadIdentities', id: 'name', ways: ['IAM'], exact: false },
  {
    operation: 'ListPaymentInstruments',
    items: 'paymentInstruments',
    id: 'paymentInstrumentId',
    ways: WAYS,
    exact: true,
  },
  { operation: 'ListPaymentSessions', items: 'paymentSessions', id: 'paymentSessionId', ways: WAYS, exact: true },
];

const times = async (make: () => Promise<string>): Promise<string[]> => {
  const ids: string[] = [];
  for (let index = 0; index < COUNT; index += 1) ids.push(await make());
  return ids;
};

beforeAll(async () => {
  for (const way of WAYS) {
    const manager = await world.manager(way);
    const [user, other] = [world.user(way, 0), world.user(way, 1)];
    stages[way] = { manager, user, other };
    made.set(`ListPaymentInstruments ${way}`, await times(() => world.wallet(manager, user, 'SeedVault')));
    made.set(`ListPaymentSessions ${way}`, await times(() => world.session(manager, user, '1.00')));
    await times(() => world.session(manager, other, '1.00'));
  }
  const { manager } = stages.IAM!;
  made.set('ListPaymentManagers IAM', [manager.id, stages.JWT!.manager.id]);
  const { paymentConnectorId } = await world.connector(manager);
  made.set('ListPaymentConnectors IAM', [...Object.values(manager.connectors), paymentConnectorId]);
  made.set('ListWorkloadIdentities IAM', await times(() => world.workload()));
  made.set('ListPaymentCredentialProviders IAM', await times(() => world.provider('CoinbaseCDP')));
});
afterAll(() => world.close());

/** What a list is asked for, besides the page. */
function inputOf(operation: AgentCoreOperation, way: Way): Input {
  const { manager, user } = stages[way]!;
  if (operation === 'ListPaymentConnectors') return { paymentManagerId: manager.id };
  if (operation === 'ListPaymentInstruments' || operation === 'ListPaymentSessions') {
    return { ...user.header, paymentManagerArn: manager.arn };
  }
  return {};
}

async function readAll({ operation, items, id }: List, way: Way, pageSize: number | undefined) {
  const ids: string[] = [];
  const sizes: number[] = [];
  let nextToken: string | undefined;
  do {
    const input = { ...inputOf(operation, way), maxResults: pageSize, nextToken };
    const page = succeed(await sdk.call(operation, callerOf(operation, way), input));
    const found = page[items] as readonly Input[];
    sizes.push(found.length);
    ids.push(...found.map((item) => textOf(item, id)));
    nextToken = page['nextToken'] as string | undefined;
  } while (nextToken !== undefined && sizes.length < PAGES_MAX);
  expect(nextToken).toBeUndefined();
  return { ids, sizes };
}

const cases = LISTS.flatMap((list) => list.ways.map((way) => ({ ...list, way })));

describe.each(cases)('$operation with $way', (list) => {
  const { operation, way } = list;
  const firstToken = async (input: Input = inputOf(operation, way)): Promise<string> =>
    textOf(succeed(await sdk.call(operation, callerOf(operation, way), { ...input, maxResults: 1 })), 'nextToken');

  test.each([1, 2, undefined])('gives everything exactly once by pages of %s', async (pageSize) => {
    const { ids, sizes } = await readAll(list, way, pageSize);
    expect(new Set(ids).size).toBe(ids.length);
    const expected = made.get(`${operation} ${way}`)!;
    if (list.exact) expect(ids.toSorted()).toEqual(expected.toSorted());
    else expect(ids).toEqual(expect.arrayContaining([...expected]));
    if (pageSize !== undefined) expect(Math.max(...sizes)).toBeLessThanOrEqual(pageSize);
    if (list.exact && pageSize === undefined) expect(sizes).toEqual([expected.length]);
  });

  test('refuses tokens that are not its own', async () => {
    const strangers = LISTS.filter((other) => other.operation !== operation);
    const tokens: string[] = ['AAAA', `${(await firstToken()).slice(0, -2)}xx`];
    for (const { operation: other, ways } of strangers) {
      const from = ways.includes(way) ? way : 'IAM';
      const page = await sdk.call(other, callerOf(other, from), { ...inputOf(other, from), maxResults: 1 });
      tokens.push(textOf(succeed(page), 'nextToken'));
    }
    for (const nextToken of tokens) {
      const outcome = await sdk.call(operation, callerOf(operation, way), { ...inputOf(operation, way), nextToken });
      expectRefusal(operation, outcome, {
        name: 'ValidationException',
        status: 400,
        reason: 'FieldValidationFailed',
        fields: ['nextToken'],
      });
    }
  });
});

describe.each(WAYS)('with %s', (way) => {
  test('refuses the page token of another user, and of the same user at another manager', async () => {
    const { manager, user, other } = stages[way]!;
    const second = await world.manager(way);
    const ask = (who: User, at: Manager, page: Input) =>
      sdk.call('ListPaymentSessions', callerOf('ListPaymentSessions', way, who.index), {
        ...who.header,
        paymentManagerArn: at.arn,
        ...page,
      });
    const nextToken = textOf(succeed(await ask(user, manager, { maxResults: 1 })), 'nextToken');
    for (const [who, at] of [
      [other, manager],
      [user, second],
    ] as const) {
      expectRefusal('ListPaymentSessions', await ask(who, at, { nextToken }), {
        name: 'ValidationException',
        status: 400,
        reason: 'FieldValidationFailed',
        fields: ['nextToken'],
      });
    }
  });

  test('lists wallets of one connector only, where one is asked for', async () => {
    const { manager, user } = stages[way]!;
    const ask = (paymentConnectorId: string) =>
      sdk
        .call('ListPaymentInstruments', callerOf('ListPaymentInstruments', way), {
          ...user.header,
          paymentManagerArn: manager.arn,
          paymentConnectorId,
        })
        .then(succeed);
    expect((await ask(manager.connectors.SeedVault))['paymentInstruments']).toHaveLength(COUNT);
    expect((await ask(manager.connectors.AwsKms))['paymentInstruments']).toEqual([]);
  });
});
