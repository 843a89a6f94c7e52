import {
  BursarError,
  createPayingFetch,
  type OfferSummary,
  type PaidResponse,
  type PayingFetchEvent,
  type ProcessPaymentInput,
  type ProcessPaymentOutput,
} from '../../client/index.ts';
import { findNetworkByChain } from '../../domain/assets.ts';
import { AGENT_NAME_MAX_CHARS } from '../../domain/limits.ts';
import { isSecureUrl } from '../../domain/loopback.ts';
import { parseUsd } from '../../domain/money.ts';
import type { Command, Invocation } from '../program/command.ts';
import { confirm } from '../terminal/confirmation.ts';
import { toDelivery } from '../purchase/delivery.ts';
import { describeNetworkError, toCliError } from '../program/failures.ts';
import { availableOf, getSession } from '../operations.ts';
import { CliError, EXIT, usageError, type Outcome } from '../terminal/outcome.ts';
import { usdOf } from '../program/arguments.ts';
import { ownerOf, requireSession } from '../target/ids.ts';
import { clientOf } from '../target/target.ts';
import { formatFacts, printable } from '../terminal/terminal.ts';
import { readWebRequest, sellerFetch, type WebRequest } from '../purchase/web-request.ts';
import { requireWallet } from '../target/wallet.ts';

const PURCHASE_ID = /^[\x21-\x7e]{8,128}$/;
const AGENT_NAME = /^[\x20-\x7e]+$/;

/** What has happened so far: it decides what an interruption or a failure means for the money. */
interface Progress {
  offer: OfferSummary | null;
  askedBursar: boolean;
  processPaymentId: string | null;
}

interface Purchase {
  readonly invocation: Invocation;
  readonly request: WebRequest;
  readonly purchaseId: string;
  readonly sessionId: string;
  readonly agentName: string;
  readonly progress: Progress;
}

async function runPay(invocation: Invocation): Promise<Outcome> {
  const { deps, target, options, positionals } = invocation;
  const request = await readWebRequest(deps, positionals[0]!, options);
  usdOf(options, 'max-price');
  const wallet = requireWallet(target, options);
  const purchase: Purchase = {
    invocation,
    request,
    purchaseId: purchaseIdOf(invocation),
    sessionId: requireSession(target, options.text('session')),
    agentName: agentNameOf(invocation),
    progress: { offer: null, askedBursar: false, processPaymentId: null },
  };
  const fetchPaid = createPayingFetch({
    client: { processPayment: (input) => askAndPay(purchase, input) },
    session: { ...ownerOf(target), paymentSessionId: purchase.sessionId },
    instrument: { paymentInstrumentId: wallet.paymentInstrumentId },
    agentName: purchase.agentName,
    networks: [findNetworkByChain(wallet.chain)!.id],
    fetch: sellerFetch(deps),
    onEvent: (event) => note(purchase, event),
  });
  if (!isSecureUrl(request.url))
    deps.terminal.err('warning: http, so others on the way can read this request and its answer\n');
  // The place for the answer is made before anything is paid.
  const delivery = await toDelivery(invocation);
  const onInterrupt = (): void => deps.terminal.err(`\n${whatItMeans(purchase)}\n`);
  deps.interrupted.addEventListener('abort', onInterrupt, { once: true });
  try {
    const response = await send(purchase, fetchPaid);
    return await delivery.deliver(response, summaryOf(purchase, response));
  } catch (error) {
    throw explain(purchase, error);
  } finally {
    deps.interrupted.removeEventListener('abort', onInterrupt);
    await delivery.close();
  }
}

function purchaseIdOf({ deps, options }: Invocation): string {
  const given = options.text('purchase');
  if (given === undefined) return Buffer.from(deps.randomBytes(16)).toString('hex');
  if (PURCHASE_ID.test(given)) return given;
  throw usageError(`--purchase must be 8 to 128 visible ASCII characters. Received: ${given}`);
}

function agentNameOf({ options }: Invocation): string {
  const name = options.text('agent') ?? 'bursar-cli';
  if (AGENT_NAME.test(name) && name.length <= AGENT_NAME_MAX_CHARS) return name;
  throw usageError(`--agent must be 1 to ${AGENT_NAME_MAX_CHARS} printable ASCII characters. Received: ${name}`);
}

function send({ request, purchaseId }: Purchase, fetchPaid: ReturnType<typeof createPayingFetch>) {
  const { url, method, headers, body } = request;
  return fetchPaid(url, {
    method,
    headers,
    purchaseId,
    ...(body === null ? {} : { body }),
  });
}

function note({ invocation, progress }: Purchase, event: PayingFetchEvent): void {
  const { terminal } = invocation.deps;
  switch (event.type) {
    case 'payment_required':
      progress.offer = event.offer;
      return;
    case 'proof_received':
      progress.processPaymentId = event.processPaymentId;
      terminal.err(`bursar   approved, payment ${event.processPaymentId}\n`);
      return;
    case 'settled': {
      const { success, transaction, errorReason } = event.settlement;
      const what = success ? `settled, transaction ${transaction}` : `not settled: ${errorReason ?? 'no reason given'}`;
      terminal.err(`seller   ${printable(what)}\n`);
    }
  }
}

