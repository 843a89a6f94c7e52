import type { BursarClient } from '../../client/index.ts';
import { listPayments, type Owner, type ReceiptView } from '../operations.ts';
import type { PaymentChoices } from './choices.ts';

/** Receipts that a look for some of them goes through at most. */
export const SCAN_MAX = 50_000;

export interface Found {
  readonly payments: readonly ReceiptView[];
  /** `more`: at least one further page is there; `unread`: so many were looked at that the look ended. */
  readonly rest: 'none' | 'more' | 'unread';
}

/** Reads page by page, newest first, until there are enough, or one is older than what is asked for. */
export async function collectReceipts(
  client: BursarClient,
  owner: Owner,
  { choices, limit }: { readonly choices: PaymentChoices; readonly limit: number },
): Promise<Found> {
  const payments: ReceiptView[] = [];
  let nextToken: string | undefined;
  for (let scanned = 0; scanned < SCAN_MAX;) {
    const page = await listPayments(client, owner, {
      limit: choices.isChoosy ? null : limit - payments.length,
      nextToken,
    });
    scanned += page.payments.length || 1;
    for (const payment of page.payments) {
      if (choices.isBefore(payment)) return { payments, rest: 'none' };
      if (!choices.fits(payment)) continue;
      if (payments.length === limit) return { payments, rest: 'more' };
      payments.push(payment);
    }
    nextToken = page.nextToken;
    if (nextToken === undefined) return { payments, rest: 'none' };
    if (payments.length === limit) return { payments, rest: 'more' };
  }
  return { payments, rest: 'unread' };
}
