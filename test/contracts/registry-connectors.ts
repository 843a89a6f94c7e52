import { describe, expect, test } from 'vitest';
import { CREATE_LEASE_MS } from '../../lib/domain/limits.ts';
import { NotNow } from '../../lib/domain/ports/services.ts';
import type { Registry } from '../../lib/domain/ports/registry.ts';
import type { PaymentConnector } from '../../lib/domain/tenants/resources.ts';
import { addMs } from '../../lib/domain/time.ts';
import { NOW } from '../support/payments.ts';
import { makeConnector, makeManager, makeManagerId } from '../support/registry.ts';
import { PARALLEL, countKinds, times } from './parallel.ts';
import { count, makeRemembered } from './registry-managers.ts';

const LEASE_END = addMs(NOW, CREATE_LEASE_MS);

/** What every registry must do when connectors are begun and completed. */
export function connectorContract(registry: () => Registry): void {
  const begin = ({ managerId, connectorId }: PaymentConnector, hash = 'h1', now = NOW) =>
    registry().beginConnector(managerId, connectorId, hash, now);
  const complete = (connector: PaymentConnector, hash = 'h1') => registry().completeConnector(connector, hash, null);
  const read = ({ managerId, connectorId }: PaymentConnector) => registry().readConnector(managerId, connectorId);

  /** A connector to be, under a manager of its own. */
  async function make(overrides: Partial<PaymentConnector> = {}): Promise<PaymentConnector> {
    const connector = makeConnector(overrides);
    await registry().createManager(makeManager({ managerId: connector.managerId }), null);
    return connector;
  }

  describe('a connector', () => {
    test('reads back as it was completed, for each type of wallet', async () => {
      const seed = await make({ description: 'research wallets' });
      for (const connector of [seed, await make({ material: { type: 'AwsKms' } })]) {
        expect(await begin(connector)).toEqual({ kind: 'begun' });
        expect(await complete(connector)).toBe('completed');
        expect(await read(connector)).toEqual(connector);
        expect(await begin(connector)).toEqual({ kind: 'exists', resource: connector, requestHash: 'h1' });
      }
    });

    test('is null before it is completed, and under another manager', async () => {
      const connector = await make();
      await begin(connector);
      expect(await read(connector)).toBeNull();
      await complete(connector);
      expect(await read({ ...connector, managerId: makeManagerId() })).toBeNull();
    });

    test('is begun once by parallel requests', async () => {
      const connector = await make();
      const outcomes = await Promise.all(times(PARALLEL, () => begin(connector)));
      expect(countKinds(outcomes)).toEqual({ begun: 1, in_progress: PARALLEL - 1 });
    });

    test('is begun apart under each manager', async () => {
      const connector = await make();
      expect(await begin(connector)).toEqual({ kind: 'begun' });
      const { managerId } = await make();
      expect(await begin({ ...connector, managerId })).toEqual({ kind: 'begun' });
    });

    test('is not taken over one millisecond before its lease ends, and is when it ends', async () => {
      const connector = await make();
      await begin(connector);
      expect(await begin(connector, 'h1', addMs(NOW, CREATE_LEASE_MS - 1))).toEqual({
        kind: 'in_progress',
        requestHash: 'h1',
      });
      expect(await begin(connector, 'h1', LEASE_END)).toEqual({ kind: 'begun' });
    });

    test('is taken over once by parallel requests, with a lease of its own', async () => {
      const connector = await make();
      await begin(connector);
      const outcomes = await Promise.all(times(PARALLEL, () => begin(connector, 'h1', LEASE_END)));
      expect(countKinds(outcomes)).toEqual({ begun: 1, in_progress: PARALLEL - 1 });
      const before = await begin(connector, 'h1', addMs(LEASE_END, CREATE_LEASE_MS - 1));
      expect(before.kind).toBe('in_progress');
    });

    test('is not taken over by another request, however old the draft', async () => {
      const connector = await make();
      await begin(connector, 'h1');
      expect(await begin(connector, 'h2', addMs(LEASE_END, 1_000_000))).toEqual({
        kind: 'in_progress',
        requestHash: 'h1',
      });
    });

    test('refuses a completion without a draft, and one under another request', async () => {
      const connector = await make();
      await expect(complete(connector)).rejects.toThrow(/without a draft/);
      expect(await read(connector)).toBeNull();
      await begin(connector, 'h1');
      await expect(complete(connector, 'h2')).rejects.toThrow(/without a draft/);
      expect(await read(connector)).toBeNull();
    });

    test('is completed once: the same again is accepted, other material is not', async () => {
      const connector = await make();
      await begin(connector);
      await complete(connector);
      await complete(connector);
      const other = { ...connector, material: { type: 'AwsKms' } } as const;
      await expect(complete(other)).rejects.toThrow(NotNow);
      expect(await read(connector)).toEqual(connector);
    });

    test('has no place under a manager that is missing or deleted, and one under any other', async () => {
      const connector = makeConnector();
      const { managerId } = connector;
      expect(await begin(connector)).toEqual({ kind: 'no_place', why: 'missing' });
      const manager = makeManager({ managerId });
      await registry().createManager(manager, null);
      expect(await begin(connector)).toEqual({ kind: 'begun' });
      expect(await registry().deleteManager(manager, null, NOW)).toBe('changed');
      expect(await begin(makeConnector({ managerId }))).toEqual({ kind: 'no_place', why: 'missing' });
    });

    test('is not completed under a manager that was deleted since the draft', async () => {
      const connector = await make();
      await begin(connector);
      const manager = (await registry().readManager(connector.managerId))!;
      expect(await registry().deleteManager(manager, null, NOW)).toBe('changed');
      expect(await complete(connector)).toBe('manager_missing');
      expect(await read(connector)).toBeNull();
    });

    test('is not completed under a client token that was never bound to the request', async () => {
      const connector = await make();
      await begin(connector);
      await expect(registry().completeConnector(connector, 'h1', makeRemembered())).rejects.toThrow(/not its own/);
      expect(await read(connector)).toBeNull();
    });

    test('is completed once by parallel requests, and counts once', async () => {
      const connector = await make();
      await begin(connector);
      const outcomes = await Promise.all(times(PARALLEL, () => complete(connector)));
      expect(count(outcomes, 'completed')).toBe(PARALLEL);
      expect(await registry().deleteConnector(connector, null, NOW)).toBe('changed');
      const manager = (await registry().readManager(connector.managerId))!;
      expect(await registry().deleteManager(manager, null, NOW)).toBe('changed');
    });
  });
}
