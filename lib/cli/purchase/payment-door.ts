import type { CallOptions, OfferSummary, ProcessPaymentInput, ProcessPaymentOutput } from '../../client/index.ts';
import { findNetwork } from '../../domain/assets.ts';
import { parseUsd } from '../../domain/money.ts';
import { availableOf, getSession, readBalance } from '../operations.ts';
import { toCliError } from '../program/failures.ts';
import { ownerOf } from '../target/ids.ts';
import { clientOf } from '../target/target.ts';
import { usdOfBalance } from '../target/wallet.ts';
import { confirm } from '../terminal/confirmation.ts';
import { CliError, EXIT } from '../terminal/outcome.ts';
import { formatFacts, tell } from '../terminal/layout.ts';
import type { Purchase } from './purchase.ts';

/** The most that `--yes` pays without `--max-price`, since nobody looks at the price then. */
export const UNATTENDED_MAX_USD = '1.00';

/** The balance is a courtesy, and the chain may be slow. */
const BALANCE_WAIT_MAX_MS = 8_000;

/** The one door to the money: shows what is asked, has it confirmed, and only then asks Bursar. */
export async function askAndPay(
  purchase: Purchase,
  input: ProcessPaymentInput,
  options?: CallOptions,
): Promise<ProcessPaymentOutput> {
  const { invocation, progress } = purchase;
  const { deps, target } = invocation;
  const { offer } = progress;
  const client = clientOf(deps, target, 'processPayment');
  if (offer === null) throw new Error('a payment was asked for before its price was known');
  // A look-up, or the same offer under another generation, follows what was confirmed already.
  if (!isSame(progress.confirmed, offer)) await settleOn(purchase, offer);
  deps.interrupted.throwIfAborted();
  progress.askedBursar = true;
  return client.processPayment(input, options);
}

/** As AgentCore and `--chain` call it, where they do. */
function chainName(network: string): string {
  return findNetwork(network)?.chain ?? network;
}

function isSame(a: OfferSummary | null, b: OfferSummary): boolean {
  return a !== null && a.amountUsd === b.amountUsd && a.payTo === b.payTo && a.network === b.network;
}

async function settleOn(purchase: Purchase, offer: OfferSummary): Promise<void> {
  const { invocation, progress, request, sessionId } = purchase;
  const { deps, target } = invocation;
  const client = clientOf(deps, target, 'processPayment');
  const session = await getSession(client, ownerOf(target), sessionId);
  const left = availableOf(session);
  const heldUsd = await heldIn(purchase);
  deps.terminal.err(
    `${formatFacts(
      {
        seller: request.url.origin,
        price: `USD ${offer.amountUsd}`,
        payee: offer.payTo,
        network: `${chainName(offer.network)} (x402 version ${offer.version})`,
        budget: left === null ? 'no limit' : `USD ${left} left until ${session.expiresAt}`,
        wallet: heldUsd === null ? null : `USD ${heldUsd}`,
      },
      deps.terminal.columns,
    )}\n`,
  );
  checkBalance(heldUsd, offer, target.local === null ? 'bursar balance' : 'bursar faucet');
  await confirmPrice(purchase, offer);
  progress.confirmed = offer;
}

/**
 * What the wallet holds, in dollars. `null`: not asked, or not known, which does not stop the purchase. Not asked for a
 * purchase that an earlier run may have paid for: the money has then left, and only the proof is wanted.
 */
async function heldIn({ invocation, wallet, isRepeated }: Purchase): Promise<string | null> {
  const { deps, target, options } = invocation;
  if (isRepeated || options.flag('no-balance-check')) return null;
  try {
    const signal = AbortSignal.any([deps.interrupted, AbortSignal.timeout(BALANCE_WAIT_MAX_MS)]);
    const client = clientOf(deps, target, 'processPayment');
    return usdOfBalance(await readBalance(client, ownerOf(target), wallet, { signal }));
  } catch (error) {
    deps.interrupted.throwIfAborted();
    tell(deps.terminal, `warning: what the wallet holds cannot be read: ${toCliError(error, target).message}`);
    return null;
  }
}

function checkBalance(heldUsd: string | null, offer: OfferSummary, way: string): void {
  if (heldUsd === null || microUsd(heldUsd) >= microUsd(offer.amountUsd)) return;
  throw new CliError(EXIT.failed, `the wallet holds ${heldUsd} of ${offer.amountUsd}`, {
    hint: `nothing was signed; fund the wallet (${way}), or sign all the same with --no-balance-check`,
    details: { code: 'cli:not_enough', heldUsd, offer },
  });
}

async function confirmPrice({ invocation: { deps, options } }: Purchase, offer: OfferSummary): Promise<void> {
  const given = options.text('max-price');
  const limit = given ?? (options.flag('yes') ? UNATTENDED_MAX_USD : undefined);
  if (limit !== undefined && microUsd(offer.amountUsd) > microUsd(limit)) {
    const bound = given === undefined ? `what --yes pays without --max-price, USD ${limit}` : `--max-price ${limit}`;
    throw new CliError(EXIT.notConfirmed, `the price of USD ${offer.amountUsd} is above ${bound}`, {
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
