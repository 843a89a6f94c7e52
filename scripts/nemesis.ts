import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openAccount, type Account } from './nemesis/account.ts';
import { bringToRest } from './nemesis/aftermath.ts';
import { createDraw, planRounds, type Round } from './nemesis/plan.ts';
import { startStackProcess, type StackProcess, type StackProcessOptions } from './nemesis/stack-process.ts';
import { startTraffic, type Traffic } from './nemesis/traffic.ts';
import { findViolations, provenOn, violationsAtRest, violationsInFlight } from './nemesis/verdict.ts';
import { findFreePort } from '../lib/local/loopback/server.ts';

const USAGE = `usage: npm run nemesis -- [--kills N] [--seed S]

Kills the local stack in mid-traffic, again and again, and checks the books. Between two kills, processes that run functions
are killed or stopped for a while, some for longer than a lease, and their clocks are up to two seconds off. Needs Linux.

  --kills N  how often everything is killed, from 1 to 1000 (default 20)
  --seed S   repeats the times of an earlier run`;

const KILLS_MAX = 1_000;
const SEED_MAX = 2 ** 31;
/** One session that lasts, and one for each round that is soon used up. */
const LASTING_LIMIT_USD = '100000.00';
const ROUND_LIMIT_USD = '2.00';
const VIOLATIONS_SHOWN_MAX = 20;
const READY_TIMEOUT_MS = 60_000;

interface Run {
  readonly where: StackProcessOptions;
  readonly violations: string[];
  readonly counts: { kills: number; processes: number; workers: number; stops: number };
  /** `null` before the first start. */
  paying: { readonly account: Account; readonly traffic: Traffic; readonly sessionIds: string[] } | null;
}

const started = performance.now();
const say = (line: string): void => {
  process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
};

function readArguments(): { readonly kills: number; readonly seed: number } {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '20' },
      seed: { type: 'string', default: `${randomInt(SEED_MAX)}` },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    process.exit(0);
  }
  const parse = (name: 'kills' | 'seed', min: number, max: number): number => {
    const number = /^[0-9]{1,10}$/.test(values[name]) ? Number(values[name]) : -1;
    if (number >= min && number <= max) return number;
    throw new Error(`--${name} must be a number from ${min} to ${max}. Received: ${values[name]}`);
  };
  return { kills: parse('kills', 1, KILLS_MAX), seed: parse('seed', 0, SEED_MAX) };
}

/** One life of the stack. The traffic goes on all the time, also while nobody answers. */
async function playRound(run: Run, round: Round, seed: number): Promise<void> {
  const stack = startStackProcess(run.where);
  if (round.killedWhile === 'starting') {
    await wait(round.afterMs);
  } else {
    const info = await inTime(stack.ready);
    if (run.paying === null) {
      const account = await openAccount(info);
      const lasting = await account.openSession(LASTING_LIMIT_USD);
      run.paying = { account, traffic: startTraffic(account, createDraw(seed + 1), lasting), sessionIds: [lasting] };
    }
    await checkInFlight(run);
    const { account, traffic, sessionIds } = run.paying;
    const sessionId = await account.openSession(ROUND_LIMIT_USD);
    sessionIds.push(sessionId);
    traffic.useSession(sessionId);
    const draw = createDraw(seed + run.counts.kills);
    await Promise.all([killWorkers(run, stack, round, draw), stopWorkers(run, stack, round, draw)]);
  }
  run.counts.processes += await stack.kill();
  run.counts.kills += 1;
  say(
    `kill ${run.counts.kills} while ${round.killedWhile}, after ${round.afterMs} ms: ` +
      `${run.paying?.traffic.records.length ?? 0} payments so far`,
  );
}

async function killWorkers(run: Run, stack: StackProcess, round: Round, draw: () => number): Promise<void> {
  let now = 0;
  for (const at of round.workerKillsAtMs) {
    await wait(at - now);
    now = at;
    run.counts.workers += stack.killWorker(draw());
  }
  await wait(round.afterMs - now);
}

