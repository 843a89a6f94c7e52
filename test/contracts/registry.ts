import { beforeAll, describe, expect, test } from 'vitest';
import { CREATE_LEASE_MS } from '../../lib/domain/limits.ts';
import { NotNow, type Registry } from '../../lib/domain/ports.ts';
import type { PaymentConnector } from '../../lib/domain/resources.ts';
import { addMs } from '../../lib/domain/time.ts';
import { NOW } from '../support/payments.ts';
import { makeConnector, makeManager, makeManagerId } from '../support/registry.ts';
import { PARALLEL, countKinds, times } from './parallel.ts';
import { deletionContract, instrumentContract } from './registry-instruments.ts';

const LEASE_END = addMs(NOW, CREATE_LEASE_MS);

/** What every registry must do, whatever stands behind it. Lists have their own: `registryListContract`. */
export function registryContract(name: string, makeRegistry: () => Promise<Registry>): void {
  describe(`${name} keeps the registry contract:`, () => {
    let registry: Registry;
    beforeAll(async () => {
      registry = await makeRegistry();
    });
    managerContract(() => registry);
    connectorContract(() => registry);
    keyIndexContract(() => registry);
    instrumentContract(() => registry);
    deletionContract(() => registry);
  });
}

function managerContract(registry: () => Registry): void {
  describe('a manager', () => {
    test('reads back as it was created', async () => {
      const plain = makeManager();
      const described = makeManager({ description: '', name: 'Größe "x"', tags: { team: 'research', empty: '' } });
      for (const manager of [plain, described]) {
        expect(await registry().createManager(manager, 'h1')).toEqual({ kind: 'created' });
        expect(await registry().readManager(manager.managerId)).toEqual(manager);
      }
    });

    test('is null where none was created', async () => {
      expect(await registry().readManager(makeManagerId())).toBeNull();
    });

    test('keeps the first creation when there is a second one', async () => {
      const manager = makeManager();
      await registry().createManager(manager, 'h1');
      const second = await registry().createManager({ ...manager, name: 'other' }, 'h2');
      expect(second).toEqual({ kind: 'exists', resource: manager, requestHash: 'h1' });
      expect(await registry().readManager(manager.managerId)).toEqual(manager);
    });

    test('is created once by parallel creations', async () => {
      const manager = makeManager();
      const outcomes = await Promise.all(times(PARALLEL, () => registry().createManager(manager, 'h1')));
      expect(countKinds(outcomes)).toEqual({ created: 1, exists: PARALLEL - 1 });
    });
  });
}

