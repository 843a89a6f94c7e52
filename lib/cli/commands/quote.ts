import { createHash } from 'node:crypto';
import type { Answer, CallInput } from '../../contract/client-types.ts';
import { DECLARED_TEXT_MAX_CHARS } from '../../domain/limits.ts';
import { parseBaseUnits } from '../../domain/money.ts';
import { formatTokenAmount } from '../../domain/token-amount.ts';
import { describeNetworkError } from '../program/failures.ts';
import { usdOf } from '../program/arguments.ts';
import type { Command, Invocation } from '../program/command.ts';
import { readMetChallenge } from '../purchase/met-challenge.ts';
import { readWebRequest, sellerFetch, WEB_REQUEST_OPTIONS, type WebRequest } from '../purchase/web-request.ts';
import { ownerOf, requireSession } from '../target/ids.ts';
import { clientOf } from '../target/target.ts';
import { requireWallet } from '../target/wallet.ts';
import { CliError, EXIT, done, usageError, type Outcome } from '../terminal/outcome.ts';
import { formatTable, wrap } from '../terminal/layout.ts';
import { printable } from '../terminal/terminal.ts';

type Quote = Answer<'QuoteChallenge'>['quote'];
type Offer = Quote['offers'][number];
type SellerChallenge = CallInput<'QuoteChallenge'>['challenge'];

/** The column that is cut where the table is wider than the screen. */
const PAYEE = 5;
const TEXT_INDENT = 9;

async function runQuote({ deps, target, options, positionals }: Invocation): Promise<Outcome> {
  const request = await readWebRequest(deps, positionals[0]!, options);
  const maxPrice = usdOf(options, 'max-price');
  const declared = { ...textOf(options, 'tool'), ...textOf(options, 'intent') };
  const wallet = requireWallet(target, options);
  const paymentSessionId = requireSession(target, options.text('session'));
  const { paymentManagerArn, userId } = ownerOf(target);
  const met = await meet(deps, request);
  if (met.challenge === null) {
    const text = `seller   answers ${met.status}: it asks for no payment`;
    return done({ url: request.url.href, status: met.status, quote: null }, text);
  }
  const { quote } = await clientOf(deps, target, 'processPayment').call(
    'QuoteChallenge',
    {
      paymentManagerArn,
      paymentSessionId,
      paymentInstrumentId: wallet.paymentInstrumentId,
      request: { method: request.method, url: met.url, ...declared, ...bodyHashOf(request) },
      challenge: met.challenge,
      ...(maxPrice === undefined ? {} : { maxPrice: { value: maxPrice, currency: 'USD' } }),
    },
    { userId },
    { signal: deps.interrupted },
  );
  return done({ url: request.url.href, status: met.status, quote }, textOfQuote(quote, deps.terminal.columns));
}

function textOf(options: Invocation['options'], name: 'tool' | 'intent'): { readonly [name: string]: string } {
  const value = options.text(name);
  if (value === undefined) return {};
  if (value !== '' && value.length <= DECLARED_TEXT_MAX_CHARS) return { [name]: value };
  throw usageError(`--${name} must have 1 to ${DECLARED_TEXT_MAX_CHARS} characters. Received: ${value.length}`);
}

function bodyHashOf({ body }: WebRequest): { readonly bodyHash?: string } {
  return body === null ? {} : { bodyHash: createHash('sha256').update(body).digest('hex') };
}

/** Asks the seller, and keeps its 402; `challenge` is `null` for any other answer. Follows redirects of GET and HEAD only. */
async function meet(
  deps: Invocation['deps'],
  { url, method, headers, body }: WebRequest,
): Promise<{ readonly status: number; readonly url: string; readonly challenge: SellerChallenge | null }> {
  const isQuestion = method === 'GET' || method === 'HEAD';
  try {
    const response = await sellerFetch(deps)(url, {
      method,
      headers,
      redirect: isQuestion ? 'follow' : 'manual',
      ...(body === null ? {} : { body }),
    });
    return { status: response.status, url: response.url || url.href, challenge: await readMetChallenge(response) };
  } catch (error) {
    const why = describeNetworkError(error);
    if (why === null) throw error;
    throw new CliError(EXIT.failed, `${url.origin} cannot be reached: ${why}`, { cause: error });
  }
}

