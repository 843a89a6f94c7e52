import { beforeAll, describe, expect, test } from 'vitest';
import { OPERATIONS } from '../../../lib/contract/operations.ts';
import type { GateKeeper } from '../../../lib/domain/ports/books.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { createGateKeeper } from '../../../lib/ledger/dynamodb/books/gate-item.ts';
import { toStoreClient } from '../../../lib/ledger/dynamodb/store/sdk-client.ts';
import { getGate } from '../../../lib/service/tenants/gate.ts';
import { withDatabase } from '../../support/database.ts';
import { createTestClock, type TestClock } from '../../support/paying.ts';
import { DEPLOYMENT_ID, wiring } from '../../support/wiring.ts';

const database = withDatabase();
let gate: GateKeeper;
let clock: TestClock;

beforeAll(async () => {
  const { booksTable: tableName } = await database.freshTables();
  clock = createTestClock();
  gate = createGateKeeper({ tableName, client: toStoreClient(database.client) }, wiring.drawDeploymentId);
});

describe('the gate', () => {
  test('is open where the books are new, and looking at it makes nothing', async () => {
    expect(await getGate({ gate })).toEqual({ floor: null, frozenAt: null });
    expect(await gate.find()).toBeNull();
  });

  test('bears the instant of the latest freeze, whatever comes late, so that no thaw of an earlier one ends it', async () => {
    const since = clock.now();
    expect(await gate.freeze(addMs(since, -5_000))).toMatchObject({ frozenAt: addMs(since, -5_000) });
    expect(await gate.freeze(since)).toMatchObject({ frozenAt: since });
    expect(await gate.freeze(addMs(since, -5_000))).toMatchObject({ frozenAt: since });
    expect(await gate.thaw(addMs(since, -5_000))).toMatchObject({ frozenAt: since });
  });

  test('has a floor that only rises, whether it is frozen or not, and keeps its name', async () => {
    const first = clock.now();
    expect(await gate.raiseFloor(first)).toMatchObject({ floor: first, frozenAt: first });
    expect(await gate.raiseFloor(addMs(first, -1))).toMatchObject({ floor: first });
    expect(await gate.thaw(addMs(first, -1))).toMatchObject({ frozenAt: first });
    expect(await gate.thaw(first)).toEqual({ deploymentId: DEPLOYMENT_ID, floor: first, frozenAt: null });
    expect(await gate.raiseFloor(addMs(first, 1))).toMatchObject({ floor: addMs(first, 1), frozenAt: null });
  });

  test('is kept by operators alone: no agent and no backend may thaw', () => {
    for (const { roles, oauth } of [OPERATIONS.FreezeGate, OPERATIONS.ThawGate, OPERATIONS.RaiseGateFloor]) {
      expect(roles).toEqual(['ControlPlaneRole']);
      expect(oauth).toBeNull();
    }
  });
});
