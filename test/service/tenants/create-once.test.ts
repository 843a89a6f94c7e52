import { beforeAll, describe, expect, test } from 'vitest';
import type { OperationName } from '../../../lib/contract/operations.ts';
import {
  connectorRequest,
  createTenant,
  instrumentRequest,
  managerRequest,
  newToken,
  sessionRequest,
  withFunctions,
  type Answer,
  type Tenant,
} from '../../support/functions.ts';

const DUPLICATES = 20;
/** A caller of many at a time may be told to come again; one of them has ended its work long before this. */
const ASKED_MAX = 20;

const functions = withFunctions();
let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(functions);
});

interface Creation {
  readonly operation: OperationName;
  readonly status: number;
  /** A request, complete but for its token. */
  readonly request: () => object;
  /** The same request with one member changed. */
  readonly other: () => object;
  readonly idOf: (body: never) => string;
  /** What the creation does in AWS, once. */
  readonly awsAction: string | null;
}

const path = () => ({ paymentManagerId: tenant.managerId });

const CREATIONS: Readonly<Record<string, Creation>> = {
  manager: {
    operation: 'CreatePaymentManager',
    status: 202,
    request: () => managerRequest(),
    other: () => managerRequest({ name: 'another' }),
    idOf: ({ paymentManagerId }: { paymentManagerId: string }) => paymentManagerId,
    awsAction: null,
  },
  'SeedVault connector': {
    operation: 'CreatePaymentConnector',
    status: 202,
    request: () => connectorRequest(),
    other: () => connectorRequest({ name: 'another' }),
    idOf: ({ paymentConnectorId }: { paymentConnectorId: string }) => paymentConnectorId,
    awsAction: 'CreateSecret',
  },
  instrument: {
    operation: 'CreatePaymentInstrument',
    status: 201,
    request: () => instrumentRequest(tenant),
    other: () =>
      instrumentRequest(tenant, {
        paymentInstrumentDetails: {
          embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [{ email: { emailAddress: 'a@example.com' } }] },
        },
      }),
    idOf: ({ paymentInstrument }: { paymentInstrument: { paymentInstrumentId: string } }) =>
      paymentInstrument.paymentInstrumentId,
    awsAction: null,
  },
  session: {
    operation: 'CreatePaymentSession',
    status: 201,
    request: () => sessionRequest(tenant),
    other: () => sessionRequest(tenant, { expiryTimeInMinutes: 61 }),
    idOf: ({ paymentSession }: { paymentSession: { paymentSessionId: string } }) => paymentSession.paymentSessionId,
    awsAction: null,
  },
};

const create = ({ operation }: Creation, json: object, user = 'user-1') =>
  functions.call<never>(operation, { json, path: path(), user });

/** As clients do: who is told that others are at work asks again, under the same token. */
async function untilAnswered<T>(ask: () => Promise<Answer<T>>): Promise<Answer<T>> {
  for (let asked = 1; ; asked += 1) {
    const answer = await ask();
    if (answer.status !== 429 || asked === ASKED_MAX) return answer;
  }
}

const createInTime = (creation: Creation, json: object) => untilAnswered(() => create(creation, json));

const countOf = (action: string | null) => functions.awsCalls.filter((each) => each === action).length;

