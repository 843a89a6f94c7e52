import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { buildPayingFunction, buildProgram, sizeOf } from './build.ts';
import { figureOf, runProgram, type ChildReport } from './child.ts';
import { median } from './measure.ts';
import { againstLimit, type Row } from './row.ts';

const ROUNDS = 11;
const CALLS = 500;
const SPANS_MAX_KB = 60;

/** P22: what a process with a sampled request loads besides, and what its spans cost. */
export async function measureSpans(): Promise<Row[]> {
  const spansPath = join(dirname(await buildPayingFunction()), 'spans.mjs');
  const program = await buildProgram('send-spans');
  // Bound, so that the datagrams go somewhere; nobody reads them.
  const daemon = createSocket('udp4').bind(0, '127.0.0.1');
  await once(daemon, 'listening');
  const reports: ChildReport[] = [];
  try {
    const args = [spansPath, String(daemon.address().port), String(CALLS)];
    for (let round = 0; round < ROUNDS; round += 1) reports.push(await runProgram(program, { args }));
  } finally {
    daemon.close();
  }
  const of = (name: string): string => median(reports.map((report) => figureOf(report, name))).toFixed(1);
  const note =
    `loads in ${of('loadMs')} ms, the first payment's spans leave ${of('firstMs')} ms later; ` +
    `${of('cpuMicros')} us of CPU for each later one. Median of ${ROUNDS} processes`;
  const size = { value: sizeOf(spansPath) / 1_000, unit: 'kB' };
  return [
    againstLimit(
      'P22',
      'tracing, loaded for sampled requests',
      size,
      { kind: 'ours_at_most', value: SPANS_MAX_KB },
      note,
    ),
  ];
}
