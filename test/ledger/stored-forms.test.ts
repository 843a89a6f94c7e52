import { describe, expect, test } from 'vitest';
import { InvariantViolated } from '../../lib/domain/invariant.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import type { Packed, Scheme } from '../../lib/domain/ports/schemes.ts';
import { toEpochMs } from '../../lib/domain/time.ts';
import { listSort, parseSessionPk, sessionPk } from '../../lib/ledger/dynamodb/books/keys.ts';
import { parsePaymentItem, toPaymentItem } from '../../lib/ledger/dynamodb/books/payment-items.ts';
import { toSessionItem } from '../../lib/ledger/dynamodb/books/new-session-item.ts';
import { formatEntry, parseSessionItem, UNLIMITED } from '../../lib/ledger/dynamodb/books/session-items.ts';
import { parseWindowItem, toGrantedMap } from '../../lib/ledger/dynamodb/windows/window-items.ts';
import { noticeKeys, parseNoticeItem, toNoticeItem } from '../../lib/ledger/dynamodb/policies/policy-notices.ts';
import { makePayment, makeSession, NOW } from '../support/payments.ts';
import { wiring } from '../support/wiring.ts';

const usd = toMicroUsd;

describe('a payment as an item', () => {
  test('reads back whole when it is signed, in a session with a limit and without', () => {
    for (const available of [usd(1n), null]) {
      const payment: Payment = {
        ...makePayment(makeSession(), { agentName: 'agent' }),
        status: 'SIGNED',
        decidedAt: NOW,
        signatures: [`0x${'11'.repeat(65)}`, `0x${'22'.repeat(64)}`],
        budget: { available, reserved: usd(2n), spent: usd(3n) },
      };
      expect(parsePaymentItem(toPaymentItem(payment, wiring.schemeOf), wiring.schemeOf)).toEqual(payment);
    }
  });

  test('keeps what a scheme packs beside the common offer, of each kind', () => {
    const payment = makePayment(makeSession());
    const offer: Packed = { memo: { text: 'a' }, most: { number: 7n }, salt: { bytes: '0x00ff' } };
    const terms: Packed = { window: { number: 9n } };
    const seen: unknown[] = [];
    const scheme = {
      pack: () => ({ offer, terms }),
      unpack: (_common: unknown, packed: unknown) => {
        seen.push(packed);
        return { offer: payment.offer, terms: payment.terms };
      },
    } as unknown as Scheme;
    parsePaymentItem(
      toPaymentItem(payment, () => scheme),
      () => scheme,
    );
    expect(seen).toEqual([{ offer, terms }]);
  });

  test('has no attribute for what its scheme does not pack', () => {
    expect(toPaymentItem(makePayment(makeSession()), wiring.schemeOf)).not.toHaveProperty('of');
  });
});

