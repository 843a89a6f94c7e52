// Prints the scoreboard of docs/performance.md: `npm run bench`, or `npm run bench -- P1 P15` for some rows. What takes longer
// and is no row is asked for by name: `npm run bench -- load --minutes 10`, `npm run bench -- memory`, `npm run bench -- steps`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { PROJECT_ROOT } from '../../lib/infra/build/source-hash.ts';
import { measurePaidCalls } from './client-rows.ts';
import { measureContention } from './contention.ts';
import { measureCost } from './cost-rows.ts';
import { measureColdPayment, measureWarmPayment } from './function-rows.ts';
import { measureLiveHeap } from './heap-row.ts';
import { measureItemSizes } from './item-sizes.ts';
import { measureKmsReply } from './kms-row.ts';
import { measureLoad } from './load/index.ts';
import { measureMemorySettings } from './memory-settings/index.ts';
import { measurePaymentUse } from './payment-units.ts';
import { measurePolicy } from './policy-row.ts';
import { measureOverspend } from './overspend/index.ts';
import { measureOtherProofs, measureProof, measureProofBytes } from './proof-rows.ts';
import { measureRefusals } from './refusal-rows.ts';
import { verdictOf, type Row } from './row.ts';
import { measureCredential, measurePermitProof } from './scheme-rows.ts';
import { measureStoreCall } from './store-row.ts';
import { measureSpans } from './span-row.ts';
import { measureBundle, measureFirstProof } from './start-rows.ts';
import { measureSteps } from './steps/index.ts';
import { formatTable } from './table.ts';

/** What can be asked for, in the order in which it is measured. */
const MEASUREMENTS: Readonly<Record<string, () => Promise<Row[]>>> = {
  P1: measureProof,
  P2: measureOtherProofs,
  P3: measureProofBytes,
  P4: measureFirstProof,
  P5: measureBundle,
  P7: measureColdPayment,
  P8: measureWarmPayment,
  P9: measureStoreCall,
  P10: measurePaymentUse,
  P11: measureItemSizes,
  P12: measureContention,
  P25: measureOverspend,
  P15: measureKmsReply,
  P18: measureCost,
  P21: measureRefusals,
  P22: measureSpans,
  P23: measurePolicy,
  P24: measureLiveHeap,
  P26: measurePermitProof,
  P27: measureCredential,
  P28: measurePaidCalls,
};
const REPORT_FILE = join(PROJECT_ROOT, '.bursar', 'bench.json');

async function main(asked: readonly string[]): Promise<number> {
  const known = Object.keys(MEASUREMENTS);
  const unknown = asked.filter((id) => !known.includes(id));
  if (unknown.length > 0) {
    console.error(`no such row: ${unknown.join(', ')}. Expected: ${known.join(', ')}`);
    return 2;
  }
  const rows: Row[] = [];
  const failures: { readonly id: string; readonly message: string }[] = [];
  for (const id of asked.length === 0 ? known : known.filter((name) => asked.includes(name))) {
    const started = performance.now();
    try {
      rows.push(...(await MEASUREMENTS[id]!()));
      console.error(`${id} measured in ${((performance.now() - started) / 1_000).toFixed(1)} s`);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      failures.push({ id, message });
      console.error(`${id} could not be measured: ${error instanceof Error ? error.stack : message}`);
    }
  }
  report(rows, failures);
  return failures.length === 0 ? 0 : 1;
}

function report(rows: readonly Row[], failures: readonly { readonly id: string; readonly message: string }[]): void {
  const machine = {
    node: process.version,
    platform: `${platform()}-${arch()}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
  };
  console.log(formatTable(rows));
  console.log(`\n${machine.node}, ${machine.platform}, ${machine.cores} x ${machine.cpu}`);
  for (const { id, message } of failures) console.log(`${id} could not be measured: ${message}`);
  mkdirSync(dirname(REPORT_FILE), { recursive: true });
  const judged = rows.map((row) => ({ ...row, verdict: verdictOf(row) }));
  const contents = { measuredAt: new Date().toISOString(), machine, rows: judged, failures };
  writeFileSync(REPORT_FILE, `${JSON.stringify(contents, null, 2)}\n`);
}

const [first, ...rest] = process.argv.slice(2);
if (first === 'load') process.exitCode = await measureLoad(rest);
else if (first === 'memory') process.exitCode = await measureMemorySettings(rest);
else if (first === 'steps') process.exitCode = await measureSteps(rest);
else process.exitCode = await main(process.argv.slice(2));
