// `npm run bench -- load`: what the local stack bears, and that a `kill -9` under load loses nothing that was answered.
import { closeSync, fsyncSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { median } from '../measure.ts';
import { openCallers, type Callers } from './callers.ts';
import { formatMemory, formatPhases, type MeasuredPhase } from './load-table.ts';
import { runPhase, type Acknowledged, type Phase } from './phases.ts';
import { startStackUnderLoad, type StackUnderLoad } from './stack-under-load.ts';
import { usageOf, watchMemory } from './usage.ts';

const USAGE = `usage: npm run bench -- load [--minutes N] [--data DIR]

  --minutes N  how long the load lasts, from 0.1 to 120 (default 1)
  --data DIR   the books lie in a new directory below it, such as one in memory (default: the system's for temporary files)`;
const MINUTES_MIN = 0.1;
const MINUTES_MAX = 120;
const CALLERS = 16;
const WARM_UP_SECONDS = 3;
const LIMIT_USD = '10000.00';
/** Less than a payment: all that is asked of it is denied. */
const SMALL_LIMIT_USD = '0.0005';
const DENIED_EVERY = 10;
const TWICE_EVERY = 10;
const KILL_AFTER_MS = 2_000;
/** Tokens that are asked for again after the kill: the latest, which it endangers most. */
const REPLAYS_MAX = 1_000;
const PAID_PER_SECOND_TARGET = 200;
const FAILURES_SHOWN_MAX = 5;
/** Intent, reserve, decide, settle: each a commit of its own. */
const COMMITS_OF_A_PAYMENT = 4;
const SYNC_PROBES = 50;
const PAGE_BYTES = 4_096;
const MIB = 1_024 * 1_024;

const newToken = (): string => `load-payment-${crypto.randomUUID()}`;
const never = (): boolean => false;

/** @returns the exit code */
export async function measureLoad(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '1' },
      data: { type: 'string', default: tmpdir() },
      help: { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.minutes);
  if (values.help || !(minutes >= MINUTES_MIN && minutes <= MINUTES_MAX)) {
    console.error(USAGE);
    return values.help ? 0 : 2;
  }
  if (process.platform !== 'linux')
    throw new Error(`processes are read from Linux's /proc; this is ${process.platform}`);
  const dataDir = mkdtempSync(join(values.data, 'bursar-load-'));
  process.once('exit', () => rmSync(dataDir, { recursive: true, force: true }));
  const syncMs = measureSync(dataDir);
  const stack = await startStackUnderLoad(dataDir, 0);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  process.once('exit', stack.killAtOnce);
  const acknowledged: Acknowledged = new Map();
  const callers = await openCallers(stack.target);
  const phases = await planPhases(callers, minutes * 60);
  await runPhase({ ...phases[1]!, seconds: WARM_UP_SECONDS }, callers, acknowledged);

  const measured: MeasuredPhase[] = [];
  for (const phase of phases.slice(0, -1)) measured.push(await measure(phase, stack, callers, acknowledged));
  const watch = watchMemory(stack.processes);
  measured.push(await measure(phases.at(-1)!, stack, callers, acknowledged));
  console.log(`${formatPhases(measured)}\n\n${formatMemory(watch.stop())}\n`);
  console.log(formatBooks(dataDir, acknowledged.size, syncMs));
  console.log(formatCeiling(measured, syncMs));
  console.log(formatVerdict(measured));

  const lost = await killAndLookBack(stack, dataDir, phases.at(-1)!, callers, acknowledged);
  const failed = measured.some(({ figures }) => figures.failures.length > 0);
  return lost > 0 || failed ? 1 : 0;
}

/** What it takes to have a page on the disk, which every commit waits for. */
function measureSync(dataDir: string): number {
  const file = openSync(join(dataDir, 'sync-probe'), 'w');
  const page = Buffer.alloc(PAGE_BYTES);
  const samples = Array.from({ length: SYNC_PROBES }, () => {
    writeSync(file, page);
    const started = performance.now();
    fsyncSync(file);
    return performance.now() - started;
  });
  closeSync(file);
  return median(samples);
}

function formatBooks(dataDir: string, payments: number, syncMs: number): string {
  const bytes = readdirSync(dataDir)
    .filter((name) => name.startsWith('tables.sqlite'))
    .reduce((sum, name) => sum + statSync(join(dataDir, name)).size, 0);
  const each = (bytes / payments / 1_000).toFixed(1);
  return `books: ${(bytes / MIB).toFixed(0)} MiB, ${each} kB a payment; each commit waits ${syncMs.toFixed(2)} ms for fsync here`;
}

