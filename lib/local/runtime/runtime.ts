import { randomBytes, randomUUID } from 'node:crypto';
import {
  startWorker,
  type InvocationFailure,
  type InvocationOutcome,
  type RuntimeWorker,
  type WorkerProcess,
} from './worker-process.ts';

export type InvocationResult =
  | { readonly status: 'succeeded'; readonly payload: unknown }
  /** The handler threw, its process ended, or its answer was no JSON. */
  | ({ readonly status: 'failed' } & InvocationFailure)
  | { readonly status: 'timed-out'; readonly errorMessage: string }
  /** Nothing was started. */
  | { readonly status: 'throttled' };

/** One function, ready to be invoked. */
export interface FunctionPool {
  readonly name: string;
  /**
   * Runs the handler once. Expected failures are results; never rejects.
   * @param traceHeader X-Ray's; by default one of a trace that nobody records
   */
  invoke(event: unknown, traceHeader?: string): Promise<InvocationResult>;
  /** The processes that are alive, for tests that kill them. */
  processIds(): readonly number[];
  /** Ends all workers; what they were doing fails. */
  close(): Promise<void>;
}

export interface FunctionPoolOptions extends WorkerProcess {
  readonly name: string;
  readonly arn: string;
  readonly timeoutMs: number;
  readonly log: (line: string) => void;
  /** @default 4 */
  readonly workersMax?: number;
  /** @default 5000 */
  readonly queueMax?: number;
}

const WORKERS_MAX = 4;
const QUEUE_MAX = 5_000;
/** As long as Lambda lets a function initialise. */
const INIT_TIMEOUT_MS = 10_000;
/** Longer than any queue that drains; past it the caller is told to come back. */
const QUEUE_WAIT_MAX_MS = 60_000;

interface Job {
  readonly requestId: string;
  readonly payload: string;
  readonly traceHeader: string;
  settle(result: InvocationResult): void;
}

/**
 * A worker that has answered counts as `returning` until it asks for the next job: neither free yet nor busy, or every
 * answer would start another worker. `ending` is one that was told to die and must not be given anything any more.
 */
interface Slot {
  state: 'starting' | 'free' | 'busy' | 'returning' | 'ending';
  worker: RuntimeWorker | null;
  job: Job | null;
  timer: NodeJS.Timeout | null;
}

interface Pool {
  readonly options: FunctionPoolOptions;
  readonly slots: Set<Slot>;
  readonly queue: Job[];
  /** Hears when the last slot is gone after `close`. */
  closed: (() => void) | null;
}

/**
 * A function as Lambda runs it: one invocation at a time in each process, processes reused, a process killed when its
 * invocation takes too long. Unlike Lambda's it has few processes, and invocations wait for one in the order they came.
 */
export function createFunctionPool(options: FunctionPoolOptions): FunctionPool {
  const pool: Pool = { options, slots: new Set(), queue: [], closed: null };
  return {
    name: options.name,
    invoke: (event, traceHeader = formatTraceHeader('0')) => {
      if (pool.closed !== null || pool.queue.length >= (options.queueMax ?? QUEUE_MAX)) {
        return Promise.resolve({ status: 'throttled' });
      }
      return enqueue(pool, JSON.stringify(event) ?? 'null', traceHeader);
    },
    processIds: () => [...pool.slots].map((slot) => slot.worker?.processId).filter((id) => id !== undefined),
    close: () =>
      new Promise((resolve) => {
        pool.closed = resolve;
        for (const job of pool.queue.splice(0)) job.settle({ status: 'throttled' });
        for (const slot of pool.slots) slot.worker?.kill();
        if (pool.slots.size === 0) resolve();
      }),
  };
}

function enqueue(pool: Pool, payload: string, traceHeader: string): Promise<InvocationResult> {
  return new Promise((resolve) => {
    const job: Job = {
      requestId: randomUUID(),
      payload,
      traceHeader,
      settle: (result) => {
        clearTimeout(timer);
        resolve(result);
      },
    };
    const timer = setTimeout(() => {
      const at = pool.queue.indexOf(job);
      if (at === -1) return;
      pool.queue.splice(at, 1);
      resolve({ status: 'throttled' });
    }, QUEUE_WAIT_MAX_MS);
    pool.queue.push(job);
    pump(pool);
  });
}

