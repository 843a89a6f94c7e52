import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { toEvent, type BursarEvent } from '../../lib/events/event.ts';
import { formatEventSchemas } from '../../lib/events/json-schemas.ts';
import { EVENT_SCHEMAS } from '../../lib/events/schemas.ts';
import { AGENT_NAME_MAX_CHARS, EVENT_ENTRIES_MAX, USER_ID_MAX_CHARS } from '../../lib/domain/limits.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import type { Session } from '../../lib/domain/payment/session.ts';
import type { PolicyRefusal } from '../../lib/domain/policy/refusal.ts';
import { addMs, toEpochMs } from '../../lib/domain/time.ts';
import { makePayment, makeSession, NOW } from '../support/payments.ts';
import { newPayment, paymentChange, SECRETS, sessionChange } from './records.ts';

const session = makeSession({ sessionId: 'payment-session-aaaaaaaaaaaaaaa' });
const pending = makePayment(session, { agentName: 'research' });
const usd = (micro: bigint) => toMicroUsd(micro);
const signed: Payment = {
  ...pending,
  status: 'SIGNED',
  decidedAt: addMs(NOW, 40),
  signatures: [SECRETS.signature],
  budget: { available: usd(9_500_000n), reserved: usd(500_000n), spent: usd(0n) },
};
const denied: Payment = {
  ...pending,
  status: 'DENIED',
  decidedAt: addMs(NOW, 30),
  denial: { reason: 'budget_exceeded', requested: usd(500_000n), available: usd(100_000n), reserved: usd(1n) },
};
const aborted: Payment = { ...pending, status: 'ABORTED', decidedAt: addMs(NOW, 60_000) };
const common = {
  version: 1,
  processPaymentId: pending.id,
  paymentManagerId: session.managerId,
  paymentSessionId: session.sessionId,
  userId: session.userId,
  paymentInstrumentId: pending.instrumentId,
  agentName: 'research',
  purpose: 'PAYMENT',
  amountUsd: '0.50',
  network: 'eip155:84532',
  asset: pending.offer.asset,
  assetAmount: '500000',
  payTo: pending.offer.payTo,
  createdAt: '2025-10-09T08:53:20.000Z',
};

function valid(event: BursarEvent | null): BursarEvent {
  if (event === null) throw new Error('expected an event');
  v.assert(EVENT_SCHEMAS[event.type], event.detail);
  expect(JSON.stringify(event)).not.toContain(SECRETS.signature.slice(2, 40));
  expect(JSON.stringify(event)).not.toContain(pending.terms.nonce.slice(2, 40));
  return event;
}

const REFUSED: PolicyRefusal = {
  reason: 'policy_refused',
  code: 'bursar:policy_origin',
  rule: { scope: 'user', name: 'shops', kind: 'origins' },
  fact: 'origin',
  found: 'https://a.example',
  figures: null,
  help: { otherSeller: true },
  message: "The rule 'shops' of the user policy does not list the origin 'https://a.example'.",
};
const EXCEEDED: PolicyRefusal = {
  ...REFUSED,
  code: 'bursar:policy_window',
  rule: { scope: 'user', name: 'a-day', kind: 'window' },
  fact: null,
  found: null,
  figures: { unit: 'usd', limit: 2_000_000n, asked: 500_000n, remaining: 100_000n },
  help: { waitUntil: toEpochMs(1_760_000_000_000), atMost: toMicroUsd(100_000n) },
};

