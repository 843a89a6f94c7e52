import { describe, expect, test } from 'vitest';
import type { Registry } from '../../lib/domain/ports/registry.ts';
import type { PaymentConnector } from '../../lib/domain/tenants/resources.ts';
import { addMs } from '../../lib/domain/time.ts';
import { NOW } from '../support/payments.ts';
import { activate, createParents, makeConnector, makeInstrument, makeManagerId } from '../support/registry.ts';
import { expectRefused, forgeTokens, readAll, readPages, takeToken, type ListPage } from './pages.ts';
import { PARALLEL, times } from './parallel.ts';
import { count, makeRemembered } from './registry-managers.ts';

const LATER = addMs(NOW, 1_000);

/** What every registry must do when connectors are changed, deleted and listed. */
export function connectorChangeContract(registry: () => Registry): void {
  const read = ({ managerId, connectorId }: Pick<PaymentConnector, 'managerId' | 'connectorId'>) =>
    registry().readConnector(managerId, connectorId);
  const create = async (overrides: Partial<PaymentConnector> = {}) =>
    (await read(await createParents(registry(), overrides)))!;
  const change = (connector: PaymentConnector, description: string): PaymentConnector => ({
    ...connector,
    description,
    updatedAt: LATER,
    revision: connector.revision + 1,
  });
  const remove = (connector: PaymentConnector) => registry().deleteConnector(connector, null, LATER);

  describe('a connector that is complete', () => {
    test('reads back as it was changed, and keeps what it knows of its keys', async () => {
      for (const material of [makeConnector().material, { type: 'AwsKms' } as const]) {
        const connector = await create({ material });
        const next = change(connector, 'new');
        expect(await registry().replaceConnector(next, connector, makeRemembered())).toBe('changed');
        expect(await read(connector)).toEqual(next);
      }
    });

    test('keeps what it ignores until a change leaves it out', async () => {
      const ignored = { type: 'CoinbaseCDP', arn: 'arn:aws:iam::111122223333:role/unused' } as const;
      const connector = await create({ ignored });
      expect(await read(connector)).toEqual(connector);
      const next = { ...change(connector, 'new'), ignored: null };
      expect(await registry().replaceConnector(next, connector, null)).toBe('changed');
      expect(await read(connector)).toEqual(next);
    });

    test('is not changed by a caller that read an earlier revision, nor under a client token that is used up', async () => {
      const connector = await create();
      const next = change(connector, 'first');
      const remembered = makeRemembered();
      expect(await registry().replaceConnector(next, connector, remembered)).toBe('changed');
      expect(await registry().replaceConnector(change(connector, 'second'), connector, null)).toBe('stale');
      expect(await registry().replaceConnector(change(next, 'third'), next, remembered)).toBe('stale');
      expect(await registry().deleteConnector(next, remembered, LATER)).toBe('stale');
      expect(await remove(connector)).toBe('stale');
      expect(await read(connector)).toEqual(next);
    });

    test('is changed once by parallel changes of one revision', async () => {
      const connector = await create();
      const outcomes = await Promise.all(
        times(PARALLEL, (index) => registry().replaceConnector(change(connector, `${index}`), connector, null)),
      );
      expect([count(outcomes, 'changed'), count(outcomes, 'stale')]).toEqual([1, PARALLEL - 1]);
      expect((await read(connector))?.description).toBe(`${outcomes.indexOf('changed')}`);
    });

    test('is gone once deleted, for good, and its creation is answered as it was', async () => {
      const connector = await create();
      const outcomes = await Promise.all(times(PARALLEL, () => remove(connector)));
      expect([count(outcomes, 'changed'), count(outcomes, 'stale')]).toEqual([1, PARALLEL - 1]);
      expect(await read(connector)).toBeNull();
      expect(await registry().replaceConnector(change(connector, 'back'), connector, null)).toBe('stale');
      expect(await registry().beginConnector(connector.managerId, connector.connectorId, 'h1', NOW)).toEqual({
        kind: 'exists',
        resource: { ...connector, updatedAt: LATER },
        requestHash: 'h1',
      });
      expect(await read(connector)).toBeNull();
    });

    test('is in use while it has an instrument, begun or active, and not before or after', async () => {
      const connector = await create();
      const instrument = makeInstrument(connectorOf(connector));
      const remember = () => registry().deleteInstrument(instrument, instrument.instrumentId, LATER);
      expect(await registry().beginInstrument(instrument, 'h1', NOW)).toEqual({ kind: 'begun' });
      expect(await remove(connector)).toBe('in_use');
      await registry().completeInstrument(activate(instrument));
      expect(await remove(connector)).toBe('in_use');
      expect(await remember()).not.toBeNull();
      expect(await remember()).toBeNull();
      expect(await remove(connector)).toBe('changed');
    });

    test('has no place for an instrument once it is deleted, nor has one that never was', async () => {
      const connector = await create();
      expect(await remove(connector)).toBe('changed');
      for (const parent of [connectorOf(connector), { managerId: makeManagerId(), connectorId: 'none-0000000001' }]) {
        const instrument = makeInstrument(parent);
        const begun = await registry().beginInstrument(instrument, 'h1', NOW);
        expect(begun).toEqual({ kind: 'no_place', why: 'missing' });
        expect(await registry().readInstrument(instrument, instrument.instrumentId)).toBeNull();
      }
    });
  });

  listContract(registry, create, remove);
}

const connectorOf = ({ managerId, connectorId }: PaymentConnector) => ({ managerId, connectorId });

function listContract(
  registry: () => Registry,
  create: (overrides?: Partial<PaymentConnector>) => Promise<PaymentConnector>,
  remove: (connector: PaymentConnector) => Promise<unknown>,
): void {
  const list =
    (managerId: string): ListPage<PaymentConnector> =>
    (page) =>
      registry().listConnectors(managerId, page);

  describe('the connectors of a manager', () => {
    test.each([1, 2, 3, 100])('are each listed once, in pages of %i, without those begun or deleted', async (size) => {
      const managerId = makeManagerId();
      const ids = times(6, (index) => `cards${index}-000000000${index}`);
      const made = [];
      for (const connectorId of ids) made.push(await create({ managerId, connectorId }));
      await registry().beginConnector(managerId, 'cards3_-0000000000', 'h1', NOW);
      await remove(made[0]!);
      await remove(made[2]!);
      // Another manager's and an instrument, which are stored nearby.
      await create();
      await registry().beginInstrument(makeInstrument({ managerId, connectorId: ids[1]! }), 'h1', NOW);
      const expected = [made[1], made[3], made[4], made[5]];
      const pages = await readPages(list(managerId), size);
      expect(pages.flatMap(({ items }) => items)).toEqual(expected);
      expect(pages.map(({ items }) => items.length)).toEqual(
        times(Math.ceil(4 / size), (page) => Math.min(size, 4 - page * size)),
      );
    });

    test('are none where there is no manager', async () => {
      expect(await registry().listConnectors(makeManagerId(), { maxResults: 10 })).toEqual({ items: [] });
    });

    test('have no page for a token that was forged or is of another manager', async () => {
      const [one, two] = [makeManagerId(), makeManagerId()];
      for (const managerId of [one, one, two, two]) await create({ managerId });
      const token = await takeToken(list(one));
      for (const forged of forgeTokens(token)) await expectRefused(list(one), forged);
      await expectRefused(list(two), token);
      expect((await registry().listConnectors(one, { maxResults: 1, nextToken: token })).items).toHaveLength(1);
      expect(await readAll(list(one), 1)).toHaveLength(2);
    });
  });
}
