// `npm run bench -- steps`: what a start and a warm payment are made of, and what each part takes.
import { startAwsStub, type AwsStub } from '../aws-stub.ts';
import { buildPayingFunction, buildProgram } from '../build.ts';
import { figureOf, runProgram, type ChildReport } from '../child.ts';
import { formatColumns } from '../columns.ts';
import { median } from '../measure.ts';
import { PART_NAMES, partOf, WAITING } from './parts.ts';

const ROUNDS = 5;
/** As P8 measures them. */
const YOUNG_CALLS = 250;
const LATE_CALLS = 2_000;
const AGES = ['young', 'late'] as const;
const THREADS = 'other threads: compiling, collecting garbage';
const FLOOR = 'floor-handler';

/** @returns the exit code */
export async function measureSteps(args: readonly string[]): Promise<number> {
  if (args.length > 0) {
    console.error('usage: npm run bench -- steps');
    return 2;
  }
  const stub = await startAwsStub();
  try {
    console.log(`${formatStart(await runStarts(stub))}\n\n${formatPayment(await runProfiles(stub))}`);
    console.log(
      `\nMedians of ${ROUNDS} processes. Young: payments 62 to ${61 + YOUNG_CALLS} of a process, as P8 has them; late: the ${LATE_CALLS} after them. The profiler's own time is in all parts.`,
    );
    return 0;
  } finally {
    await stub.close();
  }
}

const START_STEPS = ['Node itself', 'loading the function', 'the first payment'] as const;
type Start = Readonly<Record<(typeof START_STEPS)[number], number>>;

async function runStarts(stub: AwsStub): Promise<ReadonlyMap<string, readonly Start[]>> {
  const driver = await buildProgram('drive');
  const functions = [
    ['ours', await buildPayingFunction()],
    ['floor', await buildProgram(FLOOR)],
  ] as const;
  const starts = new Map<string, Start[]>(functions.map(([name]) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, bundle] of functions) {
      const report = await runProgram(driver, { args: [bundle, '0'], env: stub.environment });
      const [begun, loaded, done] = ['begunMs', 'loadedMs', 'doneMs'].map((figure) => figureOf(report, figure));
      starts.get(name)!.push({
        'Node itself': begun!,
        'loading the function': loaded! - begun!,
        'the first payment': done! - loaded!,
      });
    }
  }
  return starts;
}

function formatStart(starts: ReadonlyMap<string, readonly Start[]>): string {
  const names = [...starts.keys()];
  const lines = START_STEPS.map((step) => [
    step,
    ...names.map((name) => median(starts.get(name)!.map((start) => start[step])).toFixed(1)),
  ]);
  return formatColumns([['start to first payment, ms', ...names], ...lines]);
}

async function runProfiles(stub: AwsStub): Promise<readonly ChildReport[]> {
  const bundle = await buildProgram('profiled-payment', { readable: true });
  const program = await buildProgram('profile-payments');
  const reports: ChildReport[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const args = [bundle, String(YOUNG_CALLS), String(LATE_CALLS)];
    reports.push(await runProgram(program, { args, env: stub.environment }));
  }
  return reports;
}

function formatPayment(reports: readonly ChildReport[]): string {
  const columns = AGES.map((age) => {
    const taken = reports.map((report) => toParts(report, age));
    return new Map([...PART_NAMES, THREADS].map((part) => [part, median(taken.map((each) => each.get(part) ?? 0))]));
  });
  const parts = [...PART_NAMES, THREADS].filter((part) => part !== WAITING);
  const lines = parts
    .toSorted((a, b) => columns[0]!.get(b)! - columns[0]!.get(a)!)
    .map((part) => [part, ...columns.map((column) => column.get(part)!.toFixed(0))]);
  const sums = columns.map((column) => parts.reduce((sum, part) => sum + column.get(part)!, 0).toFixed(0));
  return formatColumns([['CPU of a warm payment, us', ...AGES], ...lines, ['together', ...sums]]);
}

function toParts({ figures }: ChildReport, age: (typeof AGES)[number]): ReadonlyMap<string, number> {
  const { [`${age} cpu of this thread`]: own, [`${age} cpu of all threads`]: all, ...places } = figures;
  const parts = new Map<string, number>();
  let seen = 0;
  for (const [name, micros] of Object.entries(places)) {
    const part = partOf(name.slice(age.length + 1));
    if (!name.startsWith(`${age} `) || part === WAITING) continue;
    parts.set(part, (parts.get(part) ?? 0) + micros);
    seen += micros;
  }
  // The profiler counts time, of which a busy machine takes some away. It sees this thread alone.
  for (const [part, micros] of parts) parts.set(part, (micros * own!) / seen);
  return parts.set(THREADS, all! - own!);
}
