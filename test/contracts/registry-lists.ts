import { beforeAll, describe, expect, test } from 'vitest';
import type { UserKey } from '../../lib/domain/ports/services.ts';
import type { Registry } from '../../lib/domain/ports/registry.ts';
import type { EvmInstrument, PaymentInstrument } from '../../lib/domain/tenants/resources.ts';
import { NOW } from '../support/payments.ts';
import { createParents, makeInstrument, makeManagerId } from '../support/registry.ts';
import { expectRefused, forgeTokens, readAll, readPages, takeToken, type ListPage } from './pages.ts';
import { times } from './parallel.ts';

const ITEMS = 250;
const CONNECTORS = ['cards-0000000001', 'wallets-0000000002'] as const;

const makeId = (digit: string, index: number) => `payment-instrument-${digit}${`${index}`.padStart(14, '0')}`;
const idsOf = (instruments: readonly PaymentInstrument[]) => instruments.map((each) => each.instrumentId).toSorted();

/** What every registry's list of instruments must do. */
export function registryListContract(name: string, makeRegistry: () => Promise<Registry>): void {
  describe(`${name} keeps the contract of lists:`, () => {
    let registry: Registry;
    let all: readonly PaymentInstrument[];
    const user: UserKey = { managerId: makeManagerId(), userId: 'lister#1' };

    async function addConnectors(managerId: string): Promise<void> {
      for (const connectorId of CONNECTORS) await createParents(registry, { managerId, connectorId });
    }

    async function add(overrides: Partial<EvmInstrument>): Promise<PaymentInstrument> {
      const instrument = makeInstrument(overrides);
      await registry.beginInstrument(instrument, 'h1', NOW);
      return instrument;
    }

    const list =
      (owner: UserKey, connectorId?: string): ListPage<PaymentInstrument> =>
      (page) =>
        registry.listInstruments(owner, connectorId === undefined ? page : { ...page, connectorId });

    beforeAll(async () => {
      registry = await makeRegistry();
      await addConnectors(user.managerId);
      // Every fifth belongs to the first connector.
      all = await Promise.all(
        times(ITEMS, (index) => add({ ...user, connectorId: CONNECTORS[index % 5 === 0 ? 0 : 1] })),
      );
    });

    test.each([
      [100, [100, 100, 50]],
      [50, [50, 50, 50, 50, 50]],
      [99, [99, 99, 52]],
    ])('every instrument once, in pages of %i, with no empty page at the end', async (maxResults, sizes) => {
      const pages = await readPages(list(user), maxResults);
      expect(pages.map(({ items }) => items.length)).toEqual(sizes);
      expect(idsOf(pages.flatMap(({ items }) => items))).toEqual(idsOf(all));
    });

    test('whole instruments, as they read one by one', async () => {
      const [first] = await readAll(list(user), 100);
      expect(first).toEqual(await registry.readInstrument(user, first!.instrumentId));
    });

    test('every instrument of a connector once, and none of another', async () => {
      for (const connectorId of CONNECTORS) {
        const expected = all.filter((each) => each.connectorId === connectorId);
        for (const maxResults of [7, 50, 100]) {
          expect(idsOf(await readAll(list(user, connectorId), maxResults))).toEqual(idsOf(expected));
        }
      }
      expect(await registry.listInstruments(user, { maxResults: 10, connectorId: 'none-0000000003' })).toEqual({
        items: [],
      });
    });

    test('a bounded part of a long list that a filter drops, and the rest on the next page', async () => {
      const owner = { managerId: makeManagerId(), userId: 'u' };
      await addConnectors(owner.managerId);
      await Promise.all(
        times(410, (index) => add({ ...owner, instrumentId: makeId('0', index), connectorId: CONNECTORS[0] })),
      );
      const last = await Promise.all(
        times(3, (index) => add({ ...owner, instrumentId: makeId('1', index), connectorId: CONNECTORS[1] })),
      );
      const pages = await readPages(list(owner, CONNECTORS[1]), 10);
      expect(pages.map(({ items }) => items.length)).toEqual([0, 3]);
      expect(idsOf(pages.flatMap(({ items }) => items))).toEqual(idsOf(last));
    });

    test('nothing of other users and other managers', async () => {
      expect(await registry.listInstruments({ ...user, userId: 'lister' }, { maxResults: 10 })).toEqual({ items: [] });
      const stranger = { managerId: makeManagerId(), userId: user.userId };
      expect(await registry.listInstruments(stranger, { maxResults: 10 })).toEqual({ items: [] });
    });

    test('no deleted instrument, also when one is deleted between two pages', async () => {
      const owner = { managerId: makeManagerId(), userId: 'u' };
      await addConnectors(owner.managerId);
      const added = await Promise.all(times(6, () => add({ ...owner, connectorId: CONNECTORS[0] })));
      const first = await registry.listInstruments(owner, { maxResults: 3 });
      const gone = first.items.at(-1)!;
      await registry.deleteInstrument(owner, gone.instrumentId, NOW);
      const second = await registry.listInstruments(owner, { maxResults: 3, nextToken: first.nextToken! });
      expect(idsOf([...first.items, ...second.items])).toEqual(idsOf(added));
      expect(second.nextToken).toBeUndefined();
      expect(idsOf(await readAll(list(owner), 2))).toEqual(
        idsOf(added.filter((each) => each.instrumentId !== gone.instrumentId)),
      );
    });

    test('no page for a token that was forged, and a page for the real one', async () => {
      const token = await takeToken(list(user));
      for (const forged of forgeTokens(token)) await expectRefused(list(user), forged);
      expect((await registry.listInstruments(user, { maxResults: 10, nextToken: token })).items).toHaveLength(10);
    });

    test('no page for the token of another user, manager or filter', async () => {
      const token = await takeToken(list(user));
      await expectRefused(list({ ...user, userId: 'lister#2' }), token);
      await expectRefused(list({ ...user, managerId: makeManagerId() }), token);
      await expectRefused(list(user, CONNECTORS[0]), token);
      await expectRefused(list(user), await takeToken(list(user, CONNECTORS[0])));
    });

    test.each([0, 101, 1.5, Number.NaN])('no page of %d items', async (maxResults) => {
      await expect(registry.listInstruments(user, { maxResults })).rejects.toThrow(RangeError);
    });
  });
}
