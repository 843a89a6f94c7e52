import { expect, test } from 'vitest';
import { SWEEP_END_MARGIN_MS, SWEEP_SHARDS, SWEEP_SHARDS_AT_ONCE } from '../../../lib/domain/limits.ts';
import { addMs, toEpochMs, type EpochMs } from '../../../lib/domain/time.ts';
import { sweep, sweepOnce } from '../../../lib/service/sweeping/sweep.ts';
import { createSweepModel, invocation, type CallCost, type SweepModelOptions } from '../../support/sweep-model.ts';
import { createVirtualTime } from '../../support/virtual-time.ts';

const START_MS = 1_760_000_040_000;
const MINUTE_MS = 60_000;
const TIMEOUT_MS = 90_000;
const FAST: CallCost = { waitMs: 10, cpuMs: 0 };
/** As much as one run gets nowhere near through, at the pace of `SLOW`. */
const BACKLOG = 8_000;
const SLOW: CallCost = { waitMs: 400, cpuMs: 0 };
const PAYMENT_CPU_MS = 1;
/** The stage's limit in lib/infra. */
const API_PAYMENTS_A_SECOND = 1_000;
const MIB_OF_ONE_PROCESSOR = 1_769;

const due = (overrides: Partial<SweepModelOptions> = {}): SweepModelOptions => ({
  payments: 3_200,
  sessions: 50,
  firstDueAt: toEpochMs(START_MS - MINUTE_MS),
  everyMs: 10,
  ...overrides,
});

/** Payments a second at which a sweeper works off what is due, each call at this cost. */
async function paceOf(cost: CallCost): Promise<number> {
  const time = createVirtualTime(START_MS);
  const model = createSweepModel(time, due({ payments: 8_000, sessions: 500, everyMs: 1 }));
  const until = addMs(time.now(), 3_600_000);
  const { visited, shardsLeft } = await time.runUntil(sweepOnce(model.sweeper(cost), undefined, until));
  expect({ visited, shardsLeft, left: model.left().length }).toEqual({ visited: 8_000, shardsLeft: 0, left: 0 });
  return visited / ((time.now() - START_MS) / 1_000);
}

/** What docs/operating.md says a sweeper holds: a processor's share of its memory, a millisecond of it and ten of waiting a call. */
test.each([
  { memoryMib: 256, atLeast: 140 },
  { memoryMib: 512, atLeast: 280 },
  { memoryMib: 1_769, atLeast: 940 },
])('keeps up with $atLeast payments a second with $memoryMib MiB', async ({ memoryMib, atLeast }) => {
  const pace = await paceOf({ waitMs: 10, cpuMs: (PAYMENT_CPU_MS * MIB_OF_ONE_PROCESSOR) / memoryMib });
  expect(pace).toBeGreaterThanOrEqual(atLeast);
  expect(pace).toBeLessThan(atLeast * 1.1);
});

test('keeps up with more than the API lets in where only the store takes time', async () => {
  expect(await paceOf(FAST)).toBeGreaterThan(3 * API_PAYMENTS_A_SECOND);
});

test('takes one write for a settled payment, and three reads for a hundred of them', async () => {
  const time = createVirtualTime(START_MS);
  const model = createSweepModel(time, due({ payments: SWEEP_SHARDS * 250 }));
  await time.runUntil(sweepOnce(model.sweeper(FAST)));
  const count = (operation: string) => model.calls.filter((call) => call.operation === operation).length;
  expect([count('write'), count('query'), count('read')]).toEqual([4_000, SWEEP_SHARDS * 3, SWEEP_SHARDS * 6]);
});

test('never has more calls under way than a client of the store has sockets', async () => {
  const time = createVirtualTime(START_MS);
  const model = createSweepModel(time, due());
  let [now, most] = [0, 0];
  const counted = model.sweeper(FAST, () => {
    now += 1;
    most = Math.max(most, now);
    // A call of the model takes its time after this.
    void time.sleep(FAST.waitMs).then(() => (now -= 1));
  });
  await time.runUntil(sweepOnce(counted));
  expect(most).toBeGreaterThan(40);
  expect(most).toBeLessThanOrEqual(50);
});

test('ends with a report before its time is up, without a second pass, and leaves time for what waits', async () => {
  const time = createVirtualTime(START_MS);
  const model = createSweepModel(time, due({ payments: BACKLOG, everyMs: 1 }));
  let [shareMs, callsBefore] = [0, 0];
  const meanwhile = async (until: EpochMs) => {
    shareMs = until - time.now();
    callsBefore = model.calls.length;
  };
  const run = { ...invocation(time, TIMEOUT_MS), meanwhile };
  const report = await time.runUntil(sweep(model.sweeper(SLOW), run));
  expect(report.shardsLeft).toBeGreaterThan(0);
  expect(report).toMatchObject({ failed: 0, visited: BACKLOG - model.left().length });
  expect(time.now()).toBeLessThanOrEqual(run.deadline - SWEEP_END_MARGIN_MS);
  expect(shareMs).toBeGreaterThan(5_000);
  expect(model.calls).toHaveLength(callsBefore);
});