/** Gives waiting jobs to free workers, and starts workers for the jobs that no coming worker will take. */
function pump(pool: Pool): void {
  if (pool.closed !== null) return;
  const { queue, slots, options } = pool;
  for (const slot of slots) {
    if (slot.state !== 'free' || slot.worker === null) continue;
    const job = queue.shift();
    if (job === undefined) return;
    give(pool, slot, slot.worker, job);
  }
  const coming = [...slots].filter(({ state }) => state === 'starting' || state === 'returning').length;
  const wanted = Math.min(queue.length - coming, (options.workersMax ?? WORKERS_MAX) - slots.size);
  for (let i = 0; i < wanted; i += 1) start(pool);
}

function start(pool: Pool): void {
  const slot: Slot = { state: 'starting', worker: null, job: null, timer: null };
  pool.slots.add(slot);
  slot.timer = setTimeout(() => slot.worker?.kill(), INIT_TIMEOUT_MS);
  const starting = startWorker(pool.options, {
    ready: () => {
      if (slot.state === 'ending') return;
      setTimer(slot, null);
      slot.state = 'free';
      pump(pool);
    },
    answered: (requestId, outcome) => {
      if (slot.job?.requestId !== requestId) return;
      slot.state = 'returning';
      finish(slot, toResult(outcome));
    },
    ended: (how, failure) => remove(pool, slot, how, failure),
    log: pool.options.log,
  });
  starting.then(
    (worker) => {
      slot.worker = worker;
      if (pool.closed === null) pump(pool);
      else worker.kill();
      return worker;
    },
    (error: unknown) => remove(pool, slot, String(error), null),
  );
}

function give(pool: Pool, slot: Slot, worker: RuntimeWorker, job: Job): void {
  const { options } = pool;
  slot.state = 'busy';
  slot.job = job;
  const timer = setTimeout(() => {
    const seconds = (options.timeoutMs / 1000).toFixed(2);
    const errorMessage = `RequestId: ${job.requestId} Error: Task timed out after ${seconds} seconds`;
    options.log(errorMessage);
    slot.state = 'ending';
    finish(slot, { status: 'timed-out', errorMessage });
    worker.kill();
  }, options.timeoutMs);
  setTimer(slot, timer);
  worker.give({
    requestId: job.requestId,
    payload: job.payload,
    functionArn: options.arn,
    deadlineMs: Date.now() + options.timeoutMs,
    traceId: job.traceHeader,
  });
}

function finish(slot: Slot, result: InvocationResult): void {
  setTimer(slot, null);
  const { job } = slot;
  slot.job = null;
  job?.settle(result);
}

function remove(pool: Pool, slot: Slot, how: string, failure: InvocationFailure | null): void {
  if (!pool.slots.delete(slot)) return;
  // A worker that could not start fails the invocation that has waited longest, so that a broken bundle is heard of.
  if (slot.state === 'starting') slot.job = pool.queue.shift() ?? null;
  if (slot.job !== null) {
    const errorMessage = `RequestId: ${slot.job.requestId} Error: Runtime exited with error: ${how}`;
    const told = failure ?? { errorType: 'Runtime.ExitError', errorMessage };
    pool.options.log(`${told.errorType} ${told.errorMessage}`);
    finish(slot, { status: 'failed', ...told });
  }
  setTimer(slot, null);
  if (pool.closed !== null && pool.slots.size === 0) pool.closed();
  pump(pool);
}

function setTimer(slot: Slot, timer: NodeJS.Timeout | null): void {
  if (slot.timer !== null) clearTimeout(slot.timer);
  slot.timer = timer;
}

function toResult(outcome: InvocationOutcome): InvocationResult {
  if (!outcome.ok) return { status: 'failed', ...outcome.failure };
  try {
    return { status: 'succeeded', payload: JSON.parse(outcome.payload) };
  } catch {
    return { status: 'failed', errorType: 'Runtime.MarshalError', errorMessage: 'The answer is not JSON.' };
  }
}

/**
 * A trace header for a function: of the trace that the caller's header names, if it names one, else of a new one.
 *
 * @param sampled whether a trace is recorded where the caller's header does not say so
 * @see https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
 */
export function formatTraceHeader(sampled: '0' | '1', callers = ''): string {
  const seconds = Math.floor(Date.now() / 1000).toString(16);
  const root = /\bRoot=(1-[0-9a-f]{8}-[0-9a-f]{24})(?:;|$)/.exec(callers)?.[1];
  const decided = root === undefined ? undefined : /;Sampled=([01])(?:;|$)/.exec(callers)?.[1];
  const trace = root ?? `1-${seconds}-${randomBytes(12).toString('hex')}`;
  return `Root=${trace};Parent=${randomBytes(8).toString('hex')};Sampled=${decided ?? sampled}`;
}