function connectorContract(registry: () => Registry): void {
  const claim = ({ managerId, connectorId }: PaymentConnector, hash = 'h1', now = NOW) =>
    registry().claimConnector(managerId, connectorId, hash, now);
  const read = ({ managerId, connectorId }: PaymentConnector) => registry().readConnector(managerId, connectorId);

  describe('a connector', () => {
    test('reads back as it was completed, for each type of wallet', async () => {
      const seed = makeConnector({ description: 'research wallets' });
      for (const connector of [seed, makeConnector({ material: { type: 'AwsKms' } })]) {
        expect(await claim(connector)).toEqual({ kind: 'claimed' });
        await registry().completeConnector(connector, 'h1');
        expect(await read(connector)).toEqual(connector);
        expect(await claim(connector)).toEqual({ kind: 'exists', resource: connector, requestHash: 'h1' });
      }
    });

    test('is null before it is completed, and under another manager', async () => {
      const connector = makeConnector();
      await claim(connector);
      expect(await read(connector)).toBeNull();
      await registry().completeConnector(connector, 'h1');
      expect(await read({ ...connector, managerId: makeManagerId() })).toBeNull();
    });

    test('is claimed once by parallel requests', async () => {
      const connector = makeConnector();
      const outcomes = await Promise.all(times(PARALLEL, () => claim(connector)));
      expect(countKinds(outcomes)).toEqual({ claimed: 1, in_progress: PARALLEL - 1 });
    });

    test('is claimed apart under each manager', async () => {
      const connector = makeConnector();
      expect(await claim(connector)).toEqual({ kind: 'claimed' });
      expect(await claim({ ...connector, managerId: makeManagerId() })).toEqual({ kind: 'claimed' });
    });

    test('is not taken over one millisecond before its lease ends, and is when it ends', async () => {
      const connector = makeConnector();
      await claim(connector);
      expect(await claim(connector, 'h1', addMs(NOW, CREATE_LEASE_MS - 1))).toEqual({
        kind: 'in_progress',
        requestHash: 'h1',
      });
      expect(await claim(connector, 'h1', LEASE_END)).toEqual({ kind: 'claimed' });
    });

    test('is taken over once by parallel requests, with a lease of its own', async () => {
      const connector = makeConnector();
      await claim(connector);
      const outcomes = await Promise.all(times(PARALLEL, () => claim(connector, 'h1', LEASE_END)));
      expect(countKinds(outcomes)).toEqual({ claimed: 1, in_progress: PARALLEL - 1 });
      const before = await claim(connector, 'h1', addMs(LEASE_END, CREATE_LEASE_MS - 1));
      expect(before.kind).toBe('in_progress');
    });

    test('is not taken over by another request, however old the claim', async () => {
      const connector = makeConnector();
      await claim(connector, 'h1');
      expect(await claim(connector, 'h2', addMs(LEASE_END, 1_000_000))).toEqual({
        kind: 'in_progress',
        requestHash: 'h1',
      });
    });

    test('refuses a completion without a claim, and one under another request', async () => {
      const connector = makeConnector();
      await expect(registry().completeConnector(connector, 'h1')).rejects.toThrow(/without a claim/);
      expect(await read(connector)).toBeNull();
      await claim(connector, 'h1');
      await expect(registry().completeConnector(connector, 'h2')).rejects.toThrow(/without a claim/);
      expect(await read(connector)).toBeNull();
    });

    test('is completed once: the same again is accepted, other material is not', async () => {
      const connector = makeConnector();
      await claim(connector);
      await registry().completeConnector(connector, 'h1');
      await registry().completeConnector(connector, 'h1');
      const other = { ...connector, material: { type: 'AwsKms' } } as const;
      await expect(registry().completeConnector(other, 'h1')).rejects.toThrow(NotNow);
      expect(await read(connector)).toEqual(connector);
    });
  });
}

function keyIndexContract(registry: () => Registry): void {
  async function completed(): Promise<PaymentConnector> {
    const connector = makeConnector();
    await registry().claimConnector(connector.managerId, connector.connectorId, 'h1', NOW);
    await registry().completeConnector(connector, 'h1');
    return connector;
  }
  const take = ({ managerId, connectorId }: PaymentConnector) => registry().takeKeyIndex(managerId, connectorId);

  describe('the key indexes of a connector', () => {
    test('are 0 to 99 for 100 parallel requests', async () => {
      const connector = await completed();
      const taken = await Promise.all(times(100, () => take(connector)));
      expect(taken.toSorted((a, b) => a - b)).toEqual(times(100, (index) => index));
      expect(await registry().readConnector(connector.managerId, connector.connectorId)).toEqual(connector);
    });

    test('begin at 0 for each connector', async () => {
      const [one, two] = [await completed(), await completed()];
      expect([await take(one), await take(one), await take(two)]).toEqual([0, 1, 0]);
    });

    test('are refused for a connector that is missing or only claimed', async () => {
      const connector = makeConnector();
      await expect(take(connector)).rejects.toThrow(/missing or not READY/);
      await registry().claimConnector(connector.managerId, connector.connectorId, 'h1', NOW);
      await expect(take(connector)).rejects.toThrow(/missing or not READY/);
    });
  });
}
