import { beforeAll, expect, test } from 'vitest';
import { formatProviderArn } from '../../../lib/domain/ids.ts';
import { createConnector, deleteConnector, updateConnector } from '../../../lib/service/tenants/connectors.ts';
import { createInstrument, deleteInstrument } from '../../../lib/service/tenants/instruments.ts';
import { deleteManager, updateManager } from '../../../lib/service/tenants/managers.ts';
import { times } from '../../contracts/parallel.ts';
import { withDatabase } from '../../support/database.ts';
import { makeProvider, PRIVY_CONFIGURATION } from '../../support/identities.ts';
import { createResourceWorld, plain, user, valueOf, type ResourceWorld } from '../../support/resource-world.ts';
import { newToken } from '../../support/functions.ts';

const ROUNDS = 25;
const DEPLOYMENT = { partition: 'aws', region: 'us-east-1', account: '111122223333' };

const database = withDatabase();
let world: ResourceWorld;
beforeAll(() => {
  world = createResourceWorld(database);
});

/** Lets every second contender begin a little later, so that rounds interleave differently. */
const after = async (ticks: number): Promise<void> => {
  for (let tick = 0; tick < ticks; tick += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
};

/** A refusal that a race may end in; anything else is a fault. */
function reasonOf(result: { readonly ok: boolean; readonly error?: unknown }): string {
  return result.ok ? 'ok' : (result.error as { reason: string }).reason;
}

const ready = (item: Record<string, { S?: string }>) => item['status']?.S === 'READY';

test('no connector comes to be under a manager that is deleted at the same time', async () => {
  const ends = await Promise.all(
    times(ROUNDS, async (round) => {
      const managerId = await world.newManager();
      const clientToken = newToken();
      const [made, deleted] = await Promise.all([
        after(round % 5).then(() =>
          createConnector(world.deps, { managerId, name: 'kms', type: 'AwsKms', clientToken }, plain),
        ),
        after(round % 7).then(() => deleteManager(world.deps, { managerId }, plain)),
      ]);
      const stored = await world.manager(managerId);
      const connectors = (await world.connectorsOf(managerId)).filter(ready);
      expect(stored?.['connectors']?.N).toBe(`${connectors.length}`);
      expect(stored?.['status']?.S === 'DELETED' && connectors.length > 0).toBe(false);
      expect(made.ok).toBe(connectors.length === 1);
      expect(deleted.ok).toBe(stored?.['status']?.S === 'DELETED');
      return `${reasonOf(made)}, ${reasonOf(deleted)}`;
    }),
  );
  for (const end of ends) expect(['ok, conflict', 'not_found, ok']).toContain(end);
});

test('no instrument comes to be under a connector that is deleted at the same time', async () => {
  const managerId = await world.newManager();
  const ends = await Promise.all(
    times(ROUNDS, async (round) => {
      const connectorId = await world.newConnector(managerId);
      const [made, deleted] = await Promise.all([
        after(round % 5).then(() =>
          createInstrument(world.deps, user, {
            manager: world.arnOf(managerId),
            connectorId,
            network: 'ETHEREUM',
            linkedAccounts: [],
          }),
        ),
        after(round % 7).then(() => deleteConnector(world.deps, { managerId, connectorId }, plain)),
      ]);
      const connector = await world.connector(managerId, connectorId);
      const instruments = (await world.instrumentsOf(managerId)).filter(
        (item) => item['connectorId']?.S === connectorId,
      );
      expect(connector?.['instruments']?.N).toBe(`${instruments.length}`);
      expect(made.ok).toBe(instruments.length === 1);
      expect(connector?.['status']?.S).toBe(made.ok ? 'READY' : 'DELETED');
      return `${reasonOf(made)}, ${reasonOf(deleted)}`;
    }),
  );
  for (const end of ends) expect(['ok, conflict', 'not_found, ok']).toContain(end);
  const left = (await world.connectorsOf(managerId)).filter(ready).length;
  expect((await world.manager(managerId))?.['connectors']?.N).toBe(`${left}`);
});

test('no connector uses a credential provider that is deleted at the same time', async () => {
  const managerId = await world.newManager();
  await Promise.all(
    times(ROUNDS, async (round) => {
      const provider = makeProvider();
      await world.deps.identities.createProvider(provider);
      const [made, deleted] = await Promise.all([
        after(round % 3).then(() =>
          createConnector(
            world.deps,
            {
              managerId,
              name: 'cdp',
              type: 'CoinbaseCDP',
              providers: { CoinbaseCDP: formatProviderArn(DEPLOYMENT, provider.name) },
              clientToken: newToken(),
            },
            plain,
          ),
        ),
        after(round % 11).then(() => world.deps.identities.deleteProvider(provider)),
      ]);
      const stored = await world.provider(provider.name);
      expect(`${reasonOf(made)}, ${deleted}`).toMatch(/^(ok, in_use|not_found, changed)$/);
      expect(stored?.['connectors']?.N).toBe(made.ok ? '1' : undefined);
    }),
  );
});

test('counters are what is there after creations and deletions of all kinds at a time', async () => {
  const managerId = await world.newManager();
  const manager = world.arnOf(managerId);
  const connectors = await Promise.all(times(5, () => world.newConnector(managerId)));
  // The second of two twins waits for the first, and after three seconds answers "busy": how long the first takes among all the
  // others is a matter of the machine, and not of the counters.
  const now = world.deps.clock.now();
  const patient = { ...world.deps, clock: { ...world.deps.clock, now: () => now } };
  const make = (connectorId: string, clientToken: string) =>
    createInstrument(patient, user, {
      manager,
      connectorId,
      network: 'ETHEREUM',
      linkedAccounts: [],
      clientToken,
    });
  await Promise.all(
    times(ROUNDS, async (round) => {
      const connectorId = connectors[round % connectors.length]!;
      const clientToken = newToken();
      const twins = await Promise.all([make(connectorId, clientToken), make(connectorId, clientToken)]);
      expect(twins[1]).toEqual(twins[0]);
      if (!twins[0].ok) {
        // A round that shares the connector was over before this one began, and nobody else had an instrument there.
        expect(twins[0].error).toEqual({ reason: 'not_found', resource: 'connector' });
        expect((await world.connector(managerId, connectorId))?.['status']?.S).toBe('DELETED');
        return;
      }
      const input = { manager, connectorId, instrumentId: valueOf(twins[0]).instrumentId };
      if (round % 2 === 0) {
        const gone = await Promise.all(times(3, () => deleteInstrument(world.deps, user, input)));
        expect(gone.filter(({ ok }) => ok)).toHaveLength(1);
      }
      await updateConnector(world.deps, { managerId, connectorId, description: `${round}` }, plain);
      await deleteConnector(world.deps, { managerId, connectorId }, plain);
    }),
  );
  const instruments = await world.instrumentsOf(managerId);
  for (const connectorId of connectors) {
    const alive = instruments.filter(
      (item) => item['connectorId']?.S === connectorId && item['status']?.S !== 'DELETED',
    ).length;
    const connector = await world.connector(managerId, connectorId);
    expect(connector?.['instruments']?.N).toBe(`${alive}`);
    expect(connector?.['status']?.S === 'DELETED' && alive > 0).toBe(false);
  }
  const left = (await world.connectorsOf(managerId)).filter(ready).length;
  expect((await world.manager(managerId))?.['connectors']?.N).toBe(`${left}`);
});

test.each(['manager', 'connector'] as const)(
  'parallel updates of a %s without a token all apply, one after the other, and none is lost',
  async (what) => {
    const outcomes: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const managerId = await world.newManager();
      const connectorId = await world.newConnector(managerId);
      const description = ['one', 'two'] as const;
      const results = await Promise.all(
        description.map((each) =>
          what === 'manager'
            ? updateManager(world.deps, { managerId, description: each }, plain)
            : updateConnector(world.deps, { managerId, connectorId, description: each }, plain),
        ),
      );
      expect(results.map(({ ok }) => ok)).toEqual([true, true]);
      const stored =
        what === 'manager' ? await world.manager(managerId) : await world.connector(managerId, connectorId);
      expect(stored?.['revision']?.N).toBe('3');
      outcomes.push(stored?.['description']?.S ?? '');
    }
    for (const outcome of outcomes) expect(['one', 'two']).toContain(outcome);
  },
);

