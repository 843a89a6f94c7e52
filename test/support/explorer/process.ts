import type { Ledger, SweepIndex } from '../../../lib/domain/ports/books.ts';
import type { TopUps } from '../../../lib/domain/ports/top-ups.ts';
import type { TrueUps } from '../../../lib/domain/ports/true-ups.ts';
import type { WindowBooks } from '../../../lib/domain/ports/windows.ts';
import { NotNow, OutcomeUnknown, type Signer } from '../../../lib/domain/ports/services.ts';
import { toEpochMs, type Clock } from '../../../lib/domain/time.ts';
import { OPEN_GATE, type BooksCall, type BooksReply } from '../model-ledger.ts';
import { indexOver, ledgerOver, topUpsOver, trueUpsOver, windowsOver } from '../model-ports.ts';

/**
 * A process is real asynchronous code whose every effect is held back until the explorer answers it. Its behaviour depends on
 * nothing but the answers, so what it does after a given sequence of answers is computed once and remembered: the explorer
 * then moves through global states without running code.
 */

/** An effect that a process waits for. */
export type Effect =
  | { readonly kind: 'books'; readonly call: BooksCall }
  | { readonly kind: 'sign'; readonly digest: string }
  | { readonly kind: 'sleep'; readonly ms: number };

/** What the explorer answers to one effect. */
export type Answer =
  | { readonly kind: 'reply'; readonly value: BooksReply | string }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'not_now' }
  | { readonly kind: 'fails' };

export interface Pending {
  readonly index: number;
  readonly effect: Effect;
}

/** Where a process stands after a sequence of answers. */
export interface ProcessNode {
  readonly id: number;
  readonly pending: readonly Pending[];
  /** Set once the process has ended. */
  readonly outcome: Outcome | null;
  readonly steps: readonly Step[];
}

export type Outcome =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown };

interface Step {
  readonly index: number;
  readonly answer: Answer;
}

/** What a process may touch. All of it is answered by the explorer, but for the clock, which only moves when it sleeps. */
export interface ProcessWorld {
  readonly ledger: Ledger;
  readonly index: SweepIndex;
  readonly windows: WindowBooks;
  readonly trueUps: TrueUps;
  readonly topUps: TopUps;
  readonly signer: Signer;
  readonly clock: Clock;
  /** Any request at all, for those who are no handler. */
  readonly request: (call: BooksCall) => Promise<unknown>;
}

export type ProcessBody = (world: ProcessWorld) => Promise<unknown>;

export interface ProcessProgram {
  readonly start: ProcessNode;
  /** The node after one more answer. */
  next(node: ProcessNode, step: Step): Promise<ProcessNode>;
  readonly size: () => number;
}

/** How far a sleep moves the clock: far enough that a bounded wait ends after a few looks. */
const SLEEP_STRETCH_MS = 2_400;

export interface ProgramOptions {
  readonly startMs: number;
  readonly ids: () => number;
  /** Where nothing moves the gate, it answers at once: reading it is then no step of its own, which keeps the states few. */
  readonly gate: 'moves' | 'stays open';
}

export async function createProgram(body: ProcessBody, options: ProgramOptions): Promise<ProcessProgram> {
  const children = new Map<string, ProcessNode>();
  let count = 0;
  const enter = async (steps: readonly Step[]): Promise<ProcessNode> => {
    count += 1;
    const { pending, outcome } = await run(body, options, steps);
    return { id: options.ids(), pending, outcome, steps };
  };
  const start = await enter([]);
  return {
    start,
    next: async (node, step) => {
      const key = `${node.id}>${step.index}:${keyOf(step.answer)}`;
      const known = children.get(key);
      if (known !== undefined) return known;
      const entered = await enter([...node.steps, step]);
      children.set(key, entered);
      return entered;
    },
    size: () => count,
  };
}

async function run(
  body: ProcessBody,
  { startMs, gate }: ProgramOptions,
  steps: readonly Step[],
): Promise<Pick<ProcessNode, 'pending' | 'outcome'>> {
  const waiting = new Map<number, { effect: Effect; answer: (answer: Answer) => void }>();
  let calls = 0;
  let elapsedMs = 0;
  const request = (effect: Effect): Promise<never> =>
    new Promise((resolve, reject) => {
      const index = calls;
      calls += 1;
      waiting.set(index, {
        effect,
        answer: (answer) => {
          if (answer.kind === 'reply') resolve(answer.value as never);
          else if (answer.kind === 'unknown') reject(new OutcomeUnknown('no answer'));
          else if (answer.kind === 'not_now') reject(new NotNow('throttled'));
          else reject(new Error('the signer failed'));
        },
      });
    });
  const carry = (call: BooksCall): Promise<unknown> =>
    call.method === 'readGate' && gate === 'stays open' ? Promise.resolve(OPEN_GATE) : request({ kind: 'books', call });
  const world: ProcessWorld = {
    ledger: ledgerOver(carry),
    index: indexOver(carry),
    windows: windowsOver(carry),
    trueUps: trueUpsOver(carry),
    topUps: topUpsOver(carry),
    request: carry,
    signer: {
      type: 'SeedVault',
      sign: (_key, { digest }) => request({ kind: 'sign', digest: Buffer.from(digest).toString('hex') }),
    },
    clock: {
      now: () => toEpochMs(startMs + elapsedMs),
      sleep: async (ms) => {
        await request({ kind: 'sleep', ms });
        elapsedMs += Math.max(ms, SLEEP_STRETCH_MS);
      },
    },
  };
  let outcome: Outcome | null = null;
  const finish = async (): Promise<void> => {
    try {
      outcome = { kind: 'returned', value: await body(world) };
    } catch (error) {
      outcome = { kind: 'threw', error };
    }
  };
  void finish();
  await settleMicrotasks();
  for (const step of steps) {
    const call = waiting.get(step.index);
    if (call === undefined) throw new Error(`the process did not repeat itself: effect ${step.index} is not pending`);
    waiting.delete(step.index);
    call.answer(step.answer);
    await settleMicrotasks();
  }
  return { pending: [...waiting].map(([index, { effect }]) => ({ index, effect })), outcome };
}

function settleMicrotasks(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

const keys = new WeakMap<object, string>();

/** A text that is equal exactly for equal values; remembered per object, since values never change. */
export function keyOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value, jsonValue) ?? 'undefined';
  const known = keys.get(value);
  if (known !== undefined) return known;
  const key = JSON.stringify(value, jsonValue);
  keys.set(value, key);
  return key;
}

function jsonValue(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Map) return [...value].toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  return value;
}
