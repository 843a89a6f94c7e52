import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { toWireFailure } from '../../../lib/api/errors.ts';
import type { Result } from '../../../lib/domain/result.ts';
import type { Refusal } from '../../../lib/domain/refusal.ts';
import { createConnector, deleteConnector, updateConnector } from '../../../lib/service/tenants/connectors.ts';
import { createManager, deleteManager, updateManager } from '../../../lib/service/tenants/managers.ts';
import { withDatabase } from '../../support/database.ts';
import { startStoreHop, type Fault, type StoreHop } from '../../support/store-hop.ts';
import { newToken } from '../../support/functions.ts';
import { createResourceWorld, plain, roleArn, valueOf, type ResourceWorld } from '../../support/resource-world.ts';

const database = withDatabase();
let hop: StoreHop;
let world: ResourceWorld;

beforeAll(async () => {
  hop = await startStoreHop(database.endpoint);
  world = createResourceWorld(database, hop.endpoint);
});
afterEach(() => hop.setFaults(null));
afterAll(() => hop.close());

type Ask = () => Promise<Result<object, Refusal>>;

const CHANGES: Readonly<Record<string, () => Promise<Ask>>> = {
  createManager: async () => {
    const input = { name: 'demo', authorizer: { type: 'AWS_IAM' }, roleArn, clientToken: newToken() } as const;
    return () => createManager(world.deps, input, plain);
  },
  updateManager: async () => {
    const input = { managerId: await world.newManager(), description: 'new', clientToken: newToken() };
    return () => updateManager(world.deps, input, plain);
  },
  deleteManager: async () => {
    const input = { managerId: await world.newManager(), clientToken: newToken() };
    return () => deleteManager(world.deps, input, plain);
  },
  createConnector: async () => {
    const managerId = await world.newManager();
    const input = { managerId, name: 'kms', type: 'AwsKms', clientToken: newToken() } as const;
    return () => createConnector(world.deps, input, plain);
  },
  updateConnector: async () => {
    const managerId = await world.newManager();
    const connectorId = await world.newConnector(managerId);
    const input = { managerId, connectorId, description: 'new', clientToken: newToken() };
    return () => updateConnector(world.deps, input, plain);
  },
  deleteConnector: async () => {
    const managerId = await world.newManager();
    const input = {
      managerId,
      connectorId: await world.newConnector(managerId),
      clientToken: newToken(),
    };
    return () => deleteConnector(world.deps, input, plain);
  },
};

/** Spoils all transactions, the SDK's own repetitions too. */
function spoilTransactions(fault: Fault): void {
  hop.setFaults(({ operation }) => (operation === 'TransactWriteItems' ? fault : null));
}

test.each(Object.entries(CHANGES))(
  '%s answers 429 where another write has the item, and the same request works afterwards',
  async (_name, prepare) => {
    const ask = await prepare();
    spoilTransactions('conflict');
    const failure: unknown = await ask().catch((error: unknown) => error);
    expect(toWireFailure(failure)).toMatchObject({ status: 429, name: 'ThrottlingException' });
    hop.setFaults(null);
    const answer = valueOf(await ask());
    expect(valueOf(await ask())).toEqual(answer);
  },
);

/** A connector's draft is taken over after its lease: see the tests of interrupted creations. */
const IN_ONE_WRITE = Object.entries(CHANGES).filter(([name]) => name !== 'createConnector');

test.each(IN_ONE_WRITE)(
  '%s answers 500 where no reply comes, and the same request then gets the answer of what was done',
  async (_name, prepare) => {
    const ask = await prepare();
    spoilTransactions('fail_after_apply');
    const failure: unknown = await ask().catch((error: unknown) => error);
    expect(toWireFailure(failure).status).toBe(500);
    hop.setFaults(null);
    const answer = valueOf(await ask());
    expect(JSON.stringify(valueOf(await ask()))).toBe(JSON.stringify(answer));
  },
);
