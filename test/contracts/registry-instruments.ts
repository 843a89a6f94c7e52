import { beforeAll, describe, expect, test } from 'vitest';
import { CREATE_LEASE_MS } from '../../lib/domain/limits.ts';
import { NotNow } from '../../lib/domain/ports/services.ts';
import type { Registry } from '../../lib/domain/ports/registry.ts';
import type { EvmInstrument, PaymentInstrument } from '../../lib/domain/tenants/resources.ts';
import { addMs } from '../../lib/domain/time.ts';
import { NOW } from '../support/payments.ts';
import { activate, createParents, makeInstrument, makeManagerId } from '../support/registry.ts';
import { PARALLEL, countKinds, times } from './parallel.ts';

const LEASE_END = addMs(NOW, CREATE_LEASE_MS);

/** What every registry must do with instruments. */
export function instrumentContract(registry: () => Registry): void {
  let parents: Pick<PaymentInstrument, 'managerId' | 'connectorId'>;
  beforeAll(async () => {
    parents = await createParents(registry());
  });
  const make = (overrides: Partial<EvmInstrument> = {}) => makeInstrument({ ...parents, ...overrides });
  const begin = (instrument: PaymentInstrument, hash = 'h1', now = NOW) =>
    registry().beginInstrument(instrument, hash, now);
  const read = (instrument: PaymentInstrument) => registry().readInstrument(instrument, instrument.instrumentId);

  describe('an instrument', () => {
    test('reads back as it was begun, then as it was completed', async () => {
      const instrument = make({
        linkedAccounts: [{ email: { emailAddress: 'a@example.com' } }, { oauth2: { sub: '1', __proto__x: 'y' } }],
      });
      expect(await begin(instrument)).toEqual({ kind: 'begun' });
      expect(await read(instrument)).toEqual(instrument);
      const active = activate(instrument);
      await registry().completeInstrument(active);
      expect(await read(instrument)).toEqual(active);
      expect(await begin(instrument)).toEqual({ kind: 'exists', resource: active, requestHash: 'h1' });
    });

    test('reads back a key that is derived from a seed', async () => {
      const instrument = make();
      await begin(instrument);
      const { address } = activate(instrument).wallet!;
      const key = { type: 'SeedVault', secretArn: 'arn:aws:x', secretVersionId: 'v1', index: 7 } as const;
      const active = { ...activate(instrument), wallet: { address, key } };
      await registry().completeInstrument(active);
      expect(await read(instrument)).toEqual(active);
    });

    test('is begun once by parallel requests', async () => {
      const instrument = make();
      const outcomes = await Promise.all(times(PARALLEL, () => begin(instrument)));
      expect(countKinds(outcomes)).toEqual({ begun: 1, in_progress: PARALLEL - 1 });
    });

    test('is not taken over one millisecond before its lease ends, and is once when it ends', async () => {
      const instrument = make();
      await begin(instrument);
      const early = await begin(instrument, 'h1', addMs(NOW, CREATE_LEASE_MS - 1));
      expect(early).toEqual({ kind: 'in_progress', requestHash: 'h1' });
      const later = { ...instrument, createdAt: LEASE_END };
      const outcomes = await Promise.all(times(PARALLEL, () => begin(later, 'h1', LEASE_END)));
      expect(countKinds(outcomes)).toEqual({ begun: 1, in_progress: PARALLEL - 1 });
    });

    test('that is given back is taken over at once, by the same request alone', async () => {
      const instrument = make();
      await begin(instrument);
      await registry().yieldInstrument(instrument);
      const next = { ...instrument, createdAt: addMs(NOW, 1) };
      expect(await begin(next, 'h2', addMs(NOW, 1))).toEqual({ kind: 'in_progress', requestHash: 'h1' });
      expect(await begin(next, 'h1', addMs(NOW, 1))).toEqual({ kind: 'begun' });
      // The repetition of the first giving back takes nothing from the second draft.
      await registry().yieldInstrument(instrument);
      expect(await begin(next, 'h1', addMs(NOW, 2))).toEqual({ kind: 'in_progress', requestHash: 'h1' });
      await registry().completeInstrument(activate(next));
      await registry().yieldInstrument(next);
      expect(await read(instrument)).toEqual(activate(next));
    });

    test('is not taken over by another request, however old the draft', async () => {
      const instrument = make();
      await begin(instrument, 'h1');
      const other = await begin(instrument, 'h2', addMs(LEASE_END, 1_000_000));
      expect(other).toEqual({ kind: 'in_progress', requestHash: 'h1' });
    });

    test('takes the key of the draft that took over, not that of the one before', async () => {
      const slow = make();
      await begin(slow);
      const later = { ...slow, createdAt: LEASE_END, updatedAt: LEASE_END };
      await begin(later, 'h1', LEASE_END);
      await expect(registry().completeInstrument(activate(slow, 'key-slow'))).rejects.toThrow(NotNow);
      await registry().completeInstrument(activate(later, 'key-later'));
      await expect(registry().completeInstrument(activate(slow, 'key-slow'))).rejects.toThrow(NotNow);
      expect(await read(slow)).toEqual(activate(later, 'key-later'));
    });

    test('is completed once: the same again is accepted, another key is not', async () => {
      const instrument = make();
      await begin(instrument);
      await registry().completeInstrument(activate(instrument));
      await registry().completeInstrument(activate(instrument));
      await expect(registry().completeInstrument(activate(instrument, 'key-2'))).rejects.toThrow(NotNow);
      expect(await read(instrument)).toEqual(activate(instrument));
    });

    test('keeps one place at its connector however often its draft is taken over', async () => {
      const connectorIds = await createParents(registry());
      const instrument = makeInstrument(connectorIds);
      expect(await begin(instrument)).toEqual({ kind: 'begun' });
      const later = { ...instrument, createdAt: LEASE_END, updatedAt: LEASE_END };
      expect(await begin(later, 'h1', LEASE_END)).toEqual({ kind: 'begun' });
      await registry().completeInstrument(activate(later));
      expect(await begin(instrument)).toMatchObject({ kind: 'exists' });
      expect(await registry().deleteInstrument(later, later.instrumentId, LEASE_END)).not.toBeNull();
      await expectUnused(registry(), connectorIds);
    });

    test('gives its place back when it is deleted before it is complete, once', async () => {
      const connectorIds = await createParents(registry());
      const [kept, gone] = [makeInstrument(connectorIds), makeInstrument(connectorIds)];
      await begin(kept);
      await begin(gone);
      expect(await registry().deleteInstrument(gone, gone.instrumentId, NOW)).toMatchObject({ status: 'DELETED' });
      expect(await registry().deleteInstrument(gone, gone.instrumentId, NOW)).toBeNull();
      // Neither a draft nor a completion that comes late takes a place again.
      expect(await begin(gone, 'h1', LEASE_END)).toMatchObject({ kind: 'exists' });
      await expect(registry().completeInstrument(activate(gone))).rejects.toThrow(NotNow);
      const connector = (await registry().readConnector(connectorIds.managerId, connectorIds.connectorId))!;
      expect(await registry().deleteConnector(connector, null, NOW)).toBe('in_use');
      expect(await registry().deleteInstrument(kept, kept.instrumentId, NOW)).not.toBeNull();
      await expectUnused(registry(), connectorIds);
    });

    test('refuses a completion without a draft and one without a key', async () => {
      const instrument = make();
      await expect(registry().completeInstrument(activate(instrument))).rejects.toThrow(/without a draft/);
      await begin(instrument);
      await expect(registry().completeInstrument(instrument)).rejects.toThrow(/completed as INITIATED/);
      expect(await read(instrument)).toEqual(instrument);
    });

    test('refuses to begin one that is active already', async () => {
      await expect(begin(activate(make()))).rejects.toThrow(/is ACTIVE/);
    });

    test('is null to every other user, however the ids are cut', async () => {
      const instrument = make({ userId: 'a#b' });
      await begin(instrument);
      for (const userId of ['a', 'b', 'a#', '#b', 'a#b#', 'A#b', `a#b#${instrument.instrumentId}`]) {
        expect(await read({ ...instrument, userId }), userId).toBeNull();
      }
      expect(await read({ ...instrument, managerId: makeManagerId() })).toBeNull();
      expect(await read(instrument)).toEqual(instrument);
    });

    test('refuses a manager id that could reach into another tenant', async () => {
      const instrument = make({ userId: 'a#b' });
      await begin(instrument);
      const forged = { ...instrument, managerId: `${instrument.managerId}#a`, userId: 'b' };
      await expect(read(forged)).rejects.toThrow(/not a manager id/);
    });
  });
}

