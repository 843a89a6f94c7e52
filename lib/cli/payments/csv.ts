import type { ReceiptView } from '../operations.ts';
import { printable } from '../terminal/terminal.ts';

const COLUMNS: readonly (readonly [name: string, of: (payment: ReceiptView) => string | null])[] = [
  ['createdAt', ({ createdAt }) => createdAt],
  ['processPaymentId', ({ processPaymentId }) => processPaymentId],
  ['decision', ({ decision }) => decision],
  ['purpose', ({ purpose }) => purpose],
  ['denialCode', ({ denial }) => denial?.code ?? null],
  ['amountUsd', ({ amountUsd }) => amountUsd],
  ['availableUsd', ({ budget }) => budget?.availableUsd ?? null],
  ['network', ({ offer }) => offer.network],
  ['asset', ({ offer }) => offer.asset],
  ['payTo', ({ offer }) => offer.payTo],
  ['agentName', ({ agentName }) => agentName],
  ['paymentSessionId', ({ paymentSessionId }) => paymentSessionId],
  ['paymentInstrumentId', ({ paymentInstrumentId }) => paymentInstrumentId],
  ['resourceUrl', ({ resource }) => resource?.url ?? null],
  ['resourceDescription', ({ resource }) => resource?.description ?? null],
];

/**
 * Receipts as CSV with a line of names. What begins like a formula is kept from being one, since agents choose their names.
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export function formatCsv(payments: readonly ReceiptView[]): string {
  const lines = payments.map((payment) => COLUMNS.map(([, of]) => formatCell(of(payment) ?? '')).join(','));
  return [COLUMNS.map(([name]) => name).join(','), ...lines].join('\n');
}

function formatCell(text: string): string {
  const plain = printable(text).replace(/^[=+\-@]/, "'$&");
  return /[",]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
