import { NotNow, OutcomeUnknown, ProviderRefused } from '../../../lib/domain/ports/services.ts';
import { toEpochMs, type Clock } from '../../../lib/domain/time.ts';

/**
 * A process is real asynchronous code whose every effect is held back until the explorer answers it. Its behaviour depends on
 * nothing but the answers, so what it does after a given sequence of answers is computed once and remembered: the explorer
 * then moves through global states without running code.
 */

/** What the explorer answers to one effect. */
export type Answer =
  | { readonly kind: 'reply'; readonly value: unknown }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'not_now' }
  /** By a signer that has asked people, with what the payment is to keep of that. */
  | { readonly kind: 'refused'; readonly approval: string }
  | { readonly kind: 'fails' };

interface Pending<E> {
  readonly index: number;
  readonly effect: E;
}

/** Where a process stands after a sequence of answers. */
export interface ReplayNode<E> {
  readonly id: number;
  readonly pending: readonly Pending<E>[];
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

export interface Sleep {
  readonly kind: 'sleep';
  readonly ms: number;
}

export interface ReplayedProgram<E> {
  readonly start: ReplayNode<E>;
  /** The node after one more answer. */
  next(node: ReplayNode<E>, step: Step): Promise<ReplayNode<E>>;
  readonly size: () => number;
}

export interface ReplayOptions {
  readonly startMs: number;
  readonly ids: () => number;
}

/** What a process may touch: requests that the explorer answers, and a clock, which only moves when it sleeps. */
export interface ReplayWorld<E> {
  readonly request: (effect: E) => Promise<never>;
  readonly clock: Clock;
}

export type ReplayedBody<E> = (world: ReplayWorld<E>) => Promise<unknown>;

/** How far a sleep moves the clock: far enough that a bounded wait ends after a few looks. */
const SLEEP_STRETCH_MS = 2_400;

export async function createReplay<E>(
  body: ReplayedBody<E | Sleep>,
  options: ReplayOptions,
): Promise<ReplayedProgram<E | Sleep>> {
  const children = new Map<string, ReplayNode<E | Sleep>>();
  let count = 0;
  const enter = async (steps: readonly Step[]): Promise<ReplayNode<E | Sleep>> => {
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

async function run<E>(
  body: ReplayedBody<E | Sleep>,
  { startMs }: ReplayOptions,
  steps: readonly Step[],
): Promise<Pick<ReplayNode<E | Sleep>, 'pending' | 'outcome'>> {
  const waiting = new Map<number, { effect: E | Sleep; answer: (answer: Answer) => void }>();
  let calls = 0;
  let elapsedMs = 0;
  const request = (effect: E | Sleep): Promise<never> =>
    new Promise((resolve, reject) => {
      const index = calls;
      calls += 1;
      waiting.set(index, {
        effect,
        answer: (answer) => {
          if (answer.kind === 'reply') resolve(answer.value as never);
          else if (answer.kind === 'unknown') reject(new OutcomeUnknown('no answer'));
          else if (answer.kind === 'not_now') reject(new NotNow('throttled'));
          else if (answer.kind === 'refused') reject(new ProviderRefused('approval_pending', 'asked', answer.approval));
          else reject(new Error('it failed'));
        },
      });
    });
  const clock: Clock = {
    now: () => toEpochMs(startMs + elapsedMs),
    sleep: async (ms) => {
      await request({ kind: 'sleep', ms });
      elapsedMs += Math.max(ms, SLEEP_STRETCH_MS);
    },
  };
  let outcome: Outcome | null = null;
  const finish = async (): Promise<void> => {
    try {
      outcome = { kind: 'returned', value: await body({ request, clock }) };
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
