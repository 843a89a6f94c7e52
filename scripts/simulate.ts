import { parseArgs } from 'node:util';
import { simulate } from '../test/simulation/simulate.ts';
import { checkHistories } from '../test/simulation/history/histories.ts';

const USAGE = `usage: npm run simulate -- [--seeds N] [--from S] [--policed] [--trace]

Lets many sessions and handlers pay by the real code on a virtual clock while everything fails, and checks the books after
every request. The same seed does the same. With policies there are also limits that sessions share, caps, freezes of parts, and
ceilings of which something comes back.

  --seeds N  how many seeds (default 1000)
  --from S   the first of them (default 1)
  --policed  with policies
  --trace    prints what each seed did`;

const PROGRESS_EVERY = 10_000;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      policed: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const [seeds, from] = [parseCount('seeds', values.seeds), parseCount('from', values.from)];
  const { policed } = values;
  const onLine = values.trace ? (line: string) => void process.stdout.write(`${line}\n`) : () => {};
  const started = performance.now();
  const totals: Record<string, number> = {};
  const add = (counts: object): void => {
    for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count;
  };
  for (let seed = from; seed < from + seeds; seed += 1) {
    try {
      const { counts, sessions, exchanges } = await simulate(seed, { policed, onLine });
      add({ ...counts, ...checkHistories(sessions, exchanges) });
    } catch (error) {
      process.stderr.write(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}\n`);
      process.stderr.write(
        `repeat it: npm run simulate -- --seeds 1 --from ${seed}${policed ? ' --policed' : ''} --trace\n`,
      );
      return 1;
    }
    const done = seed - from + 1;
    if (done % PROGRESS_EVERY === 0) process.stdout.write(`${done} of ${seeds} seeds\n`);
  }
  const seconds = Math.round((performance.now() - started) / 1000);
  process.stdout.write(`${JSON.stringify({ seeds, from, ...totals, violations: 0, seconds })}\n`);
  return 0;
}

function parseCount(name: string, value: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(value)) return Number(value);
  throw new Error(`--${name} must be a number from 1 on. Received: ${value}`);
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`simulate: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