test('reaches every shard within two runs although neither has the time for all of them', async () => {
  const time = createVirtualTime(START_MS);
  const model = createSweepModel(time, due({ payments: BACKLOG, everyMs: 1 }));
  const perShard = BACKLOG / SWEEP_SHARDS;
  for (let minute = 0; minute < 2; minute += 1) {
    const run = sweep(model.sweeper({ ...SLOW, waitMs: 2_500 }), invocation(time, TIMEOUT_MS));
    await time.runUntil(run);
  }
  for (let shard = 0; shard < SWEEP_SHARDS; shard += 1) {
    expect(model.left().filter((visit) => visit.shard === shard).length).toBeLessThan(perShard);
  }
  expect(model.left().length).toBeGreaterThan(0);
});

test('shares the work with a run that overlaps it: each begins with shards that the other has not', async () => {
  const time = createVirtualTime(START_MS);
  const model = createSweepModel(time, due({ payments: BACKLOG, everyMs: 1 }));
  const first = sweep(model.sweeper(SLOW), invocation(time, TIMEOUT_MS));
  const firstShards = new Set(model.calls.map(({ shard }) => shard));
  const second = time.sleep(MINUTE_MS).then(async () => {
    const before = model.calls.length;
    const running = sweep(model.sweeper(SLOW), invocation(time, TIMEOUT_MS));
    const begun = model.calls.slice(before).map(({ shard }) => shard);
    expect(begun).toHaveLength(SWEEP_SHARDS_AT_ONCE);
    expect(begun.filter((shard) => firstShards.has(shard))).toEqual([]);
    return running;
  });
  const reports = await time.runUntil(Promise.all([first, second]));
  expect(reports.map(({ failed }) => failed)).toEqual([0, 0]);
  await time.runUntil(sweep(model.sweeper(FAST), invocation(time, TIMEOUT_MS)));
  expect(model.left()).toEqual([]);
});

test('leaves what a killed run did not do to the next, which does it', async () => {
  const time = createVirtualTime(START_MS);
  const model = createSweepModel(time, due());
  const never = new Promise<never>(() => undefined);
  // Its process is gone in the middle of its work: nothing that it asks for happens any more.
  const killed = model.sweeper(FAST, () => (model.calls.length > 1_000 ? never : undefined));
  void sweep(killed, invocation(time, TIMEOUT_MS));
  await time.runUntil(time.sleep(MINUTE_MS));
  expect(model.left().length).toBeGreaterThan(1_000);
  const report = await time.runUntil(sweep(model.sweeper(FAST), invocation(time, TIMEOUT_MS)));
  expect(report).toMatchObject({ failed: 0, shardsLeft: 0 });
  expect(model.left()).toEqual([]);
});

test('one write that fails in the middle of many stops none of the others, and is done by the next pass', async () => {
  const time = createVirtualTime(START_MS);
  const model = createSweepModel(time, due());
  const [broken] = model.left().slice(37);
  let failures = 0;
  const deps = model.sweeper(FAST, ({ id }) => {
    if (id !== broken!.id || failures === 1) return;
    failures += 1;
    throw new Error('planted');
  });
  const first = await time.runUntil(sweepOnce(deps));
  expect(first).toMatchObject({ visited: 3_200, failed: 1, shardsLeft: 0 });
  expect(model.left().map(({ id }) => id)).toEqual([broken!.id]);
  expect(model.reported).toMatchObject([{ event: 'sweep.visit_failed', paymentId: broken!.id }]);
  expect(await time.runUntil(sweep(deps, invocation(time, TIMEOUT_MS)))).toMatchObject({ visited: 1, failed: 0 });
  expect(model.left()).toEqual([]);
});

test('a shard that cannot be searched stops none of the others, and counts as a failure', async () => {
  const time = createVirtualTime(START_MS);
  const model = createSweepModel(time, due());
  const deps = model.sweeper(FAST, ({ shard }) => {
    if (shard === 3) throw new Error('planted');
  });
  const report = await time.runUntil(sweepOnce(deps));
  expect(report).toMatchObject({ visited: 3_000, failed: 1 });
  expect(new Set(model.left().map(({ shard }) => shard))).toEqual(new Set([3]));
  expect(model.reported).toMatchObject([{ event: 'sweep.shard_failed', shard: 3 }]);
});

test('logs the first hundred failures of a run and counts them all', async () => {
  const time = createVirtualTime(START_MS);
  const model = createSweepModel(time, due({ payments: 320 }));
  const deps = model.sweeper(FAST, ({ operation }) => {
    if (operation === 'write') throw new Error('planted');
  });
  expect(await time.runUntil(sweepOnce(deps))).toMatchObject({ visited: 320, failed: 320 });
  expect(model.reported).toHaveLength(100);
});