describe.each(Object.entries(CREATIONS))('creating a %s', (_what, creation) => {
  test('gives the same bytes for the same token and request', async () => {
    const json = creation.request();
    const first = await create(creation, json);
    expect(first.status).toBe(creation.status);
    const again = await create(creation, json);
    expect(again.status).toBe(creation.status);
    expect(again.text).toBe(first.text);
  });

  test('refuses the same token for another request', async () => {
    const clientToken = newToken();
    await create(creation, { ...creation.request(), clientToken });
    const other = await create(creation, { ...creation.other(), clientToken });
    expect(other.status).toBe(400);
    expect(other.body).toMatchObject({
      __type: 'ValidationException',
      reason: 'IdempotentParameterMismatchException',
    });
    // The refusal changes nothing for the request that was first.
    expect((await create(creation, { ...creation.request(), clientToken })).status).toBe(creation.status);
  });

  test('makes one of it for any number of equal requests at a time', async () => {
    const json = creation.request();
    const before = countOf(creation.awsAction);
    const answers = await Promise.all(Array.from({ length: DUPLICATES }, () => createInTime(creation, json)));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([creation.status]));
    expect(countOf(creation.awsAction) - before).toBe(creation.awsAction === null ? 0 : 1);
  });

  test('lets one of several different requests have a token, whichever comes first', async () => {
    const clientToken = newToken();
    const answers = await Promise.all([
      ...Array.from({ length: 5 }, () => createInTime(creation, { ...creation.request(), clientToken })),
      ...Array.from({ length: 5 }, () => createInTime(creation, { ...creation.other(), clientToken })),
    ]);
    const made = answers.filter(({ status }) => status === creation.status);
    expect(made).toHaveLength(5);
    expect(new Set(made.map(({ text }) => text)).size).toBe(1);
  });

  test('makes another one for another token, and for no token', async () => {
    const { clientToken: _token, ...withoutToken } = creation.request() as { clientToken: string };
    const answers = [
      await create(creation, creation.request()),
      await create(creation, creation.request()),
      await create(creation, withoutToken),
      await create(creation, withoutToken),
    ];
    expect(new Set(answers.map(({ body }) => creation.idOf(body))).size).toBe(4);
  });
});

test.each(['instrument', 'session'])('an %s token means nothing for another user', async (what) => {
  const creation = CREATIONS[what]!;
  const json = creation.request();
  const mine = await create(creation, json, 'user-1');
  const theirs = await create(creation, json, 'user-2');
  expect(theirs.status).toBe(creation.status);
  expect(creation.idOf(theirs.body)).not.toBe(creation.idOf(mine.body));
});

test('makes one KMS key for any number of equal requests at a time', async () => {
  const connector = await functions.call<{ paymentConnectorId: string }>('CreatePaymentConnector', {
    json: connectorRequest({ name: 'kms', type: 'AwsKms' }),
    path: path(),
  });
  const json = instrumentRequest({ ...tenant, paymentConnectorId: connector.body.paymentConnectorId });
  const before = countOf('CreateKey');
  const answers = await Promise.all(
    Array.from({ length: DUPLICATES }, () => untilAnswered(() => functions.call('CreatePaymentInstrument', { json }))),
  );
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  expect(countOf('CreateKey') - before).toBe(1);
});

test.each([
  ['instrument', 'DeletePaymentInstrument'],
  ['session', 'DeletePaymentSession'],
] as const)('repeats the first answer of an %s that was deleted since', async (what, deletion) => {
  const creation = CREATIONS[what]!;
  const json = creation.request();
  const first: Answer<never> = await create(creation, json);
  const id = creation.idOf(first.body);
  const gone = await functions.call(deletion, {
    json: { ...tenant, paymentInstrumentId: id, paymentSessionId: id },
  });
  expect(gone.body).toEqual({ status: 'DELETED' });
  expect((await create(creation, json)).text).toBe(first.text);
});

test.each([
  ['the same amount written otherwise', { limits: { maxSpendAmount: { value: '10', currency: 'USD' } } }, 201],
  ['another amount', { limits: { maxSpendAmount: { value: '10.01', currency: 'USD' } } }, 400],
])('compares limits as amounts: %s', async (_what, overrides, status) => {
  const clientToken = newToken();
  await functions.call('CreatePaymentSession', { json: sessionRequest(tenant, { clientToken }) });
  const again = await functions.call('CreatePaymentSession', {
    json: sessionRequest(tenant, { clientToken, ...overrides }),
  });
  expect(again.status).toBe(status);
});
