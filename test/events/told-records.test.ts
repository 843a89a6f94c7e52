import * as v from 'valibot';
import { expect, test } from 'vitest';
import { toEvent } from '../../lib/events/event.ts';
import { EVENT_SCHEMAS } from '../../lib/events/schemas.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import type { StreamImage, StreamRecord } from '../../lib/ledger/dynamodb/store/stream-record.ts';
import { EVENT_FILTERS } from '../../lib/ledger/dynamodb/books/stream-filters.ts';
import type { Item } from '../../lib/ledger/dynamodb/store/client.ts';
import type { PolicyOwner } from '../../lib/domain/ports/policies.ts';
import { parseNoticeItem, toNoticeItem } from '../../lib/ledger/dynamodb/policies/policy-notices.ts';
import { toTopUpItem } from '../../lib/ledger/dynamodb/top-ups/top-up-items.ts';
import { assertPattern, fits } from '../../lib/local/triggers/stream-filter.ts';
import { makeSession, NOW } from '../support/payments.ts';

const passes = (record: StreamRecord) => EVENT_FILTERS.some((pattern) => fits(assertPattern(pattern), record));
const inserted = (item: Item): StreamRecord => ({
  eventName: 'INSERT',
  dynamodb: { SequenceNumber: '1', NewImage: item as unknown as StreamImage },
});

const { managerId, sessionId, userId } = makeSession({ sessionId: 'payment-session-aaaaaaaaaaaaaaa' });
const topUp = {
  managerId,
  sessionId,
  topUpId: 'a'.repeat(32),
  userId,
  from: toMicroUsd(10_000_000n),
  to: toMicroUsd(12_500_000n),
  at: NOW,
  by: 'arn:aws:sts::111122223333:assumed-role/Backend/shop',
};

test('a top-up is told with who raised the limit, and by how much', () => {
  const record = inserted(toTopUpItem({ topUp, requestHash: 'h1' }));
  expect(passes(record)).toBe(true);
  const event = toEvent(record)!;
  v.assert(EVENT_SCHEMAS[event.type], event.detail);
  expect(event).toEqual({
    type: 'session.topped_up',
    at: NOW,
    detail: {
      version: 1,
      id: `${managerId}/${sessionId}/topped-up/${topUp.topUpId}`,
      paymentManagerId: managerId,
      paymentSessionId: sessionId,
      userId,
      amountUsd: '2.50',
      previousLimitUsd: '10.00',
      limitUsd: '12.50',
      toppedUpAt: '2025-10-09T08:53:20.000Z',
      toppedUpBy: topUp.by,
    },
  });
});

const BY = 'arn:aws:sts::111122223333:assumed-role/Finance/grace';
const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];
const owners: readonly (readonly [PolicyOwner, object])[] = [
  [{ scope: 'deployment' }, { paymentManagerId: null }],
  [{ scope: 'manager', managerId }, {}],
  [{ scope: 'user', managerId, userId: 'ada#1' }, { userId: 'ada#1' }],
  [{ scope: 'agent', managerId, agentName: 'buyer' }, { agentName: 'buyer' }],
  [{ scope: 'session', managerId, sessionId }, { paymentSessionId: sessionId }],
];

test.each(owners)('a change of the policy of %j is told with both hashes and who made it', (owner, names) => {
  const change = { owner, version: 7, at: NOW, by: BY };
  const ids = [
    { oldHash: null, newHash: A },
    { oldHash: A, newHash: B },
    { oldHash: B, newHash: null },
  ].map((hashes, index) => {
    const record = inserted(toNoticeItem({ ...change, ...hashes, version: 7 + index }));
    expect(passes(record)).toBe(true);
    const event = toEvent(record)!;
    v.assert(EVENT_SCHEMAS[event.type], event.detail);
    expect(event).toMatchObject({
      type: 'policy.changed',
      at: NOW,
      detail: {
        scope: owner.scope,
        paymentManagerId: managerId,
        revision: 7 + index,
        changedBy: BY,
        ...hashes,
        ...names,
      },
    });
    expect(parseNoticeItem(toNoticeItem({ ...change, ...hashes })).owner).toEqual(owner);
    return event.detail.id;
  });
  expect(new Set(ids).size).toBe(3);
});

test('a notice that DynamoDB removes tells nothing', () => {
  const { NewImage } = inserted(
    toNoticeItem({ owner: { scope: 'deployment' }, version: 1, at: NOW, by: BY, oldHash: null, newHash: A }),
  ).dynamodb;
  expect(toEvent({ eventName: 'REMOVE', dynamodb: { SequenceNumber: '2', OldImage: NewImage! } })).toBeNull();
});

test('a mapping has no more filters than Lambda takes without being asked for more', () => {
  expect(EVENT_FILTERS.length).toBeLessThanOrEqual(5);
});