/** On a screen the reasons stand below the table, and the id of the quote on a line of its own, where it fits whole. */
function textOfQuote({ offers, chosen, availableUsd }: Quote, columns: number | null): string {
  const rows = offers.map((each) => rowOf(each, each.index === chosen?.index, columns === null));
  const head = ['', 'OFFER', 'VERDICT', 'USD', 'NETWORK', 'PAYEE', 'SCHEME', 'WALLET'];
  const table = formatTable([columns === null ? [...head, 'WHY'] : head, ...rows], { columns, shrink: [PAYEE] });
  const budget = `session  ${availableUsd === null ? 'no limit' : `USD ${availableUsd} left`}`;
  if (columns === null) {
    const quoted = chosen === null ? '' : `; quote ${chosen.quoteId} until ${chosen.expiresAt}`;
    return `${table}\n\n${budget}\nbursar   ${wouldBe(chosen)}${quoted}`;
  }
  const refused = offers.filter(({ verdict }) => verdict !== 'ALLOWED');
  return [
    table,
    '',
    ...refused.map(({ index, code, reason }) =>
      wrap(`offer ${index}  ${code ?? 'refused'}: ${printable(reason)}`, columns, TEXT_INDENT),
    ),
    budget,
    `bursar   ${wouldBe(chosen)}`,
    ...(chosen === null ? [] : [`quote    until ${chosen.expiresAt}`, chosen.quoteId]),
  ].join('\n');
}

function wouldBe(chosen: Quote['chosen']): string {
  return chosen === null ? 'nothing would be paid' : `offer ${chosen.index} would be paid`;
}

/** With the symbol where that is known: an older service says neither. */
function heldOf(balance: string, token: Offer['token']): string {
  const units = parseBaseUnits(balance);
  if (token === undefined || !units.ok) return `${printable(balance)} units`;
  // As money is written: at least two decimals, where the token has them.
  const [whole, fraction = ''] = formatTokenAmount(units.value, token.decimals).split('.');
  const shown = fraction.padEnd(Math.min(2, token.decimals), '0');
  return `${whole}${shown === '' ? '' : `.${shown}`} ${printable(token.symbol)}`;
}

function rowOf({ index, verdict, code, reason, balance, ...terms }: Offer, isChosen: boolean, whole: boolean) {
  return [
    isChosen ? '*' : '',
    `${index}`,
    whole && verdict !== 'ALLOWED' ? `${verdict} ${code ?? ''}` : verdict,
    terms.amountUsd ?? '-',
    terms.network ?? '-',
    terms.payTo ?? '-',
    terms.scheme ?? '-',
    balance === undefined ? '-' : balance === null ? 'unknown' : heldOf(balance, terms.token),
    ...(whole ? [printable(reason)] : []),
  ];
}

export const quote: Command = {
  name: 'quote',
  summary: 'asks a URL for its price, and Bursar which of its offers would be paid; pays nothing',
  operands: 'URL',
  operandsMin: 1,
  operandsMax: 1,
  options: {
    ...WEB_REQUEST_OPTIONS,
    'max-price': { value: 'USD', help: 'allow no offer that costs more' },
    tool: { value: 'NAME', help: 'the tool that would ask, for rules on tools' },
    intent: { value: 'TEXT', help: 'what the purchase would be for' },
    session: { value: 'ID', help: 'the budget (default: the session that was created last)' },
    instrument: { value: 'ID', help: 'the wallet (default: that of init)' },
    connector: { value: 'ID', help: 'the connector of that wallet' },
  },
  role: 'ProcessPaymentRole; with a token, any without the management scope',
  examples: [['bursar quote https://api.example.com/report', 'every offer, and why it would be paid or not']],
  notes: ['WALLET is what the wallet holds of the token; unknown where no chain can be asked.'],
  run: runQuote,
};
