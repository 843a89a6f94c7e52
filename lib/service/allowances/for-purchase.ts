import {
  gasOfDay,
  newAllowance,
  type Allowance,
  type AllowanceKey,
  type Hindrance,
  type Want,
} from '../../domain/allowances/allowance.ts';
import { formatCoin } from '../../domain/allowances/gas-budget.ts';
import { ask, isAskedFor } from '../../domain/allowances/steps.ts';
import { findNetwork } from '../../domain/assets.ts';
import { APPROVAL_AMOUNT_MAX, APPROVAL_PAYMENTS_MAX, APPROVAL_WRITES_MAX, PAGE_SIZE_MAX } from '../../domain/limits.ts';
import { stablecoinOfUsd } from '../../domain/token-amount.ts';
import type { Offer, Payment } from '../../domain/payment/payment.ts';
import type { Session } from '../../domain/payment/session.ts';
import type { AllowanceBooks } from '../../domain/ports/allowances.ts';
import type { PaymentLog } from '../../domain/ports/books.ts';
import type { SchemeOf } from '../../domain/ports/schemes.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { EvmInstrument } from '../../domain/tenants/resources.ts';
import type { Clock, EpochMs } from '../../domain/time.ts';
import { signsTransactions } from '../../wallets/abilities.ts';

export interface PurchaseAllowanceDeps {
  readonly books: AllowanceBooks;
  readonly payments: Pick<PaymentLog, 'listPayments'>;
  readonly schemeOf: SchemeOf;
  /** What a wallet's approvals may cost in a day, in wei. */
  readonly gasPerDay: bigint;
  /** The longest that an authorization is good for. */
  readonly validityCapSeconds: number;
  readonly clock: Clock;
}

/** What is to be bought, within which session and from which wallet. */
export interface AllowedPurchase {
  readonly session: Session;
  readonly instrument: EvmInstrument;
  readonly offer: Offer;
}

/**
 * What keeps an offer from being paid now that a seller can take only what its wallet has approved: `null` where that is enough, as
 * far as is known, or where nobody may ask for more. Where it is not, asks for an approval of at most what the session has left, with
 * what is signed already and can still be taken. Reserves and signs nothing.
 *
 * What is known is what the chain showed last, less what was signed since. No chain is asked here, so that a wallet's owner who uses the
 * allowance otherwise is not noticed, nor are two purchases that begin in one moment.
 */
export async function missingAllowance(
  deps: PurchaseAllowanceDeps,
  purchase: AllowedPurchase,
): Promise<Refusal | null> {
  const key = approvedWallet(deps, purchase);
  if (key === null) return null;
  const { session, instrument, offer } = purchase;
  const { managerId, userId, instrumentId } = instrument;
  for (let writing = 0; writing < APPROVAL_WRITES_MAX; writing += 1) {
    const now = deps.clock.now();
    const stored = await deps.books.read(key);
    const known = stored ?? newAllowance({ ...key, managerId, userId, instrumentId });
    const signed = await readSigned(deps, known, offer, now);
    if (isEnough(known, offer, signed)) return null;
    const want = together(known, {
      token: offer.asset as Want['token'],
      most: mostOf(session, offer, signed.alive),
      least: offer.amount + signed.alive,
      askedAt: now,
      sessionId: session.sessionId,
    });
    // What the owner's backend asked for, and is not under way yet, stands before it.
    if (isAskedFor(known, want) || known.want?.sessionId === null) return asked(deps, known, offer, now);
    const next = ask(known, want);
    if ((await deps.books.write(next)) === 'written') return asked(deps, next, offer, now);
  }
  return { reason: 'busy', what: 'change' };
}

/** Whose approval it would be. `null`: nothing needs one, or nobody may ask for it. */
function approvedWallet({ schemeOf }: PurchaseAllowanceDeps, of: AllowedPurchase): AllowanceKey | null {
  const { session, instrument, offer } = of;
  const { wallet } = instrument;
  if (session.approvals === undefined || session.limit === null || wallet === null) return null;
  if (schemeOf(offer).approved === null || !signsTransactions(wallet.key.type)) return null;
  // Budgets are dollars, and so is what bounds an approval.
  if (offer.asset !== findNetwork(offer.network)?.usdc.address) return null;
  return { network: offer.network, owner: wallet.address };
}

