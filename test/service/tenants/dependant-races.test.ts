import { beforeAll, expect, test } from 'vitest';
import { createConnector, deleteConnector, updateConnector } from '../../../lib/service/tenants/connectors.ts';
import { createInstrument, deleteInstrument } from '../../../lib/service/tenants/instruments.ts';
import { deleteManager, updateManager } from '../../../lib/service/tenants/managers.ts';
import { times } from '../../contracts/parallel.ts';
import { withDatabase } from '../../support/database.ts';
import { makeProvider, PRIVY_CONFIGURATION } from '../../support/identities.ts';
import { createResourceWorld, user, valueOf, type ResourceWorld } from '../../support/resource-world.ts';
import { newToken } from '../../support/functions.ts';

const ROUNDS = 25;

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
      const paymentManagerId = await world.newManager();
      const clientToken = newToken();
      const [made, deleted] = await Promise.all([
        after(round % 5).then(() =>
          createConnector(world.deps, { paymentManagerId, name: 'kms', type: 'AwsKms', clientToken }),
        ),
        after(round % 7).then(() => deleteManager(world.deps, { paymentManagerId })),
      ]);
      const manager = await world.manager(paymentManagerId);
      const connectors = (await world.connectorsOf(paymentManagerId)).filter(ready);
      expect(manager?.['connectors']?.N).toBe(`${connectors.length}`);
      expect(manager?.['status']?.S === 'DELETED' && connectors.length > 0).toBe(false);
      expect(made.ok).toBe(connectors.length === 1);
      expect(deleted.ok).toBe(manager?.['status']?.S === 'DELETED');
      return `${reasonOf(made)}, ${reasonOf(deleted)}`;
    }),
  );
  for (const end of ends) expect(['ok, conflict', 'not_found, ok']).toContain(end);
});

test('no instrument comes to be under a connector that is deleted at the same time', async () => {
  const paymentManagerId = await world.newManager();
  const ends = await Promise.all(
    times(ROUNDS, async (round) => {
      const paymentConnectorId = await world.newConnector(paymentManagerId);
      const [made, deleted] = await Promise.all([
        after(round % 5).then(() =>
          createInstrument(world.deps, user, {
            paymentManagerArn: world.arnOf(paymentManagerId),
            paymentConnectorId,
            paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [] } },
          }),
        ),
        after(round % 7).then(() => deleteConnector(world.deps, { paymentManagerId, paymentConnectorId })),
      ]);
      const connector = await world.connector(paymentManagerId, paymentConnectorId);
      const instruments = (await world.instrumentsOf(paymentManagerId)).filter(
        (item) => item['connectorId']?.S === paymentConnectorId,
      );
      expect(connector?.['instruments']?.N).toBe(`${instruments.length}`);
      expect(made.ok).toBe(instruments.length === 1);
      expect(connector?.['status']?.S).toBe(made.ok ? 'READY' : 'DELETED');
      return `${reasonOf(made)}, ${reasonOf(deleted)}`;
    }),
  );
  for (const end of ends) expect(['ok, conflict', 'not_found, ok']).toContain(end);
  const left = (await world.connectorsOf(paymentManagerId)).filter(ready).length;
  expect((await world.manager(paymentManagerId))?.['connectors']?.N).toBe(`${left}`);
});

