import { parseAddress } from '../../chains/evm/address.ts';
import type { ReceiptView } from '../operations.ts';
import type { Options } from '../terminal/options.ts';
import { usageError } from '../terminal/outcome.ts';

/** Which payments are wanted. */
export interface PaymentChoices {
  /** Whether some are left out, so that whole pages are read. */
  readonly isChoosy: boolean;
  fits(payment: ReceiptView): boolean;
  /** Whether it, and all that come after it, are older than what is wanted. */
  isBefore(payment: ReceiptView): boolean;
}

const STATUSES = ['PAID', 'DENIED', 'ABORTED', 'PENDING'] as const;
const SPAN = /^([1-9][0-9]{0,3})([mhd])$/;
const INSTANT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z)?$/;
const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads `--since`, `--agent`, `--payee` and `--status`. Throws `CliError` for what cannot be meant. */
export function readChoices(options: Options, now: number): PaymentChoices {
  const since = sinceOf(options.text('since'), now);
  const agent = options.text('agent');
  const payee = payeeOf(options.text('payee'));
  const status = statusOf(options.text('status'));
  return {
    isChoosy: agent !== undefined || payee !== null || status !== null,
    isBefore: ({ createdAt }) => since !== null && Date.parse(createdAt) < since,
    fits: ({ agentName, offer, decision }) =>
      (agent === undefined || agentName === agent) &&
      (payee === null || parseAddress(offer.payTo) === payee) &&
      (status === null || decision === status),
  };
}

function sinceOf(text: string | undefined, now: number): number | null {
  if (text === undefined) return null;
  const span = SPAN.exec(text);
  if (span !== null) return now - Number(span[1]) * UNIT_MS[span[2] as keyof typeof UNIT_MS];
  const instant = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(instant)) return instant;
  throw usageError(
    `--since must be a day or an instant in UTC such as 2026-11-28 or 2026-11-28T12:00:00Z, or a time such as 30m, 12h, 7d. Received: ${text}`,
  );
}

function payeeOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  const address = parseAddress(text);
  if (address === null) throw usageError(`--payee must be an address such as 0x1234... Received: ${text}`);
  return address;
}

function statusOf(text: string | undefined): (typeof STATUSES)[number] | null {
  if (text === undefined) return null;
  const status = STATUSES.find((each) => each === text.toUpperCase());
  if (status === undefined) throw usageError(`--status must be one of ${STATUSES.join(', ')}. Received: ${text}`);
  return status;
}
