import { parsePaymentId } from '../../domain/ids.ts';
import { formatUsd, parseUsd, toMicroUsd } from '../../domain/money.ts';
import { wholeNumberOf } from '../program/arguments.ts';
import type { Command, Invocation } from '../program/command.ts';
import { getPayment, type Owner, type PaymentView, type ReceiptView } from '../operations.ts';
import { readChoices } from '../payments/choices.ts';
import { collectReceipts, SCAN_MAX, type Found } from '../payments/receipts.ts';
import { formatCsv } from '../payments/csv.ts';
import { CliError, done, EXIT, usageError, type Outcome } from '../terminal/outcome.ts';
import { ownerOf } from '../target/ids.ts';
import { clientOf } from '../target/target.ts';
import { formatTable } from '../terminal/layout.ts';
import { printable } from '../terminal/terminal.ts';

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 10_000;
/** Of an id: as many of its characters as a table shows, and as tell a payment from the others of a user. */
const SHORT_ID_CHARS = 8;
const SHORT_ID = /^[0-9a-f][0-9a-f-]{7,35}$/;

type Client = ReturnType<typeof clientOf>;

async function runPayments(invocation: Invocation): Promise<Outcome> {
  const { deps, target, options, positionals } = invocation;
  const client = clientOf(deps, target, 'management');
  const owner = ownerOf(target);
  const [id] = positionals;
  if (id !== undefined) {
    const receipt = await findReceipt(client, owner, id);
    return done(receipt, printableJson(receipt));
  }
  const limit = wholeNumberOf(options, 'limit', 1, LIMIT_MAX) ?? LIMIT_DEFAULT;
  const choices = readChoices(options, deps.now());
  const found = await collectReceipts(client, owner, { choices, limit });
  const { payments } = found;
  const totals = totalsOf(payments);
  if (options.flag('csv')) return done({ payments, totals }, formatCsv(payments));
  const text =
    payments.length === 0
      ? `user ${target.userId} has no payments${choices.isChoosy ? ' like that' : ' yet'}`
      : `${tableOf(payments, deps.terminal.columns)}\n\n${describeTotals(totals)}`;
  return done({ payments, totals }, text + describeRest(found, limit));
}

/** A receipt by its id, or by as much of it as a table shows. */
async function findReceipt(client: Client, owner: Owner, id: string): Promise<PaymentView> {
  if (parsePaymentId(id) !== null) return getPayment(client, owner, id);
  if (!SHORT_ID.test(id)) {
    throw usageError(
      `a payment id is a UUID in lower case, or its first ${SHORT_ID_CHARS} characters. Received: ${id}`,
    );
  }
  const choices = {
    isChoosy: true,
    isBefore: () => false,
    fits: ({ processPaymentId }: ReceiptView) => processPaymentId.startsWith(id),
  };
  const { payments: found } = await collectReceipts(client, owner, { choices, limit: 2 });
  if (found.length === 1) return getPayment(client, owner, found[0]!.processPaymentId);
  if (found.length > 1) throw usageError(`more than one payment begins with ${id}: name more of it`);
  throw new CliError(EXIT.failed, `no payment of user ${owner.userId} begins with ${id}`);
}

