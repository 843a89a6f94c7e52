import { parsePaymentId } from '../../domain/ids.ts';
import { PAGE_SIZE_MAX } from '../../domain/limits.ts';
import { wholeNumberOf } from '../program/arguments.ts';
import type { Command, Invocation } from '../program/command.ts';
import { getInstrument, getPayment, listPayments, readBalance, type ReceiptView } from '../operations.ts';
import { done, usageError, type Outcome } from '../terminal/outcome.ts';
import { ownerOf } from '../target/ids.ts';
import { clientOf } from '../target/target.ts';
import { formatFacts, formatTable } from '../terminal/layout.ts';
import { printable } from '../terminal/terminal.ts';
import { requireWallet, usdOfBalance } from '../target/wallet.ts';

const LIMIT_DEFAULT = 20;

async function runPayments({ deps, target, options, positionals }: Invocation): Promise<Outcome> {
  if (target.access.kind === 'token') {
    throw usageError('receipts are read with AWS signatures only', 'unset BURSAR_TOKEN and use ManagementRole');
  }
  const client = clientOf(deps, target, 'management');
  const owner = ownerOf(target);
  const [id] = positionals;
  if (id !== undefined) {
    if (parsePaymentId(id) === null) throw usageError(`a payment id is a UUID in lower case. Received: ${id}`);
    const receipt = await getPayment(client, owner, id);
    return done(receipt, printableJson(receipt));
  }
  const limit = wholeNumberOf(options, 'limit', 1, PAGE_SIZE_MAX) ?? LIMIT_DEFAULT;
  const payments = await listPayments(client, owner, limit);
  return done({ payments }, payments.length === 0 ? `user ${target.userId} has no payments yet` : tableOf(payments));
}

function tableOf(payments: readonly ReceiptView[]): string {
  const rows = payments.map((each) => [
    each.createdAt,
    decisionOf(each),
    each.amountUsd,
    each.budget?.availableUsd ?? '-',
    each.offer.network,
    each.offer.payTo,
    each.agentName ?? '-',
    each.processPaymentId,
  ]);
  return formatTable([['WHEN', 'DECISION', 'USD', 'LEFT', 'NETWORK', 'PAYEE', 'AGENT', 'PAYMENT'], ...rows]);
}

function decisionOf({ decision, denial, purpose }: ReceiptView): string {
  if (denial !== null) return `${decision} ${denial.code}`;
  return purpose === 'WITHDRAWAL' && decision === 'PAID' ? 'WITHDRAWN' : decision;
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
  options: { limit: { value: 'N', help: `how many, 1 to ${PAGE_SIZE_MAX} (default ${LIMIT_DEFAULT})` } },
  role: 'ManagementRole or ObserverRole; not with a token',
  examples: [
    ['bursar payments --limit 5', 'the last five'],
    ['bursar payments 01234567-89ab-8cde-8f01-23456789abcd', 'one receipt, whole'],
  ],
  run: runPayments,
};

async function runBalance({ deps, target, options }: Invocation): Promise<Outcome> {
  const client = clientOf(deps, target, 'management');
  const owner = ownerOf(target);
  const wallet = requireWallet(target, options);
  const [instrument, balance] = await Promise.all([
    getInstrument(client, owner, wallet.paymentInstrumentId),
    readBalance(client, owner, wallet),
  ]);
  const address = instrument.paymentInstrumentDetails.embeddedCryptoWallet.walletAddress ?? null;
  const usd = usdOfBalance(balance);
  return done(
    { paymentInstrumentId: wallet.paymentInstrumentId, walletAddress: address, tokenBalance: balance, usd },
    formatFacts({ wallet: address, chain: balance.chain, balance: `${usd} ${balance.token}` }),
  );
}

export const balance: Command = {
  name: 'balance',
  summary: 'the money in the wallet, read from the chain',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    chain: { value: 'CHAIN', help: 'BASE_SEPOLIA, BASE or ETHEREUM (default: that of init)' },
    instrument: { value: 'ID', help: 'another wallet of the user' },
    connector: { value: 'ID', help: 'the connector of that wallet' },
  },
  role: 'ManagementRole, ObserverRole or ProcessPaymentRole; with a token, any',
  examples: [['bursar balance', 'the wallet of init']],
  run: runBalance,
};