/** The one door to the money: shows what is asked, has it confirmed, and only then asks Bursar. */
async function askAndPay(purchase: Purchase, input: ProcessPaymentInput): Promise<ProcessPaymentOutput> {
  const { invocation, progress, sessionId } = purchase;
  const { deps, target } = invocation;
  const { offer } = progress;
  if (offer === null) throw new Error('a payment was asked for before its price was known');
  const client = clientOf(deps, target, 'processPayment');
  const session = await getSession(client, ownerOf(target), sessionId);
  const left = availableOf(session);
  deps.terminal.err(
    `${formatFacts({
      seller: purchase.request.url.origin,
      price: `USD ${offer.amountUsd}`,
      payee: offer.payTo,
      network: `${offer.network} (x402 version ${offer.version})`,
      budget: left === null ? 'no limit' : `USD ${left} left until ${session.expiresAt}`,
    })}\n`,
  );
  await confirmPrice(invocation, offer);
  deps.interrupted.throwIfAborted();
  progress.askedBursar = true;
  return client.processPayment(input);
}

async function confirmPrice({ deps, options }: Invocation, offer: OfferSummary): Promise<void> {
  const limit = options.text('max-price');
  if (limit !== undefined && microUsd(offer.amountUsd) > microUsd(limit)) {
    throw new CliError(EXIT.notConfirmed, `the price of USD ${offer.amountUsd} is above --max-price ${limit}`, {
      hint: 'nothing was paid',
      details: { code: 'cli:above_max_price', offer },
    });
  }
  await confirm(deps, options, {
    text: `pay USD ${offer.amountUsd}?`,
    unasked: `nobody is there to confirm the price of USD ${offer.amountUsd}`,
    undone: 'nothing was paid',
    advice: ', best together with --max-price',
    details: { offer },
  });
}

function microUsd(text: string): bigint {
  const parsed = parseUsd(text);
  if (!parsed.ok) throw new Error(`not an amount of dollars: expected ${parsed.error.expected}`);
  return parsed.value;
}

function summaryOf({ purchaseId, sessionId, request }: Purchase, { status, payment }: PaidResponse) {
  return { url: request.url.href, status, purchaseId, paymentSessionId: sessionId, payment };
}

/** Where the money is, in a sentence. */
function whatItMeans({ progress, purchaseId }: Purchase): string {
  if (!progress.askedBursar) return 'nothing was paid';
  const again = `the same command with --purchase ${purchaseId} asks again without paying twice`;
  if (progress.processPaymentId === null) return `it is open whether a proof was signed: ${again}`;
  return `payment ${progress.processPaymentId} is spent from the budget: ${again}`;
}

function explain(purchase: Purchase, error: unknown): unknown {
  const { progress, request } = purchase;
  if (error instanceof CliError) return error;
  if (error instanceof BursarError) {
    // A revoked session is gone for its user: what helps is a new one, as with one that is spent.
    if (error.errorName === 'ResourceNotFoundException') {
      const { message, hint, details } = toCliError(error, purchase.invocation.target);
      return new CliError(EXIT.refused, message, { hint: hint ?? '', details, cause: error });
    }
    const decided = error.status < 500 && error.status !== 429;
    if (decided) return error;
    return new CliError(EXIT.failed, printable(error.message), { hint: whatItMeans(purchase), cause: error });
  }
  const why = describeNetworkError(error);
  if (why === null) return error;
  const hint = whatItMeans(purchase);
  if (progress.processPaymentId === null && progress.offer === null) {
    return new CliError(EXIT.failed, `${request.url.origin} cannot be reached: ${why}`, { hint, cause: error });
  }
  // Between offer and proof it was Bursar that did not answer.
  if (progress.processPaymentId === null) {
    const { endpoint } = purchase.invocation.target;
    return new CliError(EXIT.failed, `${endpoint} cannot be reached: ${why}`, { hint, cause: error });
  }
  const details = {
    code: 'cli:not_delivered',
    processPaymentId: progress.processPaymentId,
    purchaseId: purchase.purchaseId,
  };
  return new CliError(EXIT.notDelivered, `paid, but ${request.url.origin} did not deliver: ${why}`, {
    hint,
    details,
    cause: error,
  });
}

export const pay: Command = {
  name: 'pay',
  summary: 'fetches a URL and pays what it asks, within the session',
  operands: 'URL',
  operandsMin: 1,
  operandsMax: 1,
  options: {
    method: { value: 'NAME', help: 'of the request (default GET, with --data POST)' },
    data: { value: 'TEXT', help: 'the body; @FILE reads a file' },
    header: { value: "'NAME: VALUE'", many: true, help: 'may be repeated' },
    'max-price': { value: 'USD', help: 'pay no more than this' },
    yes: { help: 'do not ask' },
    output: { value: 'FILE', help: 'the answer goes there instead of stdout' },
    session: { value: 'ID', help: 'the budget (default: the session that was created last)' },
    instrument: { value: 'ID', help: 'the wallet (default: that of init)' },
    connector: { value: 'ID', help: 'the connector of that wallet' },
    chain: { value: 'CHAIN', help: 'pay on this chain only (default: that of init)' },
    agent: { value: 'NAME', help: 'who buys, for the receipts (default bursar-cli)' },
    purchase: { value: 'ID', help: 'the purchase of an earlier try: it is not paid twice' },
  },
  role: 'ProcessPaymentRole; with a token, any without the management scope',
  examples: [
    ['bursar pay https://api.example.com/report', 'shows the price and asks'],
    ['bursar pay https://api.example.com/report --yes --max-price 0.50 --output report.pdf', 'does not ask'],
    [
      `bursar pay https://api.example.com/search --data '{"q":"tea"}' --header 'content-type: application/json'`,
      'POST',
    ],
  ],
  notes: [
    'stdout gets the body, byte for byte; the rest goes to stderr.',
    `exit code: ${EXIT.ok} delivered; ${EXIT.failed} failed, or the seller answered an error unpaid; ${EXIT.notConfirmed} not confirmed, or above --max-price; ${EXIT.refused} refused by Bursar; ${EXIT.notDelivered} paid, and the seller did not deliver.`,
  ],
  run: runPay,
};