test('no connector uses a credential provider that is deleted at the same time', async () => {
  const paymentManagerId = await world.newManager();
  await Promise.all(
    times(ROUNDS, async (round) => {
      const provider = makeProvider();
      await world.deps.identities.createProvider(provider);
      const credentialProviderArn = `arn:aws:bedrock-agentcore:us-east-1:111122223333:token-vault/default/paymentcredentialprovider/${provider.name}`;
      const [made, deleted] = await Promise.all([
        after(round % 3).then(() =>
          createConnector(world.deps, {
            paymentManagerId,
            name: 'cdp',
            type: 'CoinbaseCDP',
            credentialProviderConfigurations: [{ coinbaseCDP: { credentialProviderArn } }],
            clientToken: newToken(),
          }),
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
  const paymentManagerId = await world.newManager();
  const paymentManagerArn = world.arnOf(paymentManagerId);
  const connectors = await Promise.all(times(5, () => world.newConnector(paymentManagerId)));
  const make = (paymentConnectorId: string, clientToken = newToken()) =>
    createInstrument(world.deps, user, {
      paymentManagerArn,
      paymentConnectorId,
      paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [] } },
      clientToken,
    });
  await Promise.all(
    times(ROUNDS, async (round) => {
      const paymentConnectorId = connectors[round % connectors.length]!;
      const clientToken = newToken();
      const twins = await Promise.all([make(paymentConnectorId, clientToken), make(paymentConnectorId, clientToken)]);
      const [made] = twins.map(valueOf);
      expect(valueOf(twins[1])).toEqual(made);
      const { instrumentId: paymentInstrumentId } = made!;
      const input = { paymentManagerArn, paymentConnectorId, paymentInstrumentId };
      if (round % 2 === 0) {
        const gone = await Promise.all(times(3, () => deleteInstrument(world.deps, user, input)));
        expect(gone.filter(({ ok }) => ok)).toHaveLength(1);
      }
      await updateConnector(world.deps, { paymentManagerId, paymentConnectorId, description: `${round}` });
      await deleteConnector(world.deps, { paymentManagerId, paymentConnectorId });
    }),
  );
  const instruments = await world.instrumentsOf(paymentManagerId);
  for (const connectorId of connectors) {
    const alive = instruments.filter(
      (item) => item['connectorId']?.S === connectorId && item['status']?.S !== 'DELETED',
    ).length;
    const connector = await world.connector(paymentManagerId, connectorId);
    expect(connector?.['instruments']?.N).toBe(`${alive}`);
    expect(connector?.['status']?.S === 'DELETED' && alive > 0).toBe(false);
  }
  const left = (await world.connectorsOf(paymentManagerId)).filter(ready).length;
  expect((await world.manager(paymentManagerId))?.['connectors']?.N).toBe(`${left}`);
});

test.each(['manager', 'connector'] as const)(
  'parallel updates of a %s without a token all apply, one after the other, and none is lost',
  async (what) => {
    const outcomes: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const paymentManagerId = await world.newManager();
      const paymentConnectorId = await world.newConnector(paymentManagerId);
      const description = ['one', 'two'] as const;
      const results = await Promise.all(
        description.map((each) =>
          what === 'manager'
            ? updateManager(world.deps, { paymentManagerId, description: each })
            : updateConnector(world.deps, { paymentManagerId, paymentConnectorId, description: each }),
        ),
      );
      expect(results.map(({ ok }) => ok)).toEqual([true, true]);
      const stored =
        what === 'manager'
          ? await world.manager(paymentManagerId)
          : await world.connector(paymentManagerId, paymentConnectorId);
      expect(stored?.['revision']?.N).toBe('3');
      outcomes.push(stored?.['description']?.S ?? '');
    }
    for (const outcome of outcomes) expect(['one', 'two']).toContain(outcome);
  },
);

test('an update that meets more changes than it may try against answers busy, and changes nothing', async () => {
  const paymentManagerId = await world.newManager();
  const { registry } = world.deps;
  // Somebody else changes the manager between every read and write.
  const meddling = {
    ...world.deps,
    registry: {
      ...registry,
      readManager: async (managerId: string) => {
        const manager = (await registry.readManager(managerId))!;
        await registry.replaceManager({ ...manager, revision: manager.revision + 1 }, manager, null);
        return manager;
      },
    },
  };
  const result = await updateManager(meddling, { paymentManagerId, description: 'never' });
  expect(result).toEqual({ ok: false, error: { reason: 'busy', what: 'change' } });
  const stored = await world.manager(paymentManagerId);
  expect(stored?.['description']).toBeUndefined();
  expect(stored?.['revision']?.N).toBe('6');
});

test('a duplicate that finds the resource gone gets the answer of the deletion that took it', async () => {
  const paymentManagerId = await world.newManager();
  const input = { paymentManagerId, clientToken: newToken() };
  let answer: unknown;
  // Between the duplicate's look at the token and its look at the manager.
  const late = {
    ...world.deps,
    registry: {
      ...world.deps.registry,
      readManager: async (managerId: string) => {
        answer ??= await deleteManager(world.deps, input);
        return world.deps.registry.readManager(managerId);
      },
    },
  };
  const duplicate = await deleteManager(late, input);
  expect(duplicate).toEqual({ ok: true, value: { status: 'DELETING', paymentManagerId } });
  expect(answer).toEqual(duplicate);
});

test('a connector is not made with a credential provider that became one of another vendor meanwhile', async () => {
  const paymentManagerId = await world.newManager();
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
  const credentialProviderArn = `arn:aws:bedrock-agentcore:us-east-1:111122223333:token-vault/default/paymentcredentialprovider/${provider.name}`;
  const result = await createConnector(swapping, {
    paymentManagerId,
    name: 'cdp',
    type: 'CoinbaseCDP',
    credentialProviderConfigurations: [{ coinbaseCDP: { credentialProviderArn } }],
  });
  expect(result).toEqual({ ok: false, error: { reason: 'not_found', resource: 'credential provider' } });
  expect((await world.provider(provider.name))?.['connectors']?.N).toBe('0');
  expect((await world.manager(paymentManagerId))?.['connectors']?.N).toBe('0');
});