/** Asserts that nothing counts at a connector any more. */
async function expectUnused(
  registry: Registry,
  { managerId, connectorId }: Pick<PaymentInstrument, 'managerId' | 'connectorId'>,
): Promise<void> {
  const connector = (await registry.readConnector(managerId, connectorId))!;
  expect(await registry.deleteConnector(connector, null, NOW)).toBe('changed');
}

/** What every registry must do when an instrument is deleted. */
export function deletionContract(registry: () => Registry): void {
  let parents: Pick<PaymentInstrument, 'managerId' | 'connectorId'>;
  beforeAll(async () => {
    parents = await createParents(registry());
  });
  const make = (overrides: Partial<EvmInstrument> = {}) => makeInstrument({ ...parents, ...overrides });
  const remove = (instrument: PaymentInstrument, now = addMs(NOW, 5_000)) =>
    registry().deleteInstrument(instrument, instrument.instrumentId, now);

  async function active(): Promise<PaymentInstrument> {
    const instrument = make();
    await registry().beginInstrument(instrument, 'h1', NOW);
    await registry().completeInstrument(activate(instrument));
    return activate(instrument);
  }

  describe('a deletion', () => {
    test('marks an instrument and keeps its key', async () => {
      const instrument = await active();
      const expected = { ...instrument, status: 'DELETED', updatedAt: addMs(NOW, 5_000) };
      expect(await remove(instrument)).toEqual(expected);
      expect(await registry().readInstrument(instrument, instrument.instrumentId)).toEqual(expected);
    });

    test('is null for an instrument that is missing, foreign or deleted already', async () => {
      const instrument = await active();
      expect(await remove(make())).toBeNull();
      expect(await remove({ ...instrument, userId: 'somebody else' })).toBeNull();
      expect(await remove({ ...instrument, managerId: makeManagerId() })).toBeNull();
      expect((await registry().readInstrument(instrument, instrument.instrumentId))?.status).toBe('ACTIVE');
      expect(await remove(instrument)).not.toBeNull();
      expect(await remove(instrument, addMs(NOW, 5_001))).toBeNull();
    });

    test('happens once for parallel requests', async () => {
      const instrument = await active();
      const outcomes = await Promise.all(times(PARALLEL, (index) => remove(instrument, addMs(NOW, index))));
      expect(outcomes.filter((outcome) => outcome !== null)).toHaveLength(1);
    });

    test('is final: no draft or completion brings the instrument back', async () => {
      const begun = make();
      await registry().beginInstrument(begun, 'h1', NOW);
      const deleted = await remove(begun);
      expect(deleted?.status).toBe('DELETED');
      await expect(registry().completeInstrument(activate(begun))).rejects.toThrow(NotNow);
      expect(await registry().beginInstrument(begun, 'h1', LEASE_END)).toEqual({
        kind: 'exists',
        resource: deleted,
        requestHash: 'h1',
      });
    });
  });
}