describe('a payment', () => {
  test('that turns signed is payment.signed, with the budget after it and nothing that is signed', () => {
    expect(valid(toEvent(paymentChange(pending, signed)))).toEqual({
      type: 'payment.signed',
      at: signed.decidedAt,
      detail: {
        ...common,
        id: `${pending.id}/signed`,
        status: 'SIGNED',
        decidedAt: '2025-10-09T08:53:20.040Z',
        budget: { availableUsd: '9.50', reservedUsd: '0.50', spentUsd: '0.00' },
      },
    });
  });

  test('that turns denied is payment.denied, with the reason and the figures of that moment', () => {
    expect(valid(toEvent(paymentChange(pending, denied)))).toEqual({
      type: 'payment.denied',
      at: denied.decidedAt,
      detail: {
        ...common,
        id: `${pending.id}/denied`,
        status: 'DENIED',
        decidedAt: '2025-10-09T08:53:20.030Z',
        denial: { reason: 'budget_exceeded', requestedUsd: '0.50', availableUsd: '0.10', reservedUsd: '0.000001' },
      },
    });
  });

  test.each([
    ['policy_refused', REFUSED],
    ['policy_exceeded', { reason: 'policy_exceeded', key: 'AbCdEfGh', max: 2n, used: 1n, asked: 3n, by: EXCEEDED }],
  ] as const)('that a policy denies, %s, tells the rule, its figures and what would help', (reason, denial) => {
    const event = valid(toEvent(paymentChange(pending, { ...denied, denial })));
    expect(event).toMatchObject({
      detail: {
        denial: {
          reason,
          policy:
            reason === 'policy_refused'
              ? {
                  code: 'bursar:policy_origin',
                  scope: 'user',
                  rule: 'shops',
                  found: 'https://a.example',
                  otherSeller: true,
                }
              : {
                  code: 'bursar:policy_window',
                  unit: 'usd',
                  limit: '2.00',
                  asked: '0.50',
                  remaining: '0.10',
                  waitUntil: '2025-10-09T08:53:20.000Z',
                  atMostUsd: '0.10',
                },
        },
      },
    });
  });

  test('that is born denied is payment.denied as well, with the same id', () => {
    expect(valid(toEvent(newPayment(denied)))).toEqual(toEvent(paymentChange(pending, denied)));
    expect(toEvent(newPayment(pending))).toBeNull();
  });

  test('that is a withdrawal says so, and is on no budget', () => {
    const sessionId = 'withdrawal-aaaaaaaaaaaaaaa';
    const home = valid(toEvent(paymentChange({ ...pending, sessionId }, { ...signed, sessionId })));
    expect(home).toMatchObject({ type: 'payment.signed', detail: { purpose: 'WITHDRAWAL', budget: null } });
  });

  const all = { pending, signed, denied, aborted };
  const told = new Set(['pending>signed', 'pending>denied']);
  const names = Object.keys(all) as (keyof typeof all)[];
  test.each(names.flatMap((from) => names.map((to) => [from, to] as const)))(
    'from %s to %s is told or not',
    (from, to) => {
      const event = toEvent(paymentChange(all[from], all[to]));
      expect(event !== null).toBe(told.has(`${from}>${to}`));
    },
  );

  test('is not told when it is intended, and not when its item goes', () => {
    expect(toEvent({ ...paymentChange(pending, signed), eventName: 'INSERT' })).toBeNull();
    expect(toEvent({ ...paymentChange(pending, signed), eventName: 'REMOVE' })).toBeNull();
  });

  test('carries no attribute that is stored one day besides', () => {
    const change = paymentChange(pending, signed);
    const NewImage = { ...change.dynamodb.NewImage, zz: { S: 'canary' }, sg: { S: 'canary' } };
    expect(JSON.stringify(toEvent({ ...change, dynamodb: { ...change.dynamodb, NewImage } }))).not.toContain('canary');
  });

  test('is told under any names of users and agents, as they are', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 256 }),
        fc.string({ minLength: 1, unit: 'binary' }),
        (agentName, userId) => {
          const named = { ...pending, agentName, userId };
          const event = valid(toEvent(paymentChange(named, { ...signed, agentName, userId })));
          expect(JSON.parse(JSON.stringify(event.detail))).toMatchObject({ agentName, userId });
          expect(Object.keys(event.detail)).toHaveLength(18);
        },
      ),
    );
  });

  test('with the longest names makes an event of which a call of EventBridge takes as many as are put at once', () => {
    const named = { agentName: '\u{1F600}'.repeat(AGENT_NAME_MAX_CHARS), userId: '\u0001'.repeat(USER_ID_MAX_CHARS) };
    const event = valid(toEvent(paymentChange({ ...pending, ...named }, { ...signed, ...named })));
    // Every entry counts its time, source and type besides.
    const entryBytes = Buffer.byteLength(JSON.stringify(event.detail)) + 256;
    expect(entryBytes * EVENT_ENTRIES_MAX).toBeLessThan(256 * 1024);
  });

  test('that this release cannot read throws, rather than be told wrongly', () => {
    const change = paymentChange(pending, signed);
    const NewImage = { ...change.dynamodb.NewImage, v: { N: '2' } };
    expect(() => toEvent({ ...change, dynamodb: { ...change.dynamodb, NewImage } })).toThrow('schema version 2');
  });
});