/** On a screen what fits it; elsewhere everything. */
function tableOf(payments: readonly ReceiptView[], columns: number | null): string {
  if (columns === null) {
    const rows = payments.map((each) => [
      each.createdAt,
      decisionOf(each),
      each.amountUsd,
      each.budget?.availableUsd ?? '-',
      each.offer.network,
      each.offer.payTo,
      each.agentName ?? '-',
      each.processPaymentId,
      each.resource?.url ?? '-',
    ]);
    const head = ['WHEN', 'DECISION', 'USD', 'LEFT', 'NETWORK', 'PAYEE', 'AGENT', 'PAYMENT', 'FOR'];
    return formatTable([head, ...rows]);
  }
  const rows = payments.map((each) => [
    each.createdAt.slice(5, 16).replace('T', ' '),
    decisionOf(each).replace(/ .*/, ''),
    each.amountUsd,
    each.budget?.availableUsd ?? '-',
    each.processPaymentId.slice(0, SHORT_ID_CHARS),
    each.agentName ?? '-',
    each.resource === null ? shortAddress(each.offer.payTo) : each.resource.url.replace(/^https?:\/\//, ''),
  ]);
  const head = ['WHEN (UTC)', 'DECISION', 'USD', 'LEFT', 'PAYMENT', 'AGENT', 'FOR'];
  return formatTable([head, ...rows], { columns, shrink: [5, 6], keepEnd: [6] });
}

const shortAddress = (address: string): string => `${address.slice(0, 6)}…${address.slice(-4)}`;

function decisionOf({ decision, denial, purpose }: ReceiptView): string {
  if (denial !== null) return `${decision} ${denial.code}`;
  return purpose === 'WITHDRAWAL' && decision === 'PAID' ? 'WITHDRAWN' : decision;
}

interface Totals {
  readonly count: number;
  readonly paid: number;
  readonly paidUsd: string;
  readonly denied: number;
}

function totalsOf(payments: readonly ReceiptView[]): Totals {
  const paid = payments.filter(({ decision, purpose }) => decision === 'PAID' && purpose === 'PAYMENT');
  const sum = paid.reduce((total, { amountUsd }) => total + microUsd(amountUsd), 0n);
  const denied = payments.filter(({ decision }) => decision === 'DENIED').length;
  return { count: payments.length, paid: paid.length, paidUsd: formatUsd(toMicroUsd(sum)), denied };
}

function microUsd(text: string): bigint {
  const parsed = parseUsd(text);
  if (!parsed.ok) throw new Error(`not an amount of dollars: expected ${parsed.error.expected}`);
  return parsed.value;
}

function describeTotals({ count, paid, paidUsd, denied }: Totals): string {
  return `${count} shown: ${paid} paid, USD ${paidUsd} in all; ${denied} denied`;
}

function describeRest({ rest }: Found, limit: number): string {
  if (rest === 'more') return `\nthere are more: --limit ${Math.min(limit * 10, LIMIT_MAX)}`;
  return rest === 'unread' ? `\nonly the newest ${SCAN_MAX} were looked at` : '';
}

/** JSON for people: escapes keep what others wrote from steering the terminal. */
function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).split('\n').map(printable).join('\n');
}

export const payments: Command = {
  name: 'payments',
  summary: 'what was paid and what was refused, newest first; or one receipt',
  operands: '[ID]',
  operandsMin: 0,
  operandsMax: 1,
  options: {
    limit: { value: 'N', help: `how many, 1 to ${LIMIT_MAX} (default ${LIMIT_DEFAULT})` },
    since: { value: 'WHEN', help: 'not older than: a day or an instant in UTC, or 30m, 12h, 7d' },
    agent: { value: 'NAME', help: 'of this agent only' },
    payee: { value: 'ADDRESS', help: 'to this address only' },
    status: { value: 'STATUS', help: 'PAID, DENIED, ABORTED or PENDING only' },
    csv: { help: 'as CSV, whole' },
  },
  role: 'ManagementRole or ObserverRole; with a token, the management scope',
  examples: [
    ['bursar payments --limit 5', 'the last five'],
    ['bursar payments --since 7d --status DENIED', 'what was refused in the last week'],
    ['bursar payments --since 2026-11-01 --limit 10000 --csv', 'for a spreadsheet'],
    ['bursar payments 01234567', 'one receipt, whole; its id or the first eight of it'],
  ],
  notes: [
    'What a payment is for is what the caller said: Bursar keeps it and has not looked at it.',
    'One receipt comes with what its seller signed, where it signed anything: the offer, and a receipt of its own.',
  ],
  run: runPayments,
};