/** What was signed of a token, in its smallest unit. */
interface Signed {
  /** What may have been taken since the chain was looked at; `null`: more than is read here. */
  readonly since: bigint | null;
  /** What can still be taken. */
  readonly alive: bigint;
}

/** Newest first, as far back as what was signed could still be taken when the chain showed the allowance. */
async function readSigned(
  { payments, schemeOf, validityCapSeconds }: PurchaseAllowanceDeps,
  { managerId, userId, owner, end }: Allowance,
  { network, asset }: Offer,
  now: EpochMs,
): Promise<Signed> {
  const lookedAt = end?.token === asset ? end.at : now;
  const oldest = lookedAt - validityCapSeconds * 1_000;
  let [since, alive, read] = [0n, 0n, 0];
  let nextToken: string | undefined;
  do {
    const page = await payments.listPayments(
      { managerId, userId },
      { maxResults: PAGE_SIZE_MAX, ...(nextToken === undefined ? {} : { nextToken }) },
    );
    for (const payment of page.items) {
      if (payment.createdAt < oldest) return { since, alive };
      if (!isPermitOf(payment)) continue;
      const endsAt = payment.terms.validBefore * 1_000;
      if (endsAt > lookedAt) since += payment.offer.amount;
      if (endsAt > now) alive += payment.offer.amount;
    }
    read += page.items.length;
    nextToken = page.nextToken;
  } while (nextToken !== undefined && read < APPROVAL_PAYMENTS_MAX);
  return { since: nextToken === undefined ? since : null, alive };

  function isPermitOf({ status, offer, terms }: Payment): boolean {
    const isThere = offer.network === network && offer.asset === asset && terms.from === owner;
    return isThere && status === 'SIGNED' && schemeOf(offer).approved !== null;
  }
}

/** Not while another approval is under way, which takes the place of this one. */
function isEnough({ want, attempt, end }: Allowance, { asset, amount }: Offer, { since }: Signed): boolean {
  if (want !== null || attempt !== null || since === null || end === null || end.token !== asset) return false;
  return 'amount' in end && end.amount - since >= amount;
}

function mostOf({ budget: { available } }: Session, { network, amount }: Offer, alive: bigint): bigint {
  const left = available === null ? amount : stablecoinOfUsd(available, findNetwork(network)!.usdc.decimals);
  const most = left + alive;
  return most < APPROVAL_AMOUNT_MAX ? most : APPROVAL_AMOUNT_MAX;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** What two sessions ask for before anything is under way is one approval, which is enough for each of them. */
function together({ want: other }: Allowance, want: Want & { readonly least: bigint }): Want {
  if (other === null || other.token !== want.token || other.least === null) return want;
  return { ...want, most: larger(other.most, want.most), least: larger(other.least, want.least) };
}

const WAITS: Readonly<Record<Hindrance, string>> = {
  gas_missing: 'it waits for gas, since the wallet lacks the coin of the network',
  gas_budget: 'it waits for tomorrow, since what approvals may cost in a day is used up',
  nonce_busy: 'it waits for another transaction of the wallet',
  fee_ceiling: 'it waits for lower fees',
};

/** Says what it may cost before anything of it is signed. */
function asked({ gasPerDay }: PurchaseAllowanceDeps, known: Allowance, { network }: Offer, now: EpochMs): Refusal {
  const { hindrance } = known;
  const waits = hindrance === null ? '' : `; ${WAITS[hindrance]}`;
  const today = gasOfDay(known, now).wei;
  const message =
    `Permit2 may not take enough of the wallet's USDC on ${network} yet, and an approval is asked for${waits}. ` +
    'Nothing was signed or reserved: retry with the same clientToken, in about a minute. ' +
    `The wallet's approvals there cost at most ${formatCoin(gasPerDay)} of its coin a day, and ${formatCoin(today)} so far today`;
  return { reason: 'allowance_requested', message };
}
