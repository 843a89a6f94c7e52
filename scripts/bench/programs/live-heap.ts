// What payments leave behind in a process: `live-heap.mjs <bundle> <calls> <more calls>`. Reports the heap that is still in use
// after a forced collection, once the process is warm and again after many payments more.
import { randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { reportToParent } from './report.ts';

interface Answer {
  readonly statusCode: number;
  readonly body: string;
}

const DEADLINE_MS = 15_000;
const KIB = 1_024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const [, , bundlePath = '', earlyText = '0', moreText = '0'] = process.argv;
const template = JSON.parse(process.env['BENCH_EVENT'] ?? '{}') as { readonly body: object };
const context = { getRemainingTimeInMillis: () => DEADLINE_MS, awsRequestId: 'bench' };
const { handler } = (await import(bundlePath)) as {
  readonly handler: (event: object, context: object) => Promise<Answer>;
};

async function pay(calls: number): Promise<void> {
  for (let call = 0; call < calls; call += 1) {
    const body = JSON.stringify({ ...template.body, clientToken: randomBytes(24).toString('hex') });
    const answer = await handler({ ...template, body }, context);
    if (answer.statusCode !== 200) throw new Error(`the function answered ${answer.statusCode}: ${answer.body}`);
  }
}

/** Twice, since the first collection may leave what finalizers hold. */
function liveKib(): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / KIB;
}

await pay(Number(earlyText));
const earlyKib = liveKib();
await pay(Number(moreText));
const lateKib = liveKib();
reportToParent({ earlyKib, lateKib, residentKib: process.memoryUsage.rss() / KIB });
process.exit(0);
