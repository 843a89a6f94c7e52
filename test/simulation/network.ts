import { NotNow, OutcomeUnknown } from '../../lib/domain/ports/services.ts';
import type { Clock } from '../../lib/domain/time.ts';
import type { Draw } from '../../scripts/nemesis/plan.ts';
import { applyCall, type Books, type BooksCall, type BooksReply, type Carry } from '../support/model-ledger.ts';
import type { FaultRates } from './plan.ts';

/** One request as those around the books saw it. What has no answer may have been applied at any time after it was sent. */
export interface Exchange {
  readonly who: string;
  readonly call: BooksCall;
  readonly sentAt: number;
  /** `null`: no answer came, and the request may have been applied or not. */
  answer: { readonly at: number; readonly reply: BooksReply } | { readonly at: number; readonly applied: false } | null;
}

/** The books, the network before them, and all that went over it. */
export interface Network {
  readonly holder: { books: Books };
  readonly exchanges: readonly Exchange[];
  /** From here on nothing is lost or slow any more. */
  heal(): void;
  carryFor(who: string): Carry;
}

export interface NetworkOptions {
  readonly books: Books;
  readonly rates: FaultRates;
  readonly draw: Draw;
  readonly clock: Clock;
  /** Hears of every request in the moment in which it is applied. */
  readonly applied: (before: Books, after: Books, call: BooksCall, reply: BooksReply, at: number) => void;
  readonly trace: (line: string) => void;
}

const QUICK_MIN_MS = 1;
const QUICK_MAX_MS = 12;
const SLOW_MAX_MS = 2_500;
/** After which the client gives up waiting. */
const TIMEOUT_MS = 1_500;
/** With the longest stop of a handler, this ends before the second visit to its payment. */
const DELAY_MAX_MS = 20_000;

export function createNetwork({ books, rates, draw, clock, applied, trace }: NetworkOptions): Network {
  const holder = { books };
  const exchanges: Exchange[] = [];
  let healed = false;
  const happens = (rate: number): boolean => !healed && draw() < rate;
  const way = (): number =>
    happens(rates.slow) ? Math.floor(draw() * SLOW_MAX_MS) : QUICK_MIN_MS + Math.floor(draw() * QUICK_MAX_MS);
  const apply = (who: string, call: BooksCall): BooksReply => {
    const before = holder.books;
    const { books: after, reply } = applyCall(before, call);
    holder.books = after;
    trace(`${clock.now()} ${who} ${call.method} ${nameOf(call)} ${after === before ? 'reads' : 'writes'}`);
    applied(before, after, call, reply, clock.now());
    return reply;
  };
  // Nobody waits for a request that arrives late: books that break by it are told by the next one.
  let failedLate: { readonly error: unknown } | null = null;
  const send = async (exchange: Exchange): Promise<BooksReply> => {
    if (failedLate !== null) throw failedLate.error;
    const { who, call } = exchange;
    if (happens(rates.throttled)) {
      await clock.sleep(way());
      exchange.answer = { at: clock.now(), applied: false };
      throw new NotNow('throttled');
    }
    if (happens(rates.lost)) {
      await clock.sleep(TIMEOUT_MS);
      throw new OutcomeUnknown('lost on the way');
    }
    if (happens(rates.delayed)) {
      void clock
        .sleep(TIMEOUT_MS + Math.floor(draw() * DELAY_MAX_MS))
        .then(() => apply(`${who}, late,`, call))
        .catch((error: unknown) => {
          failedLate ??= { error };
        });
      await clock.sleep(TIMEOUT_MS);
      throw new OutcomeUnknown('on its way still');
    }
    await clock.sleep(way());
    const reply = apply(who, call);
    if (happens(rates.unanswered)) {
      await clock.sleep(TIMEOUT_MS);
      throw new OutcomeUnknown('the answer was lost');
    }
    await clock.sleep(way());
    exchange.answer = { at: clock.now(), reply };
    return reply;
  };
  return {
    holder,
    exchanges,
    heal: () => {
      healed = true;
    },
    carryFor: (who) => (call) => {
      const exchange: Exchange = { who, call, sentAt: clock.now(), answer: null };
      exchanges.push(exchange);
      return send(exchange);
    },
  };
}

function nameOf(call: BooksCall): string {
  const [first] = call.args as readonly [unknown];
  if (typeof first !== 'object' || first === null) return String(first ?? '');
  const { entry, id, sessionId } = first as { entry?: string; id?: string; sessionId?: string };
  return entry ?? id ?? sessionId ?? '';
}
