import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startAwsStub, type AwsStub } from './aws-stub.ts';
import { buildPayingFunction, buildProgram } from './build.ts';
import { figureOf, runProgram, type ChildReport } from './child.ts';
import { median, toInterleaved, type Interleaved } from './measure.ts';
import { againstPeer, type Row } from './row.ts';

const OURS = 'ours';
const TYPICAL = 'typical: middy, zod, DocumentClient, viem';
const FLOOR = 'floor: bare HTTP calls, no proof';
/** Not judged: they say how much of ours is the client's, and what the SDK would take. */
const LEAN = 'our client alone, no proof';
const SDK = 'AWS SDK alone, no proof';
/** The peer does not change with us; who changes it on purpose changes this line too. */
const TYPICAL_SHA256 = 'c0595c768dc73a672fad94ad191827d6687a969d02af17c80bf3a4c2506cbc8b';
const COLD_ROUNDS = 11;
const WARM_ROUNDS = 5;
const WARM_CALLS = 250;
const P7_MAX = new Map([
  [TYPICAL, 0.6],
  [FLOOR, 1.8],
]);
const P8_MAX = new Map([
  [TYPICAL, 0.4],
  [FLOOR, 2.2],
]);

interface Turns {
  readonly reports: ReadonlyMap<string, readonly ChildReport[]>;
  /** Requests that one run of each function sent. */
  readonly requests: ReadonlyMap<string, number>;
}

/** P7: process start to the first answered payment, the store's answers included. */
export async function measureColdPayment(rounds = COLD_ROUNDS): Promise<Row[]> {
  const turns = await runInTurns(rounds, 0);
  const note = (took: Interleaved) =>
    `${turns.requests.get(OURS)} requests, of the typical one ${turns.requests.get(TYPICAL)}, plain HTTP on loopback; our client alone takes ${figure(took, LEAN)} ms of it, the SDK alone would take ${figure(took, SDK)} ms`;
  return toRows('P7', 'start to first payment', turns, 'doneMs', 'ms', P7_MAX, note);
}

/** P8: CPU time of one warm payment, user and system. */
export async function measureWarmPayment(): Promise<Row[]> {
  const turns = await runInTurns(WARM_ROUNDS, WARM_CALLS);
  const logged = median(turns.reports.get(OURS)!.map(({ logBytes }) => logBytes)) / WARM_CALLS;
  const note = (took: Interleaved) =>
    `our client alone takes ${figure(took, LEAN)} us of it, ${figure(took, FLOOR)} of them HTTP; the SDK alone would take ${figure(took, SDK)} us; ours logs at most ${Math.ceil(logged)} bytes a payment`;
  return toRows('P8', 'CPU of a warm payment', turns, 'cpuMicros', 'us', P8_MAX, note);
}

function figure(took: Interleaved, name: string): string {
  return took.micros.get(name)!.toFixed(0);
}

function toRows(
  id: string,
  name: string,
  { reports }: Turns,
  figureName: string,
  unit: string,
  limits: ReadonlyMap<string, number>,
  note: (took: Interleaved) => string,
): Row[] {
  const samples = [...reports].map(([of, each]) => [of, each.map((report) => figureOf(report, figureName))] as const);
  const took = toInterleaved(new Map(samples));
  return [...limits].map(([peerName, value], index) =>
    againstPeer({
      id,
      name,
      ours: { value: took.micros.get(OURS)!, unit },
      peer: { value: took.micros.get(peerName)!, unit },
      peerName,
      ratio: took.ratio(OURS, peerName),
      target: { kind: 'ratio_at_most', value },
      ...(index === limits.size - 1 ? { note: note(took) } : {}),
    }),
  );
}

/** Runs the functions in turns, `rounds` times each, in a process of its own every time. */
async function runInTurns(rounds: number, calls: number): Promise<Turns> {
  expectSameTypical();
  const functions = [
    [OURS, await buildPayingFunction()],
    [TYPICAL, await buildProgram('typical-handler')],
    [FLOOR, await buildProgram('floor-handler')],
    [LEAN, await buildProgram('lean-handler')],
    [SDK, await buildProgram('sdk-handler')],
  ] as const;
  const driver = await buildProgram('drive');
  const stub = await startAwsStub();
  try {
    const reports = new Map<string, ChildReport[]>(functions.map(([name]) => [name, []]));
    const requests = new Map<string, number>();
    for (let round = 0; round < rounds; round += 1) {
      for (let turn = 0; turn < functions.length; turn += 1) {
        const [name, path] = functions[(round + turn) % functions.length]!;
        reports.get(name)!.push(await runFunction(driver, path, calls, stub));
        requests.set(name, stub.takeCount());
      }
    }
    expectSameCount(requests);
    return { reports, requests };
  } finally {
    await stub.close();
  }
}

function runFunction(driver: string, bundle: string, calls: number, stub: AwsStub): Promise<ChildReport> {
  return runProgram(driver, { args: [bundle, String(calls)], env: stub.environment });
}

/**
 * What the floor and the SDK show are ways to send our requests; throws where theirs are not ours. The typical handler's are its
 * own, and fewer: it knows no freeze.
 */
function expectSameCount(requests: ReadonlyMap<string, number>): void {
  const ours = requests.get(OURS);
  if ([FLOOR, LEAN, SDK].every((name) => requests.get(name) === ours)) return;
  const counts = [...requests].map(([name, sent]) => `${name}: ${sent}`).join('; ');
  throw new Error(`the functions do not send equally many requests: ${counts}`);
}

function expectSameTypical(): void {
  const source = readFileSync(join(import.meta.dirname, 'programs', 'typical-handler.ts'));
  if (createHash('sha256').update(source).digest('hex') === TYPICAL_SHA256) return;
  throw new Error(
    'the typical handler changed: ours is compared with what it was, so give its new hash only on purpose',
  );
}
