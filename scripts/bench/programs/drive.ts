// Calls a bundled function as Lambda would, without Lambda's runtime: `drive.mjs <bundle> <calls>`. The first call is the
// cold one; those after it are measured together.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { reportToParent } from './report.ts';

interface Answer {
  readonly statusCode: number;
  readonly body: string;
}

const DEADLINE_MS = 15_000;
const WARM_UP_CALLS = 60;
const SCHEDSTAT = '/proc/self/schedstat';
const NANOS_PER_MS = 1_000_000;

const [, , bundlePath = '', callsText = '0'] = process.argv;
const template = JSON.parse(process.env['BENCH_EVENT'] ?? '{}') as { readonly body: object };
const context = { getRemainingTimeInMillis: () => DEADLINE_MS, awsRequestId: 'bench' };
const begunMs = performance.now();
const { handler } = (await import(bundlePath)) as {
  readonly handler: (event: object, context: object) => Promise<Answer>;
};
const loadedMs = performance.now();

async function pay(): Promise<void> {
  const body = JSON.stringify({ ...template.body, clientToken: randomBytes(24).toString('hex') });
  const answer = await handler({ ...template, body }, context);
  if (answer.statusCode !== 200) throw new Error(`the function answered ${answer.statusCode}: ${answer.body}`);
}

/** How long this process was ready and got no CPU because others had them. Linux tells; 0 elsewhere. */
function waitedMs(): number {
  if (!existsSync(SCHEDSTAT)) return 0;
  return Number(readFileSync(SCHEDSTAT, 'utf8').split(' ')[1]) / NANOS_PER_MS;
}

await pay();
const doneMs = performance.now();

const calls = Number(callsText);
if (calls === 0) {
  reportToParent({ begunMs, loadedMs, doneMs });
} else {
  for (let call = 0; call < WARM_UP_CALLS; call += 1) await pay();
  const [cpu, started, waited] = [process.cpuUsage(), performance.now(), waitedMs()];
  for (let call = 0; call < calls; call += 1) await pay();
  const { user, system } = process.cpuUsage(cpu);
  const warmMs = (performance.now() - started) / calls;
  const waitedMsPerCall = (waitedMs() - waited) / calls;
  reportToParent({ doneMs, cpuMicros: (user + system) / calls, warmMs, waitedMs: waitedMsPerCall });
}
// Open connections of the function would keep this process for a while.
process.exit(0);