/** The database does one thing after the other: what it computes and what it waits for the disk bounds the rate, however many cores there are. */
function formatCeiling(measured: readonly MeasuredPhase[], syncMs: number): string {
  const lines = measured.map(({ figures, before, after }) => {
    const computedMs = (after.database.cpuMs - before.database.cpuMs) / figures.latencies.length;
    return 1_000 / (computedMs + COMMITS_OF_A_PAYMENT * syncMs);
  });
  const best = Math.max(...lines);
  return `the database alone, at ${COMMITS_OF_A_PAYMENT} commits a payment and one after the other: at most ${best.toFixed(0)} payments a second`;
}

function formatVerdict(measured: readonly MeasuredPhase[]): string {
  const errors = measured.flatMap(({ figures }) =>
    figures.failures.map((failure) => `error in ${figures.name}: ${failure}`),
  );
  const best = Math.max(...measured.map(({ figures }) => figures.paid / figures.seconds));
  const met = best >= PAID_PER_SECOND_TARGET ? 'met' : 'not met';
  return [
    `at least ${PAID_PER_SECOND_TARGET} payments a second: ${met}, ${best.toFixed(0)}, beside a load of ${loadavg()[0]!.toFixed(1)} on ${cpus().length} cores`,
    ...errors.slice(0, FAILURES_SHOWN_MAX),
  ].join('\n');
}

/** The last phase takes half of the time, since memory can be compared only while the load stays the same. */
async function planPhases(callers: Pick<Callers, 'openSession'>, allSeconds: number): Promise<readonly Phase[]> {
  const seconds = allSeconds / 6;
  const many = await Promise.all(Array.from({ length: CALLERS }, () => callers.openSession(LIMIT_USD)));
  const [alone, hot, small] = await Promise.all([LIMIT_USD, LIMIT_USD, SMALL_LIMIT_USD].map(callers.openSession));
  const order = (sessionId: string) => ({ sessionId, clientToken: newToken() });
  return [
    { name: 'one caller', callers: 1, seconds, next: () => order(alone!), twice: never },
    { name: 'many sessions', callers: CALLERS, seconds, next: (caller) => order(many[caller]!), twice: never },
    { name: 'one hot session', callers: CALLERS, seconds, next: () => order(hot!), twice: never },
    {
      name: 'with denials and duplicates',
      callers: CALLERS,
      seconds: allSeconds / 2,
      next: (caller, turn) => order(turn % DENIED_EVERY === 0 ? small! : many[caller]!),
      twice: (turn) => turn % TWICE_EVERY === 1,
    },
  ];
}

async function measure(
  phase: Phase,
  stack: StackUnderLoad,
  callers: Callers,
  acknowledged: Acknowledged,
): Promise<MeasuredPhase> {
  const before = usageOf(stack.processes());
  const ours = process.cpuUsage();
  const figures = await runPhase(phase, callers, acknowledged);
  const { user, system } = process.cpuUsage(ours);
  return { figures, before, after: usageOf(stack.processes()), callersCpuMs: (user + system) / 1_000 };
}

/** Kills everything under load, starts it again on the same data and asks for the latest payments once more. */
async function killAndLookBack(
  stack: StackUnderLoad,
  dataDir: string,
  phase: Phase,
  callers: Callers,
  acknowledged: Acknowledged,
): Promise<number> {
  const stop = new AbortController();
  const load = runPhase({ ...phase, seconds: Number.POSITIVE_INFINITY }, callers, acknowledged, stop.signal);
  await wait(KILL_AFTER_MS);
  stop.abort();
  await stack.kill();
  process.off('exit', stack.killAtOnce);
  await load;
  const again = await startStackUnderLoad(dataDir, Number(new URL(stack.target.endpoint).port));
  try {
    const latest = [...acknowledged.values()].slice(-REPLAYS_MAX);
    let lost = 0;
    for (const { order, proof } of latest) {
      const outcome = await callers.pay(order);
      if (outcome.kind !== 'paid' || outcome.proof !== proof) lost += 1;
    }
    console.log(
      `killed with -9 under load: of the latest ${latest.length} payments that were answered, ${lost} are lost`,
    );
    return lost;
  } finally {
    await again.close();
  }
}
