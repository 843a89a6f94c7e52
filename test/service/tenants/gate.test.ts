import { beforeAll, describe, expect, test } from 'vitest';
import { OPERATIONS } from '../../../lib/contract/operations.ts';
import { parseFreezeKey, type FreezeSubject } from '../../../lib/domain/payment/freeze.ts';
import type { GateKeeper } from '../../../lib/domain/ports/gate.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { createGateKeeper } from '../../../lib/ledger/dynamodb/books/gate-keeper.ts';
import { toStoreClient } from '../../../lib/ledger/dynamodb/store/sdk-client.ts';
import { getGate } from '../../../lib/service/tenants/gate.ts';
import { withDatabase } from '../../support/database.ts';
import { createTestClock, type TestClock } from '../../support/paying.ts';
import { DEPLOYMENT_ID, wiring } from '../../support/wiring.ts';

const database = withDatabase();
const BY = 'arn:aws:sts::111122223333:assumed-role/Operators/grace';
let gate: GateKeeper;
let clock: TestClock;

beforeAll(async () => {
  const { booksTable: tableName } = await database.freshTables();
  clock = createTestClock();
  gate = createGateKeeper({ tableName, client: toStoreClient(database.client) }, wiring.drawDeploymentId);
});

describe('the gate', () => {
  test('is open where the books are new, and looking at it makes nothing', async () => {
    expect(await getGate({ gate })).toEqual({ floor: null, frozenAt: null, freezes: new Map() });
    expect(await gate.find()).toBeNull();
  });

  test('bears the instant of the latest freeze, whatever comes late, so that no thaw of an earlier one ends it', async () => {
    const since = clock.now();
    expect(await gate.freeze(null, { at: addMs(since, -5_000), by: BY })).toMatchObject({
      frozenAt: addMs(since, -5_000),
    });
    expect(await gate.freeze(null, { at: since, by: BY })).toMatchObject({ frozenAt: since });
    expect(await gate.freeze(null, { at: addMs(since, -5_000), by: BY })).toMatchObject({ frozenAt: since });
    expect(await gate.thaw(null, { since: addMs(since, -5_000), at: clock.now(), by: BY })).toMatchObject({
      frozenAt: since,
    });
  });

  test('has a floor that only rises, whether it is frozen or not, and keeps its name', async () => {
    const first = clock.now();
    expect(await gate.raiseFloor(first)).toMatchObject({ floor: first, frozenAt: first });
    expect(await gate.raiseFloor(addMs(first, -1))).toMatchObject({ floor: first });
    expect(await gate.thaw(null, { since: addMs(first, -1), at: clock.now(), by: BY })).toMatchObject({
      frozenAt: first,
    });
    expect(await gate.thaw(null, { since: first, at: clock.now(), by: BY })).toEqual({
      deploymentId: DEPLOYMENT_ID,
      floor: first,
      frozenAt: null,
      freezes: new Map(),
    });
    expect(await gate.raiseFloor(addMs(first, 1))).toMatchObject({ floor: addMs(first, 1), frozenAt: null });
  });

  test('keeps each freeze of a part by itself, however its name looks, and gives none away for another', async () => {
    const at = clock.now();
    const parts: readonly FreezeSubject[] = [
      { scope: 'manager', managerId: 'm-0000000001' },
      { scope: 'user', managerId: 'm-0000000001', userId: 'ada#lovelace' },
      { scope: 'agent', managerId: 'm-0000000001', agentName: 'ada#lovelace' },
      { scope: 'session', managerId: 'm-0000000001', sessionId: 'payment-session-000000000000001' },
      { scope: 'instrument', managerId: 'm-0000000001', instrumentId: 'payment-instrument-000000000000001' },
      { scope: 'payee', managerId: 'm-0000000001', payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C' },
      { scope: 'asset', managerId: 'm-0000000001', network: 'eip155:8453', asset: '0x01' },
    ];
    for (const [place, part] of parts.entries()) await gate.freeze(part, { at: addMs(at, place), by: BY });
    const { freezes } = await getGate({ gate });
    const inOrder = [...freezes].toSorted(([, a], [, b]) => a - b);
    expect(inOrder.map(([key, since]) => [parseFreezeKey(key), since - at])).toEqual(
      parts.map((part, place) => [part, place]),
    );
    const late = await gate.thaw(parts[1]!, { since: addMs(at, 2), at, by: BY });
    expect(late.freezes.size).toBe(parts.length);
    for (const [place, part] of parts.entries()) {
      const left = await gate.thaw(part, { since: addMs(at, place), at, by: BY });
      expect(left.freezes.size).toBe(parts.length - 1 - place);
    }
  });

  test('is kept by operators alone: no agent and no backend may thaw', () => {
    for (const { roles, oauth } of [OPERATIONS.FreezeGate, OPERATIONS.ThawGate, OPERATIONS.RaiseGateFloor]) {
      expect(roles).toEqual(['ControlPlaneRole']);
      expect(oauth).toBeNull();
    }
  });
});
