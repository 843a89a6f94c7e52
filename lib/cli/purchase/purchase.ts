import type { OfferSummary, PayingFetchEvent } from '../../client/index.ts';
import type { Invocation } from '../program/command.ts';
import type { Wallet } from '../target/wallet.ts';
import { tell } from '../terminal/layout.ts';
import { printable } from '../terminal/terminal.ts';
import type { WebRequest } from './web-request.ts';

/** What has happened so far: it decides what an interruption or a failure means for the money. */
export interface Progress {
  offer: OfferSummary | null;
  /** The offer that was confirmed last. */
  confirmed: OfferSummary | null;
  askedBursar: boolean;
  processPaymentId: string | null;
}

/** One run of `pay`. */
export interface Purchase {
  readonly invocation: Invocation;
  readonly request: WebRequest;
  readonly purchaseId: string;
  /** Whether the purchase was named, so that an earlier run may have paid for it. */
  readonly isRepeated: boolean;
  readonly sessionId: string;
  readonly agentName: string;
  readonly wallet: Wallet;
  readonly progress: Progress;
}

/** Shows what happens, and remembers it. A payment is called SIGNED until the seller reports that it settled. */
export function note({ invocation, progress }: Purchase, event: PayingFetchEvent): void {
  const { terminal } = invocation.deps;
  switch (event.type) {
    case 'payment_required':
      progress.offer = event.offer;
      return;
    case 'proof_received': {
      progress.processPaymentId = event.processPaymentId;
      const what = `SIGNED${event.replayed ? ' earlier' : ''}, payment ${event.processPaymentId} of USD ${event.offer.amountUsd}`;
      tell(terminal, `bursar   ${what}; the seller has to settle it`);
      return;
    }
    case 'settled': {
      const { success, transaction, errorReason } = event.settlement;
      const what = success
        ? `it settled, transaction ${transaction}`
        : `not settled: ${errorReason ?? 'no reason given'}`;
      tell(terminal, `seller   says: ${printable(what)}`);
      return;
    }
    case 'not_accepted':
      // Told with the answer.
      return;
  }
}

/** Where the money is, in a sentence. */
export function whatItMeans({ progress, purchaseId }: Purchase): string {
  if (!progress.askedBursar) return 'nothing was paid';
  const again = `the same command with --purchase ${purchaseId}`;
  if (progress.processPaymentId === null) {
    return `it is not known whether a payment was signed: ${again} finds out, and pays at most once`;
  }
  return `payment ${progress.processPaymentId} is SIGNED and counts against the budget: ${again} presents the same proof again`;
}
