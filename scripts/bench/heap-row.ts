import { startAwsStub } from './aws-stub.ts';
import { buildPayingFunction, buildProgram } from './build.ts';
import { figureOf, runProgram } from './child.ts';
import { againstLimit, type Row } from './row.ts';

/** By then everything is compiled that will be, and caches that hold one payment's names are filled. */
const EARLY_PAYMENTS = 2_000;
const MORE_PAYMENTS = 8_000;
/** Compiled code comes and goes; a payment that left a hundred bytes behind would show. */
const GROWTH_MAX_KIB = 768;

/** P24: what payments leave behind in a process. */
export async function measureLiveHeap(): Promise<Row[]> {
  const [bundle, program] = [await buildPayingFunction(), await buildProgram('live-heap')];
  const stub = await startAwsStub();
  try {
    const args = [bundle, String(EARLY_PAYMENTS), String(MORE_PAYMENTS)];
    const report = await runProgram(program, { args, env: stub.environment });
    const [early, late, resident] = ['earlyKib', 'lateKib', 'residentKib'].map((name) => figureOf(report, name));
    const name = `heap in use, ${MORE_PAYMENTS} payments later`;
    const limit = { kind: 'ours_at_most', value: GROWTH_MAX_KIB } as const;
    const note = `${early!.toFixed(0)} KiB after ${EARLY_PAYMENTS} payments and a collection, ${late!.toFixed(0)} after ${EARLY_PAYMENTS + MORE_PAYMENTS}; the process has ${(resident! / 1_024).toFixed(0)} MiB`;
    return [againstLimit('P24', name, { value: late! - early!, unit: 'KiB' }, limit, note)];
  } finally {
    await stub.close();
  }
}
