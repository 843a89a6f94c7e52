import { describe, expect, test } from 'vitest';
import { InvariantViolated } from '../../../lib/domain/invariant.ts';
import { toMicroUsd } from '../../../lib/domain/money.ts';
import type { PolicyExceeded } from '../../../lib/domain/payment/denial.ts';
import { preparePolicy, type Rule } from '../../../lib/domain/policy/index.ts';
import { signedCaller, type Principal } from '../../../lib/domain/tenants/principal.ts';
import { addMs, toEpochSeconds } from '../../../lib/domain/time.ts';
import { enforce } from '../../../lib/service/policing/enforcing.ts';
import { saidByPayment } from '../../../lib/service/policing/in-force.ts';
import { makePayment, makeSession, MANAGER_ID, NOW, USER_ID } from '../../support/payments.ts';
import { tokenHolder } from '../../support/principals.ts';

// What policies judge a payment by, and what they say of it.

const SESSION = makeSession();
const { offer, amount } = makePayment(SESSION);
const validBefore = toEpochSeconds(NOW / 1_000 + 60);

function callOf(principal: Principal = signedCaller(USER_ID)) {
  const said = saidByPayment('researcher', null);
  return { managerId: MANAGER_ID, sessionId: SESSION.sessionId, instrumentId: 'i', principal, said };
}

const policiesOf = (...rules: readonly Rule[]) => enforce([preparePolicy('user', { version: 1, rules })]);

function judge(rules: readonly Rule[], { principal = signedCaller(USER_ID), now = NOW, of = offer } = {}) {
  return policiesOf(...rules).judge(callOf(principal), { offer: of, amount, validBefore }, now);
}

describe('a caller is known', () => {
  const allow = (name: string): Rule => ({ kind: 'principals', allow: [name] });

  test.each<[string, Principal, string]>([
    ['by the ARN of its role', signedCaller(USER_ID, 'arn:aws:iam::1:role/x'), 'arn:aws:iam::1:role/x'],
    ['by the client of its token', tokenHolder({ client_id: 'application' }), 'application'],
    ['by a client with an ARN at its end', tokenHolder({ client_id: 'of-arn:' }), 'of-arn:'],
  ])('%s', (_what, principal, name) => {
    expect(judge([allow(name)], { principal }).ok).toBe(true);
    expect(judge([allow('another')], { principal })).toMatchObject({ error: { fact: 'principal', found: name } });
  });

  test.each<[string, Principal]>([
    ['that signed, and the gateway did not say as whom', signedCaller(USER_ID)],
    ['whose token names no client', tokenHolder()],
    ['whose client looks like an ARN', tokenHolder({ client_id: 'arn:aws:iam::1:role/x' })],
  ])('not at all %s: a rule on callers refuses', (_what, principal) => {
    const deny: Rule = { kind: 'principals', deny: ['somebody'] };
    expect(judge([deny], { principal })).toMatchObject({ ok: false, error: { code: 'bursar:policy_principal' } });
    expect(judge([allow('arn:aws:iam::1:role/x')], { principal }).ok).toBe(false);
  });
});

test('an authorization is good for as long as it is from now on, and never for less than nothing', () => {
  const atMost = (maxSeconds: number, at: number) =>
    judge([{ kind: 'validity', maxSeconds }], { now: addMs(NOW, at) }).ok;
  expect([atMost(60, 0), atMost(59, 0), atMost(59, 1_000), atMost(58, 1_999)]).toEqual([true, false, true, false]);
  expect(atMost(1, 100_000)).toBe(true);
});

test('every scheme pays after the authorization, and none before', () => {
  expect(judge([{ kind: 'paymentFlows', allow: ['authorization'] }]).ok).toBe(true);
  expect(judge([{ kind: 'paymentFlows', deny: ['authorization'] }])).toMatchObject({
    error: { found: 'authorization' },
  });
});

test('a facilitator is that of the signature, and there is none otherwise', () => {
  const rule: Rule = { kind: 'facilitators', allow: ['0x1111111111111111111111111111111111111111'] };
  expect(judge([rule]).ok).toBe(false);
  const named = { ...offer, facilitator: '0x1111111111111111111111111111111111111111' } as unknown as typeof offer;
  expect(judge([rule], { of: named }).ok).toBe(true);
});

describe('a denial by the books', () => {
  const caps: readonly Rule[] = [
    { kind: 'sessionCap', name: 'count', of: 'payee', maxCount: 3 },
    { kind: 'sessionCap', name: 'sum', of: 'payee', max: toMicroUsd(600_000n) },
  ];
  const counting = () => {
    const judged = judge(caps);
    if (!judged.ok) throw new Error('it was refused');
    return judged.value;
  };

  test('is explained by the rule whose counter it was', () => {
    const { charges, explain } = counting();
    const names = charges.map(({ key, max, quantity: asked }): unknown => {
      const denial: PolicyExceeded = { reason: 'policy_exceeded', key, max, used: 1n, asked };
      return explain(denial);
    });
    expect(names).toMatchObject([{ by: { rule: { name: 'count' } } }, { by: { rule: { name: 'sum' } } }]);
  });

  test('of a counter that was not charged is a fault of ours', () => {
    const unknown = { reason: 'policy_exceeded', key: 'unknown0', max: 1n, used: 1n, asked: 1n } as const;
    expect(() => counting().explain(unknown)).toThrow(InvariantViolated);
  });
});

describe('what the reserve would say is foretold', () => {
  const foretell = (rules: readonly Rule[], session: Partial<typeof SESSION> = {}) =>
    policiesOf(...rules).foretell(callOf(), { offer, amount, validBefore }, NOW, { ...SESSION, ...session });
  const keyOf = (rule: Rule) => {
    const judged = judge([rule]);
    if (!judged.ok) throw new Error('it was refused');
    return judged.value.charges[0]!.key;
  };

  test('by the first rule that refuses, before any counter', () => {
    const cap: Rule = { kind: 'sessionCap', of: 'payee', maxCount: 0 };
    const rule: Rule = { kind: 'perPayment', name: 'small', max: toMicroUsd(1n) };
    expect(foretell([cap, rule])).toMatchObject({ stage: 'rules', refusal: { rule: { name: 'small' } } });
  });

  test('by what the session has used of its counters', () => {
    const cap: Rule = { kind: 'sessionCap', name: 'cap', of: 'payee', max: toMicroUsd(700_000n) };
    expect(foretell([cap])).toBeNull();
    const used = (sum: bigint) => ({ counters: new Map([[keyOf(cap), sum]]) });
    expect(foretell([cap], used(200_000n))).toBeNull();
    expect(foretell([cap], used(200_001n))).toMatchObject({ stage: 'counters', refusal: { rule: { name: 'cap' } } });
  });

  test('by what the session has used of a window, and not by what it has free of it', () => {
    const day: Rule = { kind: 'window', of: 'user', every: 'day', timeZone: 'UTC', max: toMicroUsd(700_000n) };
    const grant = { number: 1, limit: 700_000n, closesAt: addMs(NOW, 1) };
    const using = (used: bigint) => ({ windows: new Map([[keyOf(day), { ...grant, free: 600_000n, used }]]) });
    expect(foretell([day])).toBeNull();
    expect(foretell([day], using(200_000n))).toBeNull();
    expect(foretell([day], using(200_001n))).toMatchObject({ stage: 'counters' });
  });
});