describe('a session', () => {
  const spend = (available: bigint, reserved: bigint, limit = 10_000_000n): Session => ({
    ...session,
    budget: { available: usd(available), reserved: usd(reserved), spent: usd(limit - available - reserved) },
    updatedAt: addMs(NOW, 5_000),
  });
  const last = spend(0n, 500_000n);
  const empty = spend(0n, 0n);

  test('whose last reservation is spent is session.exhausted', () => {
    expect(valid(toEvent(sessionChange(last, empty)))).toEqual({
      type: 'session.exhausted',
      at: empty.updatedAt,
      detail: {
        version: 1,
        id: `${session.managerId}/${session.sessionId}/exhausted/10.00`,
        paymentManagerId: session.managerId,
        paymentSessionId: session.sessionId,
        userId: session.userId,
        limitUsd: '10.00',
        spentUsd: '10.00',
        createdAt: '2025-10-09T08:53:20.000Z',
        expiresAt: '2025-10-09T09:53:20.000Z',
        exhaustedAt: '2025-10-09T08:53:25.000Z',
      },
    });
  });

  test.each([
    ['while a reservation could come back', spend(500_000n, 0n), last],
    ['when the last reservation is released', last, spend(500_000n, 0n)],
    ['when money is left', spend(1n, 500_000n), spend(1n, 0n)],
    ['a second time', empty, empty],
    ['once it is deleted', { ...last, deleted: true }, { ...empty, deleted: true }],
  ])('is not exhausted %s', (_, before, after) => {
    expect(toEvent(sessionChange(before, after))).toBeNull();
  });

  test('that the sweeper ends is session.expired, with what was left', () => {
    const left = spend(2_000_000n, 0n);
    expect(valid(toEvent(sessionChange(left, left, { ended: ['after'] })))).toMatchObject({
      type: 'session.expired',
      at: session.expiresAt,
      detail: { limitUsd: '10.00', budget: { availableUsd: '2.00', reservedUsd: '0.00', spentUsd: '8.00' } },
    });
  });

  test('that a withdrawal had to itself is told of in no way', () => {
    const sessionId = 'withdrawal-aaaaaaaaaaaaaaa';
    expect(toEvent(sessionChange({ ...last, sessionId }, { ...empty, sessionId }))).toBeNull();
  });

  test('without a limit expires without one, and is never exhausted', () => {
    const free: Session = { ...session, limit: null, budget: { available: null, reserved: usd(0n), spent: usd(7n) } };
    expect(valid(toEvent(sessionChange(free, free, { ended: ['after'] })))).toMatchObject({
      detail: { limitUsd: null, budget: { availableUsd: null } },
    });
  });

  test('that somebody deletes does not expire, nor does one that is paid from', () => {
    expect(toEvent(sessionChange(session, { ...session, deleted: true }, { ended: ['after'] }))).toBeNull();
    expect(toEvent(sessionChange(spend(1n, 1n), spend(2n, 0n)))).toBeNull();
  });
});

test('the published schemas are those of the code, and leave room for members of later releases', () => {
  for (const [type, text] of Object.entries(formatEventSchemas())) {
    expect(readFileSync(join(import.meta.dirname, `../../docs/reference/events/${type}.json`), 'utf8')).toBe(text);
    expect(JSON.parse(text)).toMatchObject({ title: type, type: 'object' });
    expect(text).not.toContain('additionalProperties');
  }
});
