import type { Payment } from '../../../lib/domain/payment/payment.ts';
import type { Ledger, SweepIndex } from '../../../lib/domain/ports/books.ts';
import type { TopUps } from '../../../lib/domain/ports/top-ups.ts';
import type { TrueUps } from '../../../lib/domain/ports/true-ups.ts';
import type { WindowBooks } from '../../../lib/domain/ports/windows.ts';
import type { Signer } from '../../../lib/domain/ports/services.ts';
import type { Clock } from '../../../lib/domain/time.ts';
import { OPEN_GATE, type BooksCall } from '../model-ledger.ts';
import { indexOver, ledgerOver, topUpsOver, trueUpsOver, windowsOver } from '../model-ports.ts';
import { createReplay, type ReplayedProgram, type ReplayNode, type ReplayOptions, type Sleep } from './replay.ts';

/** An effect that a process waits for. */
export type Effect =
  | { readonly kind: 'books'; readonly call: BooksCall }
  | {
      readonly kind: 'sign';
      readonly digest: string;
      readonly of: Pick<Payment, 'id' | 'attempt' | 'approval'> | null;
    }
  | { readonly kind: 'look'; readonly reference: string }
  | Sleep;

export type ProcessNode = ReplayNode<Effect>;
export type ProcessProgram = ReplayedProgram<Effect>;

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

export interface ProgramOptions extends ReplayOptions {
  /** Where nothing moves the gate, it answers at once: reading it is then no step of its own, which keeps the states few. */
  readonly gate: 'moves' | 'stays open';
}

/** A handler, a sweeper, a reconciler or an operator: whatever works on the books. */
export function createProgram(body: ProcessBody, { gate, ...options }: ProgramOptions): Promise<ProcessProgram> {
  return createReplay<Effect>(({ request, clock }) => {
    const carry = (call: BooksCall): Promise<unknown> =>
      call.method === 'readGate' && gate === 'stays open'
        ? Promise.resolve(OPEN_GATE)
        : request({ kind: 'books', call });
    return body({
      ledger: ledgerOver(carry),
      index: indexOver(carry),
      windows: windowsOver(carry),
      trueUps: trueUpsOver(carry),
      topUps: topUpsOver(carry),
      request: carry,
      signer: {
        type: 'SeedVault',
        sign: (_key, { digest }, _address, _watch, payment) =>
          request({
            kind: 'sign',
            digest: Buffer.from(digest).toString('hex'),
            of: payment === undefined ? null : toAsked(payment),
          }),
        readApproval: (_key, reference) => request({ kind: 'look', reference }),
      },
      clock,
    });
  }, options);
}

function toAsked({ id, attempt, approval }: Payment): Pick<Payment, 'id' | 'attempt' | 'approval'> {
  return { id, attempt, ...(approval === undefined ? {} : { approval }) };
}
