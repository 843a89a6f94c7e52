import { beforeAll, describe, expect, test } from 'vitest';
import type { OperationName } from '../../../lib/contract/operations.ts';
import { readPolicy } from '../../../lib/contract/policy.ts';
import { hashPolicy } from '../../../lib/domain/policy/index.ts';
import { createPolicyReader } from '../../../lib/ledger/dynamodb/policies/policy-reader.ts';
import { createStoreClient } from '../../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createTenant, newToken, sessionRequest, withFunctions, type Tenant } from '../../support/functions.ts';
import { AGENT_HEADER, USER_HEADER } from '../../../lib/contract/headers.ts';

const functions = withFunctions();
const BY = 'arn:aws:sts::111122223333:assumed-role/Finance/grace';

interface Spend {
  readonly spendPolicy: { readonly hash: string; readonly revision: number; readonly updatedBy: string };
}

const call = <T = Record<string, unknown>>(operation: OperationName, json: object, user = 'user-1') =>
  functions.call<T>(operation, {
    json,
    user,
    event: { requestContext: { requestId: newToken(), identity: { userArn: BY } } },
  });
interface Shown {
  readonly paymentSession: {
    readonly spendPolicy?: { readonly hash: string; readonly documents: readonly object[] };
  };
}

const perPayment = (max: string) => ({ version: 1, rules: [{ kind: 'perPayment', max }] });
const hashOf = (policy: object): string => {
  const read = readPolicy(policy);
  if (!read.ok) throw new Error('a test has a policy that is none');
  return hashPolicy(read.value);
};

let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(functions, 'user-1');
});
const arn = () => tenant.paymentManagerArn;

const OWNERS: readonly (readonly [string, 'Control' | 'Data', () => object])[] = [
  ['the deployment', 'Control', () => ({ scope: 'deployment' })],
  ['a manager', 'Control', () => ({ scope: 'manager', paymentManagerArn: arn() })],
  ['an agent', 'Control', () => ({ scope: 'agent', paymentManagerArn: arn(), agentName: 'buyer' })],
  ['a user', 'Data', () => ({ paymentManagerArn: arn() })],
  ['an agent', 'Data', () => ({ scope: 'agent', paymentManagerArn: arn(), agentName: 'other' })],
  [
    'a session',
    'Data',
    () => ({ scope: 'session', paymentManagerArn: arn(), paymentSessionId: tenant.paymentSessionId }),
  ],
];

describe.each(OWNERS)('the policy of %s, at the %s plane', (_whose, plane, owner) => {
  test('is missing, put, read, changed upon its hash, removed, and every change is kept', async () => {
    const get = () => call<Spend>(`Get${plane}Policy`, owner());
    const put = (policy: object, ifHash?: string) =>
      call<Spend>(`Put${plane}Policy`, { ...owner(), policy, ...(ifHash === undefined ? {} : { ifHash }) });
    expect((await get()).status).toBe(404);
    const first = await put(perPayment('0.25'), 'none');
    expect(first.body.spendPolicy).toMatchObject({
      hash: hashOf(perPayment('0.25')),
      revision: 1,
      updatedBy: BY,
      policy: perPayment('0.25'),
    });
    expect((await get()).text).toBe(first.text);
    // A repetition, whatever it was made upon, and another spelling of the same amount.
    expect((await put(perPayment('0.25'), 'none')).text).toBe(first.text);
    expect((await put(perPayment('0.250'))).text).toBe(first.text);
    const stale = await put(perPayment('9.00'), 'none');
    expect([stale.status, stale.text]).toEqual([409, expect.stringContaining(first.body.spendPolicy.hash)]);
    expect((await put(perPayment('0.50'), first.body.spendPolicy.hash)).body.spendPolicy.revision).toBe(2);
    const remove = (ifHash: string) => call(`Delete${plane}Policy`, { ...owner(), ifHash });
    expect((await remove(first.body.spendPolicy.hash)).status).toBe(409);
    expect((await remove(hashOf(perPayment('0.50')))).body).toEqual({ status: 'DELETED' });
    expect((await remove(hashOf(perPayment('0.50')))).status).toBe(404);
    expect((await get()).status).toBe(404);
    const { body } = await call<{ changes: object[] }>(`List${plane}PolicyChanges`, { ...owner(), maxResults: '2' });
    const [quarter, half] = ['0.25', '0.50'].map((max) => hashOf(perPayment(max)));
    expect(body.changes).toEqual([
      { revision: 3, changedAt: expect.any(String), changedBy: BY, oldHash: half },
      { revision: 2, changedAt: expect.any(String), changedBy: BY, oldHash: quarter, newHash: half },
    ]);
    expect(body).toHaveProperty('nextToken');
  });
});

