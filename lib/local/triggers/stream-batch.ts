import { doublingWaitMs } from '../../domain/doubling-wait.ts';
import type { InvocationResult } from '../runtime/runtime.ts';
import type { StreamMapping } from '../template/stream-mapping.ts';
import type { StreamChange } from './stream-reader.ts';

export interface BatchDeps {
  readonly mapping: Pick<
    StreamMapping,
    'attemptsMax' | 'functionName' | 'halvesFailedBatches' | 'logicalId' | 'readsFailures' | 'streamArn'
  >;
  readonly region: string;
  readonly invoke: (functionName: string, event: unknown) => Promise<InvocationResult>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly report: (problem: string) => void;
}

interface Batch {
  readonly changes: readonly StreamChange[];
  readonly attempt: number;
}

const WAIT_BOUNDS = { minMs: 100, maxMs: 2_000 };

/**
 * Hands changes over as Lambda does: again from the first that the function names, a batch that failed as a whole in halves
 * until it is one change, and without what failed as often as the mapping allows. Never rejects for what the function does.
 */
export async function handOver(deps: BatchDeps, changes: readonly StreamChange[]): Promise<void> {
  const batches: Batch[] = changes.length === 0 ? [] : [{ changes, attempt: 1 }];
  // Bounded: each round hands changes over for good, halves a batch, or counts an attempt.
  for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
    batches.unshift(...(await attempt(deps, batch)));
  }
}

/** @returns what is to be handed over next */
async function attempt(deps: BatchDeps, batch: Batch): Promise<readonly Batch[]> {
  const { mapping, invoke, region, report, sleep } = deps;
  const records = batch.changes.map((change) => ({ ...change, awsRegion: region, eventSourceARN: mapping.streamArn }));
  const result = await invoke(mapping.functionName, { Records: records });
  const from = mapping.readsFailures ? firstFailure(result, batch.changes) : wholeFailure(result);
  if (from === null) return [];
  if (from > 0) return [{ changes: batch.changes.slice(from), attempt: 1 }];
  const failedWhole = result.status !== 'succeeded';
  if (failedWhole && mapping.halvesFailedBatches && batch.changes.length > 1) {
    const middle = Math.ceil(batch.changes.length / 2);
    const halves = [batch.changes.slice(0, middle), batch.changes.slice(middle)];
    return halves.map((half) => ({ changes: half, attempt: batch.attempt }));
  }
  if (batch.attempt >= mapping.attemptsMax) {
    const [first, last] = [batch.changes[0], batch.changes.at(-1)].map((change) => change?.dynamodb.SequenceNumber);
    report(`stream ${mapping.logicalId}: gave up changes ${first} to ${last} after ${batch.attempt} attempts`);
    return [];
  }
  await sleep(doublingWaitMs(batch.attempt - 1, WAIT_BOUNDS));
  return [{ ...batch, attempt: batch.attempt + 1 }];
}

/** @returns the place of the first change that failed, or `null` */
function firstFailure(result: InvocationResult, changes: readonly StreamChange[]): number | null {
  if (result.status !== 'succeeded') return 0;
  const { batchItemFailures: failures } = (result.payload ?? {}) as { readonly batchItemFailures?: unknown };
  if (failures === undefined || failures === null) return null;
  const names = Array.isArray(failures) ? failures.map((one) => String(one?.itemIdentifier)) : [''];
  if (names.length === 0) return null;
  const places = names.map((name) => changes.findIndex(({ dynamodb }) => dynamodb.SequenceNumber === name));
  // A name that is none of the batch's fails all of it.
  return Math.max(0, Math.min(...places));
}

function wholeFailure(result: InvocationResult): number | null {
  return result.status === 'succeeded' ? null : 0;
}
