import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { beforeAll, expect, test } from 'vitest';
import { toEvent } from '../../lib/events/event.ts';
import { EVENT_SCHEMAS } from '../../lib/events/schemas.ts';
import { FREEZE_SCOPES, type FreezeSubject } from '../../lib/domain/payment/freeze.ts';
import type { GateKeeper } from '../../lib/domain/ports/gate.ts';
import { addMs } from '../../lib/domain/time.ts';
import { GATE_PLACE } from '../../lib/ledger/dynamodb/books/gate-item.ts';
import { createGateKeeper } from '../../lib/ledger/dynamodb/books/gate-keeper.ts';
import type { StreamImage, StreamRecord } from '../../lib/ledger/dynamodb/store/stream-record.ts';
import { EVENT_FILTERS } from '../../lib/ledger/dynamodb/books/stream-filters.ts';
import { toStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import { assertPattern, fits } from '../../lib/local/triggers/stream-filter.ts';
import { withDatabase } from '../support/database.ts';
import { NOW } from '../support/payments.ts';
import { wiring } from '../support/wiring.ts';

const BY = 'arn:aws:sts::111122223333:assumed-role/Operators/grace';
const database = withDatabase();
let tableName: string;
let gate: GateKeeper;

beforeAll(async () => {
  ({ booksTable: tableName } = await database.freshTables());
  gate = createGateKeeper({ tableName, client: toStoreClient(database.client) }, wiring.drawDeploymentId);
});

async function image(): Promise<StreamImage> {
  const { Item } = await database.client.send(new GetItemCommand({ TableName: tableName, Key: GATE_PLACE }));
  return (Item ?? {}) as unknown as StreamImage;
}

/** The record that the stream has of a change. */
async function recordOf(change: () => Promise<unknown>): Promise<StreamRecord> {
  const OldImage = await image();
  await change();
  return { eventName: 'MODIFY', dynamodb: { SequenceNumber: '1', OldImage, NewImage: await image() } };
}

const passes = (record: StreamRecord) => EVENT_FILTERS.some((pattern) => fits(assertPattern(pattern), record));

const NAMES: Readonly<Record<string, object>> = {
  manager: {},
  user: { userId: 'ada#1' },
  agent: { agentName: 'buyer' },
  session: { sessionId: 'payment-session-000000000000001' },
  instrument: { instrumentId: 'payment-instrument-000000000000001' },
  payee: { payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C' },
  asset: { network: 'eip155:8453', asset: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913' },
};
const subjects = FREEZE_SCOPES.map((scope) => ({ scope, managerId: 'm-0000000001', ...NAMES[scope] }) as FreezeSubject);

test.each([null, ...subjects])('a freeze and a thaw of %j are told once each, with who did it', async (subject) => {
  await gate.freeze(null, { at: NOW, by: BY });
  await gate.thaw(null, { since: NOW, at: NOW, by: BY });
  const since = addMs(NOW, 1);
  const frozen = await recordOf(() => gate.freeze(subject, { at: since, by: BY }));
  const again = await recordOf(() => gate.freeze(subject, { at: since, by: BY }));
  const thawed = await recordOf(() => gate.thaw(subject, { since, at: addMs(NOW, 2), by: BY }));
  expect([passes(frozen), passes(thawed)]).toEqual([true, true]);
  expect(toEvent(again)).toBeNull();
  const [start, end] = [toEvent(frozen)!, toEvent(thawed)!];
  for (const event of [start, end]) v.assert(EVENT_SCHEMAS[event.type], event.detail);
  const { scope = 'deployment', managerId = null } = subject ?? {};
  expect(start).toMatchObject({ type: 'freeze.started', at: since, detail: { scope, paymentManagerId: managerId } });
  const told = {
    scope,
    changedBy: BY,
    frozenAt: new Date(since).toISOString(),
    endedAt: new Date(since + 1).toISOString(),
  };
  expect(end).toMatchObject({ type: 'freeze.ended', detail: told });
  expect(start.detail.id).not.toBe(end.detail.id);
});

test('a floor that rises is told of as nothing', async () => {
  await gate.freeze(null, { at: addMs(NOW, 9), by: BY });
  expect(toEvent(await recordOf(() => gate.raiseFloor(NOW)))).toBeNull();
});