test('an update that meets more changes than it may try against answers busy, and changes nothing', async () => {
  const managerId = await world.newManager();
  const { registry } = world.deps;
  // Somebody else changes the manager between every read and write.
  const meddling = {
    ...world.deps,
    registry: {
      ...registry,
      readManager: async (id: string) => {
        const manager = (await registry.readManager(id))!;
        await registry.replaceManager({ ...manager, revision: manager.revision + 1 }, manager, null);
        return manager;
      },
    },
  };
  const result = await updateManager(meddling, { managerId, description: 'never' }, plain);
  expect(result).toEqual({ ok: false, error: { reason: 'busy', what: 'change' } });
  const stored = await world.manager(managerId);
  expect(stored?.['description']).toBeUndefined();
  expect(stored?.['revision']?.N).toBe('6');
});

test('a duplicate that finds the resource gone gets the answer of the deletion that took it', async () => {
  const managerId = await world.newManager();
  const input = { managerId, clientToken: newToken() };
  let answer: unknown;
  // Between the duplicate's look at the token and its look at the manager.
  const late = {
    ...world.deps,
    registry: {
      ...world.deps.registry,
      readManager: async (id: string) => {
        answer ??= await deleteManager(world.deps, input, plain);
        return world.deps.registry.readManager(id);
      },
    },
  };
  const duplicate = await deleteManager(late, input, plain);
  expect(duplicate).toEqual({ ok: true, value: expect.objectContaining({ managerId }) as unknown });
  expect(answer).toEqual(duplicate);
});

test('a connector is not made with a credential provider that became one of another vendor meanwhile', async () => {
  const managerId = await world.newManager();
  const provider = makeProvider();
  await world.deps.identities.createProvider(provider);
  const { identities } = world.deps;
  const swapping = {
    ...world.deps,
    identities: {
      readProvider: async (name: string) => {
        const read = await identities.readProvider(name);
        expect(await identities.deleteProvider(provider)).toBe('changed');
        await identities.createProvider({ ...provider, configuration: PRIVY_CONFIGURATION });
        return read;
      },
    },
  };
  const result = await createConnector(
    swapping,
    {
      managerId,
      name: 'cdp',
      type: 'CoinbaseCDP',
      providers: { CoinbaseCDP: formatProviderArn(DEPLOYMENT, provider.name) },
    },
    plain,
  );
  expect(result).toEqual({ ok: false, error: { reason: 'not_found', resource: 'credential provider' } });
  expect((await world.provider(provider.name))?.['connectors']?.N).toBe('0');
  expect((await world.manager(managerId))?.['connectors']?.N).toBe('0');
});