describe('a session as an item', () => {
  test('without a limit counts down from one number, so that one expression serves both kinds', () => {
    const budget = { available: null, reserved: usd(3n), spent: usd(40n) };
    expect(toSessionItem(makeSession({ limit: null, budget }), 'hash')['av']).toEqual({ N: `${UNLIMITED - 43n}` });
  });

  test.each(['', 'x1|2', '1|2x', '1', '1|', '|2', '-1|2', '1|2|3', '1;|2', '1;!a|2', '1;a!|2', '1;a=|2'])(
    'is corrupt with the entry %j',
    (value) => {
      const item = { ...toSessionItem(makeSession(), 'hash'), o: { M: { 'p#1': { S: value } } } };
      expect(() => parseSessionItem(item)).toThrow(InvariantViolated);
    },
  );

  test('reads back with its counters, its windows and what may come back to it', () => {
    const grant = { free: 5n, used: 3n, number: 2, limit: 100n, closesAt: NOW };
    const session = makeSession({
      counters: new Map([['toolSum1', 7n]]),
      windows: new Map([['AbCdEfGhIjK', grant]]),
      returns: { due: new Map([['p#1', usd(4n)]]), givenBack: usd(2n) },
    });
    expect(parseSessionItem(toSessionItem(session, 'hash'))).toEqual(session);
    for (const returns of [
      { due: new Map([['p#1', usd(4n)] as const]), givenBack: usd(0n) },
      { due: new Map(), givenBack: usd(2n) },
    ])
      expect(parseSessionItem(toSessionItem({ ...session, returns }, 'hash')).returns).toEqual(returns);
  });

  test('keeps what a session was opened with and what it is pinned to, each of them or none', () => {
    const [instrumentId, agentName, caller] = [
      'payment-instrument-1',
      'researcher',
      'arn:aws:iam::111122223333:role/A',
    ];
    const all = { instrumentId, agentName, caller };
    for (const pins of [all, { instrumentId }, { agentName }, { caller }]) {
      const item = toSessionItem(makeSession({ pins, firstLimit: usd(3n) }), 'hash');
      expect(item['lo']).toEqual({ N: '3' });
      const { pins: readPins, firstLimit } = parseSessionItem(item);
      expect([readPins, firstLimit]).toStrictEqual([pins, 3n]);
    }
    expect(toSessionItem(makeSession({ pins: all }), 'hash')['pn']).toEqual({
      M: { i: { S: instrumentId }, a: { S: agentName }, c: { S: caller } },
    });
    const plain = parseSessionItem(toSessionItem(makeSession(), 'hash'));
    expect([Object.hasOwn(plain, 'pins'), Object.hasOwn(plain, 'firstLimit')]).toEqual([false, false]);
    expect(toSessionItem(makeSession(), 'hash')).not.toHaveProperty('pn');
  });

  test('names in an entry what it took of counters, as earlier releases did: it is closed for that text alone', () => {
    const charges = [
      { kind: 'session', key: 'toolSum1', quantity: 5n },
      { kind: 'window', key: 'AbCdEfGhIjK', quantity: 5n },
      { kind: 'session', key: 'payeeCnt', quantity: 1n },
    ] as const;
    const held = { amount: usd(5n), leaseUntil: NOW };
    expect(formatEntry({ ...held, charges })).toBe(`5;toolSum1,@AbCdEfGhIjK,payeeCnt=1|${NOW}`);
    expect(formatEntry({ ...held, charges: [] })).toBe(`5|${NOW}`);
  });

  test('is corrupt where something may come back of what is no attempt', () => {
    const item = { ...toSessionItem(makeSession(), 'hash'), w: { N: '1' }, '~p': { N: '4' } };
    expect(() => parseSessionItem(item)).toThrow(InvariantViolated);
  });

  test('is corrupt where an entry has the name of no attempt', () => {
    const item = { ...toSessionItem(makeSession(), 'hash'), o: { M: { p: { S: '1|2' } } } };
    expect(() => parseSessionItem(item)).toThrow(InvariantViolated);
  });
});

test('a window as an item is corrupt where it does not balance', () => {
  const ref = { managerId: 'm-1', key: 'AbCdEfGhIjK' };
  const amounts = { lm: { N: '10' }, av: { N: '7' }, sp: { N: '1' }, ve: { N: '3' }, x: { N: `${NOW}` } };
  const item = { v: { N: '1' }, ...amounts, g: { M: { s1: toGrantedMap({ amount: 2n, number: 1 }) } } };
  expect(parseWindowItem(item, ref)).toMatchObject({ ...ref, limit: 10n, available: 7n, spent: 1n });
  expect(() => parseWindowItem({ ...item, lm: { N: '11' } }, ref)).toThrow(InvariantViolated);
});

describe('keys', () => {
  test('of a session read back', () => {
    const { managerId, sessionId } = makeSession();
    expect(parseSessionPk(sessionPk({ managerId, sessionId }))).toEqual({ managerId, sessionId });
    expect(parseSessionPk('SES#')).toEqual({ managerId: '', sessionId: '' });
    expect(parseSessionPk('')).toEqual({ managerId: '', sessionId: '' });
  });

  test('of a list sort as text in the order of time', () => {
    const instants = [0, 7, 1_760_000_000_000].map((ms) => listSort(toEpochMs(ms), 'id'));
    expect(instants).toEqual(['0000000000000#id', '0000000000007#id', '1760000000000#id']);
    expect(instants.toSorted()).toEqual(instants);
  });
});

describe('a notice of a changed policy', () => {
  const managerId = 'acme-0123456789';

  test.each([
    [{ scope: 'deployment' }, 'CHG#POL#deployment#*'],
    [{ scope: 'manager', managerId }, null],
    [{ scope: 'user', managerId, userId: 'ada' }, null],
    [{ scope: 'agent', managerId, agentName: 'researcher' }, null],
    [{ scope: 'session', managerId, sessionId: 'payment-session-1' }, null],
  ] as const)('of %j names its owner, and falls under the keys that its scope is let write', (owner, pattern) => {
    const change = { owner, version: 3, at: NOW, by: 'ops', oldHash: 'a', newHash: null };
    const item = toNoticeItem(change);
    expect(parseNoticeItem(item)).toStrictEqual(change);
    const keys = noticeKeys(owner.scope);
    if (pattern !== null) expect(keys).toBe(pattern);
    expect(keys.endsWith('*') && !keys.endsWith('**')).toBe(true);
    expect(item['pk']?.S?.startsWith(keys.slice(0, -1))).toBe(true);
    expect(keys.length).toBeGreaterThan('CHG#*'.length);
  });
});