test('a policy that is wrong is refused with the path of each member, and nothing is kept', async () => {
  const policy = {
    version: 1,
    rules: [
      { kind: 'perPayment', max: 0.25 },
      { kind: 'window', of: 'user', every: 'day', timeZone: 'Mars/Olympus' },
    ],
  };
  const { status, body } = await call('PutDataPolicy', { paymentManagerArn: arn(), policy }, 'user-bad');
  expect(status).toBe(400);
  const names = (body['fieldList'] as { name: string; message: string }[]).map(({ name }) => name);
  expect(names).toEqual(['policy.rules.0.max', 'policy.rules.1.timeZone']);
  expect((await call('GetDataPolicy', { paymentManagerArn: arn() }, 'user-bad')).status).toBe(404);
});

test.each<[string, 'GetControlPolicy' | 'GetDataPolicy', () => object, string]>([
  ['a manager without its ARN', 'GetControlPolicy', () => ({ scope: 'manager' }), 'paymentManagerArn'],
  [
    'a deployment with an ARN',
    'GetControlPolicy',
    () => ({ scope: 'deployment', paymentManagerArn: arn() }),
    'paymentManagerArn',
  ],
  ['an agent without its name', 'GetControlPolicy', () => ({ scope: 'agent', paymentManagerArn: arn() }), 'agentName'],
  ['a user at the control plane', 'GetControlPolicy', () => ({ scope: 'user', paymentManagerArn: arn() }), 'scope'],
  [
    'the deployment at the data plane',
    'GetDataPolicy',
    () => ({ scope: 'deployment', paymentManagerArn: arn() }),
    'scope',
  ],
  [
    'a session without its id',
    'GetDataPolicy',
    () => ({ scope: 'session', paymentManagerArn: arn() }),
    'paymentSessionId',
  ],
])('the policy of %s is refused by the member', async (_what, operation, json, name) => {
  const { status, body } = await call(operation, json());
  expect([status, (body['fieldList'] as { name: string }[]).map((field) => field.name)]).toEqual([400, [name]]);
});

test("a user's policies are his own, and so are his sessions'", async () => {
  const policy = perPayment('1.00');
  await call('PutDataPolicy', { paymentManagerArn: arn(), policy }, 'ada');
  expect((await call('GetDataPolicy', { paymentManagerArn: arn() }, 'bob')).status).toBe(404);
  const ofSession = { scope: 'session', paymentManagerArn: arn(), paymentSessionId: tenant.paymentSessionId, policy };
  const foreign = await call('PutDataPolicy', ofSession, 'bob');
  expect([foreign.status, foreign.body['message']]).toEqual([404, 'Payment session not found']);
});

