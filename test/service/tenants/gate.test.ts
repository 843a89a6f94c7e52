import { beforeAll, describe, expect, test } from 'vitest';
import { OPERATIONS } from '../../../lib/contract/operations.ts';
import type { GateKeeper } from '../../../lib/domain/ports/books.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { createGateKeeper } from '../../../lib/ledger/dynamodb/books/gate-item.ts';
import { toStoreClient } from '../../../lib/ledger/dynamodb/store/sdk-client.ts';
import { getGate, updateGate } from '../../../lib/service/tenants/gate.ts';
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

  test('is frozen from the first request on, however often it is asked for', async () => {
    const since = clock.now();
    expect(await updateGate({ gate, clock }, { frozen: true, floor: null })).toMatchObject({ frozenAt: since });
    clock.advance(5_000);
    expect(await updateGate({ gate, clock }, { frozen: true, floor: null })).toMatchObject({ frozenAt: since });
  });

  test('has a floor that only rises, and keeps its name', async () => {
    const first = clock.now();
    expect(await updateGate({ gate, clock }, { frozen: null, floor: first })).toMatchObject({ floor: first });
    expect(await updateGate({ gate, clock }, { frozen: null, floor: addMs(first, -1) })).toMatchObject({
      floor: first,
    });
    expect(await updateGate({ gate, clock }, { frozen: false, floor: addMs(first, 1) })).toEqual({
      deploymentId: DEPLOYMENT_ID,
      floor: addMs(first, 1),
      frozenAt: null,
    });
  });

  test('is kept by operators alone: no agent and no backend may thaw', () => {
    expect(OPERATIONS.UpdateGate.roles).toEqual(['ControlPlaneRole']);
    expect(OPERATIONS.UpdateGate.oauth).toBeNull();
  });
});
