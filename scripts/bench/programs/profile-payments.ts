// Where the processor time of payments goes: `profile-payments.mjs <bundle> <young> <late>`. Profiles the payments of a young
// process, then those after them, and reports microseconds a payment by the place of the code.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Session, type Profiler } from 'node:inspector';
import { SourceMap } from 'node:module';
import { reportToParent } from './report.ts';

interface Answer {
  readonly statusCode: number;
  readonly body: string;
}

const DEADLINE_MS = 15_000;
const WARM_UP_CALLS = 60;
const SAMPLE_MICROS = 100;

const [, , bundlePath = '', youngText = '0', lateText = '0'] = process.argv;
const template = JSON.parse(process.env['BENCH_EVENT'] ?? '{}') as { readonly body: object };
const context = { getRemainingTimeInMillis: () => DEADLINE_MS, awsRequestId: 'bench' };
const { handler } = (await import(bundlePath)) as {
  readonly handler: (event: object, context: object) => Promise<Answer>;
};
const sources = new SourceMap(JSON.parse(readFileSync(`${bundlePath}.map`, 'utf8')));
const session = new Session();
session.connect();

async function pay(calls: number): Promise<void> {
  for (let call = 0; call < calls; call += 1) {
    const body = JSON.stringify({ ...template.body, clientToken: randomBytes(24).toString('hex') });
    const answer = await handler({ ...template, body }, context);
    if (answer.statusCode !== 200) throw new Error(`the function answered ${answer.statusCode}: ${answer.body}`);
  }
}

/** The file that a function stands in, or what the profiler has in place of one. */
function placeOf({ url, functionName, lineNumber, columnNumber }: Profiler.ProfileNode['callFrame']): string {
  if (functionName.startsWith('wasm-')) return '(wasm)';
  if (url === '') return functionName.startsWith('(') ? functionName : `(native) ${functionName.split(' ')[0]}`;
  if (!url.endsWith(bundlePath)) return url;
  const entry = sources.findEntry(lineNumber, columnNumber);
  return 'originalSource' in entry ? entry.originalSource : url;
}

function byPlace({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Map<string, number> {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const micros = new Map<string, number>();
  samples.forEach((id, at) => {
    const place = places.get(id)!;
    micros.set(place, (micros.get(place) ?? 0) + timeDeltas[at]!);
  });
  return micros;
}

async function profile(age: string, calls: number): Promise<Record<string, number>> {
  const [all, own] = [process.cpuUsage(), process.threadCpuUsage()];
  session.post('Profiler.start');
  await pay(calls);
  const [ofAll, ofOwn] = [process.cpuUsage(all), process.threadCpuUsage(own)];
  let taken = new Map<string, number>();
  // Answers at once, since the session is with this very thread.
  session.post('Profiler.stop', (_error, { profile: found }) => {
    taken = byPlace(found);
  });
  const figures = [...taken].map(([place, micros]) => [`${age} ${place}`, micros / calls]);
  return {
    ...Object.fromEntries(figures),
    [`${age} cpu of this thread`]: (ofOwn.user + ofOwn.system) / calls,
    [`${age} cpu of all threads`]: (ofAll.user + ofAll.system) / calls,
  };
}

session.post('Profiler.enable');
session.post('Profiler.setSamplingInterval', { interval: SAMPLE_MICROS });
await pay(1 + WARM_UP_CALLS);
const young = await profile('young', Number(youngText));
reportToParent({ ...young, ...(await profile('late', Number(lateText))) });
process.exit(0);