async function stopWorkers(run: Run, stack: StackProcess, round: Round, draw: () => number): Promise<void> {
  await Promise.all(
    round.workerStops.map(async ({ atMs, forMs }) => {
      await wait(atMs);
      // One that is to go on after the round's end dies standing still.
      const untilMs = Math.min(forMs, round.afterMs - atMs);
      if (await stack.stopWorker(draw(), untilMs)) run.counts.stops += 1;
    }),
  );
}

function inTime<T>(ready: Promise<T>): Promise<T> {
  const late = wait(READY_TIMEOUT_MS, null, { ref: false }).then(() => {
    throw new Error(`the stack was not ready within ${READY_TIMEOUT_MS} ms`);
  });
  return Promise.race([ready, late]);
}

async function checkInFlight(run: Run): Promise<void> {
  if (run.paying === null) return;
  const { account, traffic, sessionIds } = run.paying;
  for (const sessionId of sessionIds) {
    const proven = provenOn(sessionId, traffic.records);
    run.violations.push(...violationsInFlight(await account.readSession(sessionId), proven));
  }
}

/** Lets everything come to rest, and holds the books against all that was ever answered. */
async function close(run: Run): Promise<object> {
  if (run.paying === null) throw new Error('nothing was paid');
  const { account, traffic, sessionIds } = run.paying;
  const { sweeps, entriesLeft, swept, final } = await bringToRest({ ...run.where, account, traffic, sessionIds, say });
  const total = (name: 'aborted' | 'settled' | 'released' | 'failed') =>
    sweeps.reduce((sum, each) => sum + each[name], 0);
  if (total('failed') > 0) run.violations.push(`the sweeper could not finish ${total('failed')} payments`);
  run.violations.push(...violationsAtRest(swept).map((violation) => `after the sweeps: ${violation}`));
  run.violations.push(...(await findViolations(final)));
  const { records } = traffic;
  return {
    ...run.counts,
    payments: records.length,
    paid: records.filter(({ proofs }) => proofs.size > 0).length,
    denied: records.filter(({ denials }) => denials > 0).length,
    proofsReceived: records.reduce((sum, { repliesWithProof }) => sum + repliesWithProof, 0),
    repeats: traffic.repeats(),
    sessions: sessionIds.length,
    entriesLeft,
    sweeps: sweeps.length,
    swept: { aborted: total('aborted'), settled: total('settled'), released: total('released') },
  };
}

async function main(): Promise<void> {
  if (process.platform !== 'linux')
    throw new Error(`nemesis finds processes in Linux's /proc; this is ${process.platform}`);
  const { kills, seed } = readArguments();
  const cwd = mkdtempSync(join(tmpdir(), 'bursar-nemesis-'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
  process.on('exit', () => rmSync(cwd, { recursive: true, force: true }));
  const where = { port: await findFreePort(), dataDir: join(cwd, 'data'), cwd };
  const run: Run = { where, violations: [], counts: { kills: 0, processes: 0, workers: 0, stops: 0 }, paying: null };
  say(`${kills} kills, seed ${seed}`);
  const rounds = planRounds(seed, kills);
  for (const round of rounds) await playRound(run, round, seed);
  const wanted = rounds.filter(
    ({ killedWhile, workerKillsAtMs }) => killedWhile !== 'starting' && workerKillsAtMs.length > 0,
  );
  if (wanted.length > 0 && run.counts.workers === 0)
    throw new Error('no process that runs functions was found to kill');
  const figures = await close(run);
  const { violations } = run;
  for (const violation of violations.slice(0, VIOLATIONS_SHOWN_MAX)) say(`violation: ${violation}`);
  say(violations.length === 0 ? 'the books hold' : `the books do not hold: ${violations.length} violations`);
  const seconds = Math.round((performance.now() - started) / 1000);
  process.stdout.write(`${JSON.stringify({ seed, ...figures, violations: violations.length, seconds })}\n`);
  process.exit(violations.length === 0 ? 0 : 1);
}

main().catch((error: unknown) => {
  process.stderr.write(`nemesis failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
