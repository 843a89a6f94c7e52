import { beforeAll, describe, expect, test } from 'vitest';
import type { Registry } from '../../lib/domain/ports/registry.ts';
import type { PaymentConnector } from '../../lib/domain/tenants/resources.ts';
import { NOW } from '../support/payments.ts';
import { makeConnector, makeManager } from '../support/registry.ts';
import { times } from './parallel.ts';
import { connectorChangeContract } from './registry-connector-changes.ts';
import { connectorContract } from './registry-connectors.ts';
import { deletionContract, instrumentContract } from './registry-instruments.ts';
import { managerContract } from './registry-managers.ts';

/** What every registry must do, whatever stands behind it. Lists have their own: `registryListContract`. */
export function registryContract(name: string, makeRegistry: () => Promise<Registry>): void {
  describe(`${name} keeps the registry contract:`, () => {
    let registry: Registry;
    beforeAll(async () => {
      registry = await makeRegistry();
    });
    managerContract(() => registry);
    connectorContract(() => registry);
    connectorChangeContract(() => registry);
    keyIndexContract(() => registry);
    instrumentContract(() => registry);
    deletionContract(() => registry);
  });
}

function keyIndexContract(registry: () => Registry): void {
  async function begun(): Promise<PaymentConnector> {
    const connector = makeConnector();
    await registry().createManager(makeManager({ managerId: connector.managerId }), null);
    await registry().beginConnector(connector.managerId, connector.connectorId, 'h1', NOW);
    return connector;
  }
  async function completed(): Promise<PaymentConnector> {
    const connector = await begun();
    await registry().completeConnector(connector, 'h1', null);
    return connector;
  }
  const take = ({ managerId, connectorId }: PaymentConnector) => registry().takeKeyIndex(managerId, connectorId, 0);

  describe('the key indexes of a connector', () => {
    test('are 0 to 99 for 100 parallel requests', async () => {
      const connector = await completed();
      const taken = await Promise.all(times(100, () => take(connector)));
      expect(taken.toSorted((a, b) => a - b)).toEqual(times(100, (index) => index));
      expect(await registry().readConnector(connector.managerId, connector.connectorId)).toEqual(connector);
    });

    test('skip ahead of all that a restore may have forgotten, once, for parallel requests as well', async () => {
      const connector = await completed();
      const { managerId, connectorId } = connector;
      expect([await take(connector), await take(connector)]).toEqual([0, 1]);
      const taken = await Promise.all(times(20, () => registry().takeKeyIndex(managerId, connectorId, 5_000)));
      expect(taken.toSorted((a, b) => a - b)).toEqual(times(20, (index) => 5_000 + index));
      expect(await take(connector)).toBe(5_020);
    });

    test('begin at 0 for each connector', async () => {
      const [one, two] = [await completed(), await completed()];
      expect([await take(one), await take(one), await take(two)]).toEqual([0, 1, 0]);
    });

    test('are refused for a connector that is missing, only begun, or deleted', async () => {
      await expect(take(makeConnector())).rejects.toThrow(/missing or not READY/);
      await expect(take(await begun())).rejects.toThrow(/missing or not READY/);
      const gone = await completed();
      expect(await registry().deleteConnector(gone, null, NOW)).toBe('changed');
      await expect(take(gone)).rejects.toThrow(/missing or not READY/);
    });

    test('do not keep a connector from being changed, nor begin again with it', async () => {
      const connector = await completed();
      expect([await take(connector), await take(connector)]).toEqual([0, 1]);
      const next = { ...connector, description: 'new', revision: 2 };
      expect(await registry().replaceConnector(next, connector, null)).toBe('changed');
      expect(await take(next)).toBe(2);
    });
  });
}
