import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  findFreeze,
  findOfferFreeze,
  FREEZE_SCOPES,
  freezeFactsOf,
  freezeKey,
  parseFreezeKey,
  publicNames,
  type FreezeFacts,
  type FreezeScope,
  type FreezeSubject,
} from '../../../lib/domain/payment/freeze.ts';
import { gateRefusal, OPEN_GATE } from '../../../lib/domain/payment/gate.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { makePayment, makeSession, NOW } from '../../support/payments.ts';

const managerId = 'manager-0123456789';
const offer = { payTo: '0xPayee', network: 'eip155:8453', asset: '0xToken' } as const;
const facts: FreezeFacts = {
  managerId,
  userId: 'ada',
  sessionId: 'session-1',
  instrumentId: 'instrument-1',
  agentNames: ['began', 'goes-on'],
  offer,
};
const { offer: _offer, ...beforeOffer } = facts;

/** What the facts above fall under, one for each scope, from the widest to the narrowest. */
const SUBJECTS: { readonly [S in FreezeScope]: FreezeSubject } = {
  manager: { scope: 'manager', managerId },
  user: { scope: 'user', managerId, userId: 'ada' },
  agent: { scope: 'agent', managerId, agentName: 'goes-on' },
  session: { scope: 'session', managerId, sessionId: 'session-1' },
  instrument: { scope: 'instrument', managerId, instrumentId: 'instrument-1' },
  payee: { scope: 'payee', managerId, payTo: '0xPayee' },
  asset: { scope: 'asset', managerId, network: 'eip155:8453', asset: '0xToken' },
};

const freezesOf = (...subjects: readonly FreezeSubject[]) =>
  new Map(subjects.map((subject, at) => [freezeKey(subject), addMs(NOW, at)]));

describe('the key of a freeze', () => {
  test.each(FREEZE_SCOPES)('of a %s is read again as what it was written for', (scope) => {
    expect(parseFreezeKey(freezeKey(SUBJECTS[scope]))).toEqual(SUBJECTS[scope]);
  });

  test('keeps any name that a caller chose', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (name) => {
        for (const subject of [
          { scope: 'user', managerId, userId: name },
          { scope: 'agent', managerId, agentName: name },
        ] as const)
          expect(parseFreezeKey(freezeKey(subject))).toEqual(subject);
      }),
    );
  });

  test('never changes: what was frozen under it would thaw', () => {
    expect(FREEZE_SCOPES.map((scope) => freezeKey(SUBJECTS[scope]))).toEqual([
      'manager#manager-0123456789',
      'user#manager-0123456789#ada',
      'agent#manager-0123456789#goes-on',
      'session#manager-0123456789#session-1',
      'instrument#manager-0123456789#instrument-1',
      'payee#manager-0123456789#0xPayee',
      'asset#manager-0123456789#eip155:8453#0xToken',
    ]);
  });

  test.each(['', 'manager', 'deployment#x', 'Manager#x'])('is not %j', (text) => {
    expect(parseFreezeKey(text)).toBeNull();
  });
});

test.each([
  ['manager', {}],
  ['user', { userId: 'ada' }],
  ['agent', { agentName: 'goes-on' }],
  ['session', { paymentSessionId: 'session-1' }],
  ['instrument', { paymentInstrumentId: 'instrument-1' }],
  ['payee', { payTo: '0xPayee' }],
] as const)('what is frozen of a %s is named as calls name it', (scope, names) => {
  expect(publicNames(SUBJECTS[scope] as Parameters<typeof publicNames>[0])).toEqual(names);
});

describe('a payment', () => {
  test.each(FREEZE_SCOPES)('falls under the freeze of its %s, and says since when', (scope) => {
    expect(findFreeze(freezesOf(SUBJECTS[scope]), facts)).toEqual({ scope, since: NOW });
  });

  test.each(FREEZE_SCOPES)('falls under no freeze of a %s of another manager', (scope) => {
    const elsewhere = { ...SUBJECTS[scope], managerId: 'manager-9876543210' };
    expect(findFreeze(freezesOf(elsewhere), facts)).toBeNull();
  });

  test('falls under the widest of several', () => {
    for (const [at, scope] of FREEZE_SCOPES.entries()) {
      const narrower = FREEZE_SCOPES.slice(at).map((each) => SUBJECTS[each]);
      expect(findFreeze(freezesOf(...narrower), facts)?.scope).toBe(scope);
    }
  });

  test('is of the agent that began it and of the one that goes on with it', () => {
    for (const agentName of ['began', 'goes-on']) {
      const freezes = freezesOf({ scope: 'agent', managerId, agentName });
      expect(findFreeze(freezes, facts)?.scope).toBe('agent');
    }
    const payment = makePayment(makeSession(), { agentName: 'began' });
    expect(freezeFactsOf(payment, 'goes-on')).toMatchObject({
      managerId: payment.managerId,
      userId: payment.userId,
      sessionId: payment.sessionId,
      instrumentId: payment.instrumentId,
      offer: payment.offer,
      agentNames: ['began', 'goes-on'],
    });
  });

  test('of nobody that gives a name is of no agent', () => {
    const freezes = freezesOf({ scope: 'agent', managerId, agentName: 'null' }, SUBJECTS.agent);
    expect(findFreeze(freezes, { ...facts, agentNames: [null] })).toBeNull();
  });

  test('is not judged by its offer before one is chosen, and the offer then by itself', () => {
    const freezes = freezesOf(SUBJECTS.payee, SUBJECTS.asset);
    expect(findFreeze(freezes, beforeOffer)).toBeNull();
    expect(findOfferFreeze(freezes, managerId, offer)?.scope).toBe('payee');
    expect(findOfferFreeze(freezes, managerId, { ...offer, payTo: '0xOther' })?.scope).toBe('asset');
    for (const other of [{ network: 'eip155:1' }, { asset: '0xOther' }] as const)
      expect(findOfferFreeze(freezes, managerId, { ...offer, payTo: '0xOther', ...other })).toBeNull();
  });
});

describe('the gate', () => {
  const session = { createdAt: NOW };

  test('lets through what nothing is said of', () => {
    expect(gateRefusal(OPEN_GATE, session, facts)).toBeNull();
    expect(OPEN_GATE.freezes.size).toBe(0);
  });

  test('is frozen for all before it is for some, and says since when', () => {
    const since = addMs(NOW, 7);
    const gate = { ...OPEN_GATE, floor: addMs(NOW, 1), frozenAt: since, freezes: freezesOf(SUBJECTS.user) };
    expect(gateRefusal(gate, session, facts)).toEqual({ reason: 'frozen', scope: 'deployment', since });
    expect(gateRefusal({ ...gate, frozenAt: null, floor: null }, session, facts)).toEqual({
      reason: 'frozen',
      scope: 'user',
      since: NOW,
    });
  });

  test('has a floor that sessions of that very instant stand on', () => {
    expect(gateRefusal({ ...OPEN_GATE, floor: NOW }, session, facts)).toBeNull();
    const floor = addMs(NOW, 1);
    expect(gateRefusal({ ...OPEN_GATE, floor }, session, facts)).toEqual({ reason: 'session_below_floor', floor });
  });
});