test('a session shows the policies that hold within it, that of its agent where the call names it, and one hash of all', async () => {
  const user = 'shown';
  const own = await createTenant(functions, user);
  const { paymentManagerArn, paymentSessionId } = own;
  const shown = async (agentName?: string) => {
    const headers = { [USER_HEADER]: user, ...(agentName === undefined ? {} : { [AGENT_HEADER]: agentName }) };
    const json = { paymentManagerArn, paymentSessionId };
    const { body } = await functions.call<Shown>('GetPaymentSession', { json, user, event: { headers } });
    return body.paymentSession.spendPolicy;
  };
  expect(await shown('buyer')).toBeUndefined();
  const [ofUser, ofSession, ofAgent] = ['1.00', '0.50', '0.25'].map(perPayment) as [object, object, object];
  await call('PutDataPolicy', { paymentManagerArn, scope: 'session', paymentSessionId, policy: ofSession }, user);
  const session = { scope: 'session', hash: hashOf(ofSession) };
  const first = await shown();
  expect(first?.documents).toEqual([session]);
  await call('PutDataPolicy', { paymentManagerArn, policy: ofUser }, user);
  const agent = { paymentManagerArn, scope: 'agent', agentName: 'buyer' };
  await call('PutDataPolicy', { ...agent, policy: ofAgent }, user);
  const owned = { scope: 'user', hash: hashOf(ofUser) };
  const second = await shown();
  expect(second?.documents).toEqual([owned, session]);
  const third = await shown('buyer');
  expect(third?.documents).toEqual([owned, { scope: 'agent', hash: hashOf(ofAgent) }, session]);
  expect(new Set([first, second, third].map((each) => each?.hash)).size).toBe(3);
  expect(await shown('buyer')).toEqual(third);
});

describe('a session that is opened with a policy', () => {
  const policy = perPayment('0.10');
  const open = (members: object) =>
    call<{ paymentSession: { paymentSessionId: string } }>('CreatePaymentSession', {
      ...sessionRequest(tenant),
      ...members,
    });
  const read = (paymentSessionId: string) =>
    call<Spend>('GetDataPolicy', { scope: 'session', paymentManagerArn: arn(), paymentSessionId });

  test('has it from its first moment on, with its record', async () => {
    const opened = await open({ policy });
    const { paymentSessionId } = opened.body.paymentSession;
    expect((await read(paymentSessionId)).body.spendPolicy).toMatchObject({ hash: hashOf(policy), updatedBy: BY });
    const managerId = arn().split('/')[1]!;
    const client = createStoreClient({ maxAttempts: 3 });
    const reader = createPolicyReader({ tableName: functions.database.registryTable, client });
    const owner = { scope: 'session', managerId, sessionId: paymentSessionId } as const;
    expect((await reader.readPolicies([owner])).map(({ hash }) => hash)).toEqual([hashOf(policy)]);
  });

  test('is opened once under a token, and a policy that was changed since stays as it is', async () => {
    const clientToken = newToken();
    const first = await open({ policy, clientToken });
    const { paymentSessionId } = first.body.paymentSession;
    const later = perPayment('0.05');
    await call('PutDataPolicy', { scope: 'session', paymentManagerArn: arn(), paymentSessionId, policy: later });
    expect((await open({ policy, clientToken })).text).toBe(first.text);
    expect((await read(paymentSessionId)).body.spendPolicy.hash).toBe(hashOf(later));
  });

  test.each([
    ['another policy', { policy: perPayment('99.00') }],
    ['none', {}],
  ])('is not opened again under its token with %s', async (_what, members) => {
    const clientToken = newToken();
    const first = await open({ policy, clientToken });
    expect(first.status).toBe(201);
    const second = await open({ ...members, clientToken });
    expect([second.status, second.body]).toMatchObject([400, { reason: 'IdempotentParameterMismatchException' }]);
    expect((await read(first.body.paymentSession.paymentSessionId)).body.spendPolicy.hash).toBe(hashOf(policy));
  });

  test('of twins that differ in their policies one alone is opened, and with its own', async () => {
    for (let round = 0; round < 5; round += 1) {
      const clientToken = newToken();
      const policies = ['0.01', '0.02', '0.03'].map(perPayment);
      const answers = await Promise.all(policies.map((each) => open({ policy: each, clientToken })));
      const [opened, ...others] = answers.flatMap(({ status, body }, index) =>
        status === 201 ? [{ ...body.paymentSession, index }] : [],
      );
      expect(others).toEqual([]);
      const stored = await read(opened!.paymentSessionId);
      expect(stored.body.spendPolicy.hash).toBe(hashOf(policies[opened!.index]!));
    }
  });
});
