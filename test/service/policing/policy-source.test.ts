import { beforeEach, expect, test } from 'vitest';
import type { PolicyOwner, StoredPolicy } from '../../../lib/domain/ports/policies.ts';
import { signedCaller } from '../../../lib/domain/tenants/principal.ts';
import { loggedWords, saidByPayment, UNWRITTEN_POLICIES } from '../../../lib/service/policing/in-force.ts';
import { createPolicySource, type PolicySource } from '../../../lib/service/policing/policy-source.ts';
import { createTestClock, type TestClock } from '../../support/paying.ts';
import { makePayment, makeSession, MANAGER_ID, NOW, USER_ID } from '../../support/payments.ts';
import { createPolicyShelf, type PolicyShelf } from '../../support/policies.ts';

const SUBJECT = { managerId: MANAGER_ID, userId: USER_ID, agentName: 'researcher', sessionId: 's' };
const USER: PolicyOwner = { scope: 'user', managerId: MANAGER_ID, userId: USER_ID };

let clock: TestClock;
let shelf: PolicyShelf;
let source: PolicySource;

beforeEach(() => {
  clock = createTestClock(NOW);
  shelf = createPolicyShelf();
  source = createPolicySource({ reader: shelf, clock });
});

const validity = (maxSeconds: number) => [{ kind: 'validity', maxSeconds } as const];

test('where nobody has written a policy nothing is loaded that judges', async () => {
  expect(await source.read(SUBJECT)).toBe(UNWRITTEN_POLICIES);
});

test.each([
  ['researcher', ['deployment', 'manager', 'user', 'agent', 'session']],
  [null, ['deployment', 'manager', 'user', 'session']],
  ['', ['deployment', 'manager', 'user', 'session']],
])('of the agent %o these scopes are asked: %o', async (agentName, scopes) => {
  await source.read({ ...SUBJECT, agentName });
  expect(shelf.asked.map((owners) => owners.map(({ scope }) => scope))).toEqual([scopes]);
});

test('a policy is that of its owner, in whatever order the store has the members', async () => {
  shelf.put(USER, validity(20));
  const { readPolicies } = shelf;
  const turned: typeof readPolicies = async (owners) =>
    (await readPolicies(owners)).map((stored): StoredPolicy => {
      const owner = Object.fromEntries(Object.entries(stored.owner).toReversed()) as unknown as PolicyOwner;
      return { ...stored, owner };
    });
  const other = createPolicySource({ reader: { readPolicies: turned }, clock });
  expect((await other.read(SUBJECT)).validityCapSeconds).toBe(20);
  expect((await other.read({ ...SUBJECT, userId: 'another' })).validityCapSeconds).toBe(Infinity);
});

test('the shortest validity of all scopes caps', async () => {
  shelf.put(USER, validity(30));
  shelf.put({ scope: 'manager', managerId: MANAGER_ID }, [...validity(20), ...validity(40)]);
  shelf.put({ scope: 'deployment' }, [{ kind: 'perPayment', maxCount: 1 } as never]);
  expect(source.lastCapSeconds(SUBJECT)).toBe(Infinity);
  expect((await source.read(SUBJECT)).validityCapSeconds).toBe(20);
  // As it was read last, however long ago, and without waiting.
  clock.advance(86_400_000);
  expect(source.lastCapSeconds(SUBJECT)).toBe(20);
  expect(source.lastCapSeconds({ ...SUBJECT, managerId: 'another' })).toBe(Infinity);
  expect(shelf.asked).toHaveLength(1);
});

test('what could not be loaded is loaded again by the next payment', async () => {
  shelf.put(USER, validity(20));
  let loads = 0;
  const failing = createPolicySource({
    reader: shelf,
    clock,
    remembering: () => {
      loads += 1;
      return Promise.reject(new Error('not there'));
    },
  });
  await expect(failing.read(SUBJECT)).rejects.toThrow('not there');
  await expect(failing.read(SUBJECT)).rejects.toThrow('not there');
  expect(loads).toBe(2);
});

test('without a memory, what rules need of earlier payments is absent, and they refuse', async () => {
  shelf.put(USER, [{ kind: 'breaker' }]);
  const policies = await source.read(SUBJECT);
  expect(policies.recall).toBeNull();
  const session = makeSession();
  const { offer, amount, terms } = makePayment(session);
  const said = saidByPayment(null, 'https://api.shop.example/');
  const call = { ...SUBJECT, instrumentId: 'i', principal: signedCaller(USER_ID), said };
  const judged = policies.judge(call, { offer, amount, validBefore: terms.validBefore }, clock.now());
  expect(judged).toMatchObject({ ok: false, error: { code: 'bursar:policy_breaker' } });
});

test.each<[string | null, string | null]>([
  [null, null],
  ['https://api.shop.example/report?key=secret#part', 'https://api.shop.example'],
  ['http://api.shop.example:8080/', 'http://api.shop.example:8080'],
  ['no url', null],
  ['ftp://api.shop.example/', null],
  ['data:text/plain,http', null],
])('of the URL %o logs say %o', (url, origin) => {
  expect(loggedWords(saidByPayment(null, url))).toEqual({ origin, tool: null });
});

test.each<[string | null, string | null]>([
  [null, null],
  ['', null],
  ['search', 'search'],
  ['t'.repeat(64), 't'.repeat(64)],
  ['t'.repeat(65), `${'t'.repeat(64)}...`],
])('of the tool %o logs say %o', (tool, logged) => {
  expect(loggedWords({ ...saidByPayment(null, null), tool })).toEqual({ origin: null, tool: logged });
});
