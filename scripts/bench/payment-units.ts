import { toMicroUsd } from '../../lib/domain/money.ts';
import { createPayerCache } from '../../lib/service/paying/payer.ts';
import { processPayment } from '../../lib/service/paying/process-payment.ts';
import { sweepOnce } from '../../lib/service/sweeping/sweep.ts';
import { paid } from '../../test/support/paying.ts';
import { againstLimit, type Figure, type Row } from './row.ts';
import { readUnits, serialTrips, withStore, writeUnits } from './store-world.ts';

/** What one call to ProcessPayment asks of the store. */
export interface StoreUse {
  readonly trips: number;
  readonly calls: number;
  readonly writeUnits: number;
  readonly readUnits: number;
}

export interface PaymentUse {
  /** In a process that knows session and instrument already. */
  readonly success: StoreUse;
  readonly firstOfProcess: StoreUse;
  readonly denial: StoreUse;
  /** The same in a process that does not know session and instrument yet. */
  readonly firstDenial: StoreUse;
  readonly replay: StoreUse;
  /** What the sweeper's later visit to one payment adds to a pass that finds nothing. */
  readonly visit: StoreUse;
}

const SUCCESS_TRIPS_MAX = 4;
const DENIAL_TRIPS_MAX = 2;
const REPLAY_TRIPS_MAX = 1;
const WRITE_UNITS_MAX = 8;
const AFTER_LEASE_MS = 20_000;

function difference(a: StoreUse, b: StoreUse): StoreUse {
  return {
    trips: a.trips - b.trips,
    calls: a.calls - b.calls,
    writeUnits: a.writeUnits - b.writeUnits,
    readUnits: a.readUnits - b.readUnits,
  };
}

/** Counts at the hop; nothing is timed. */
export async function countPaymentUse(): Promise<PaymentUse> {
  return withStore(async ({ world, hop, clock }) => {
    hop.countRounds(true);
    const use = async (act: () => Promise<unknown>): Promise<StoreUse> => {
      hop.forget();
      await act();
      return {
        trips: serialTrips(hop.calls),
        calls: hop.calls.length,
        writeUnits: writeUnits(hop.calls),
        readUnits: readUnits(hop.calls),
      };
    };
    const sweep = (expected: number) =>
      use(async () => {
        clock.advance(AFTER_LEASE_MS);
        const { visited } = await sweepOnce(world.sweepDeps);
        if (visited !== expected) throw new Error(`the sweeper visited ${visited} payments instead of ${expected}`);
      });
    const session = await world.open({ limit: toMicroUsd(1_100_000n) });
    const idle = await sweep(0);
    const firstOfProcess = await use(async () => paid(await processPayment(world.deps, world.request(session))));
    const visit = difference(await sweep(1), idle);
    const request = world.request(session);
    const success = await use(async () => paid(await processPayment(world.deps, request)));
    const replay = await use(async () => paid(await processPayment(world.deps, request)));
    const denialBy = (deps: typeof world.deps) =>
      use(async () => {
        if ((await processPayment(deps, world.request(session))).ok) throw new Error('was not denied');
      });
    const denial = await denialBy(world.deps);
    const firstDenial = await denialBy({ ...world.deps, payers: createPayerCache() });
    return { success, firstOfProcess, denial, firstDenial, replay, visit };
  });
}

function trips(value: number): Figure {
  return { value, unit: 'trips' };
}

function most(value: number) {
  return { kind: 'ours_at_most', value } as const;
}

/** P10: serial round trips and write units of a payment. */
export async function measurePaymentUse(): Promise<Row[]> {
  const { success, firstOfProcess, denial, firstDenial, replay, visit } = await countPaymentUse();
  const units = { value: success.writeUnits + visit.writeUnits, unit: 'WRU' };
  return [
    againstLimit(
      'P10',
      'round trips, success',
      trips(success.trips),
      most(SUCCESS_TRIPS_MAX),
      `${success.calls} calls; the first payment of a process takes ${firstOfProcess.trips}`,
    ),
    againstLimit(
      'P10',
      'round trips, denial',
      trips(Math.max(denial.trips, firstDenial.trips)),
      most(DENIAL_TRIPS_MAX),
      `${denial.calls} calls, ${denial.writeUnits} WRU; ${firstDenial.writeUnits} WRU where the process does not know the session`,
    ),
    againstLimit('P10', 'round trips, replay', trips(replay.trips), most(REPLAY_TRIPS_MAX), `${replay.calls} calls`),
    againstLimit(
      'P10',
      'write units, success',
      units,
      most(WRITE_UNITS_MAX),
      `${success.writeUnits} while paying, ${visit.writeUnits} for the sweeper's visit, indexes included`,
    ),
  ];
}
