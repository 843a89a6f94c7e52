import { bestBeyondBudget, rankOffers } from '../../domain/offers/choose-offer.ts';
import { deploymentFlaw } from '../../domain/offers/judge-offer.ts';
import { type JudgedOffer } from '../../domain/offers/verdict.ts';
import { QUOTE_CLOCK_GRACE_MS, QUOTE_LIFE_MS } from '../../domain/limits.ts';
import { formatUsd } from '../../domain/money.ts';
import type { Offer, Payment } from '../../domain/payment/payment.ts';
import { findOfferFreeze } from '../../domain/payment/freeze.ts';
import { toResource } from '../../domain/payment/resource.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import { signedToken } from '../../domain/tokens/token.ts';
import { describedAs, isPaidBy, type Challenge, type Presentation } from '../../protocols/challenge.ts';
import { restate } from '../../protocols/restated.ts';
import { outcomeOf } from '../paying/drive-payment.ts';
import { answerOfFirst } from '../paying/first-purchase.ts';
import { isFinal, refuseOtherTerms } from '../paying/other-terms.ts';
import { checkPayer, type PayerWithInstrument, type CheckedPayer } from '../paying/payer-check.ts';
import { hashRequest, newPayment, toPaymentId } from '../paying/payment-draft.ts';
import { awaitOutcome } from '../paying/payment-wait.ts';
import { draftOf, scopeOf, type PayingRequest, type ProcessPaymentDeps } from '../paying/process-payment.ts';
import {
  cappedBy,
  driveNew,
  firstRecord,
  readPolicies,
  resumeJudged,
  type Judging,
  type PolicyRead,
} from '../paying/judged-attempts.ts';
import { loggedWords, type CallFacts } from '../policing/in-force.ts';
import type { AllowedPurchase } from '../allowances/for-purchase.ts';
import { saidByRequest } from './said-request.ts';
import type { ListedOffer } from '../../protocols/seller-offers.ts';
import { readAsked, type AskedOffers, type AskedPurchase } from './asked-challenge.ts';
import { FUNDS_UNKNOWN, judgingOffers, ofOffers } from './judging-offers.ts';
import { expiryOfQuote, formatQuoteId } from './quote-id.ts';

export interface PayChallengeRequest extends Omit<PayingRequest, 'resource'>, AskedPurchase {
  /** Whether to answer with the stored outcome of the token alone, and never pay. */
  readonly replayOnly: boolean;
  /** Pays the offer of this quote, or nothing. */
  readonly quoteId: string | null;
}

export interface PayChallengeDeps extends ProcessPaymentDeps {
  /** What keeps an offer from being paid before its wallet has approved more; `null`: nothing. @default - nobody looks */
  readonly missingAllowance?: (purchase: AllowedPurchase) => Promise<Refusal | null>;
  /** The offer as it is paid where its seller pays for an approval; `null`: as any other. @default - no seller does */
  readonly sponsored?: (purchase: AllowedPurchase, challenge: Challenge) => Promise<Offer | null>;
}

/** A SIGNED payment, and the 402 as which its proof is presented. */
export interface PaidChallenge {
  readonly payment: Payment;
  readonly presentation: Presentation;
}

/**
 * Pays one offer of a seller's 402: the one that `rankOffers` puts first, or that of a quote. From the choice on it is `processPayment`:
 * the same client token is the same payment there and here. A token that has a payment is answered from it before anything is chosen,
 * whatever this 402 offers; what was chosen is frozen in the intent. Where the session's money alone stands in the way, the
 * reserve says so, since it first takes back what dead payments hold. Throws as `processPayment` does.
 */
export async function payChallenge(
  deps: PayChallengeDeps,
  request: PayChallengeRequest,
): Promise<Result<PaidChallenge, Refusal>> {
  const tokens = await deps.tokens();
  const asked = readAsked(request, tokens.finderAt(deps.clock.now()));
  if (!asked.ok) return asked;
  const paid = await findOrPay(deps, request, asked.value);
  return paid.ok ? ok({ payment: paid.value, presentation: toPresentation(asked.value, paid.value) }) : paid;
}

async function findOrPay(
  deps: PayChallengeDeps,
  request: PayChallengeRequest,
  asked: AskedOffers,
): Promise<Result<Payment, Refusal>> {
  const { principal, agentName, managerId, sessionId, instrumentId } = request;
  const key = { managerId, sessionId, instrumentId, agentName, userId: principal.userId };
  const said = saidByRequest(agentName, request.request);
  const call: CallFacts = { managerId, sessionId, instrumentId, principal, said };
  const [stored, { admission, checked }, policies] = await Promise.all([
    deps.ledger.readPayment(toPaymentId(scopeOf(request))),
    checkPayer(deps, key, principal),
    readPolicies(deps, key, call, ofOffers(asked)),
  ]);
  deps.observer?.stated(loggedWords(said));
  // Checked before anything is said of a payment: a caller that is not admitted gets no replay either.
  if (!admission.ok) return admission;
  if (stored !== null) return answerFrom(deps, request, stored, checked, { call, policies });
  if (request.replayOnly) return refuse({ reason: 'no_payment' });
  if (!checked.ok) return checked;
  if (policies.kind === 'unread') throw policies.cause;
  const judging = { call, policies: policies.value };
  const capped = cappedBy(deps, judging.policies);
  const choices = chooseOffers(capped, request, asked, checked.value, judging);
  if (!choices.ok) return choices;
  const chosen = await firstCovered(capped, request, choices.value, checked.value);
  if (!chosen.ok) return chosen;
  const { offer, entry, isAffordable } = chosen.value;
  const { session, instrument } = checked.value;
  const purchase = { session, instrument, offer };
  const sponsored = isAffordable ? await deps.sponsored?.(purchase, asked.challenge) : null;
  const missing = isAffordable && sponsored == null ? await deps.missingAllowance?.(purchase) : null;
  if (missing != null) return refuse(missing);
  const description = describedAs({ challenge: asked.challenge, entry });
  const resource = toResource({ url: request.request.url, description });
  return payChosen(capped, { ...request, resource }, sponsored ?? offer, checked.value, judging);
}

/** An offer with the seller's entry that it was read from. */
interface Chosen {
  readonly offer: Offer;
  readonly entry: object;
  /** `false`: the session's money stands in the way, unless dead payments hold it. */
  readonly isAffordable: boolean;
}

type Choices = readonly [best: Chosen, ...others: Chosen[]];

/** The offers that may be paid, the best first; where there are none, the best of those that the session's money stands in the way of. */
function chooseOffers(
  deps: ProcessPaymentDeps,
  request: PayChallengeRequest,
  { offers }: AskedOffers,
  payer: PayerWithInstrument,
  judging: Judging,
): Result<Choices, Refusal> {
  const now = deps.clock.now();
  const quoted = request.quoteId === null ? ok(offers) : findQuoted(request, request.quoteId, offers, now);
  if (!quoted.ok) return quoted;
  const judge = judgingOffers({ ...deps, now }, request, payer, judging, FUNDS_UNKNOWN);
  const judged: readonly JudgedOffer[] = quoted.value.map((seller) => ({ seller, verdict: judge(seller) }));
  const affordable = rankOffers(judged);
  const beyond = bestBeyondBudget(judged);
  const best = affordable.length === 0 && beyond !== null ? [beyond] : affordable;
  const choices = best.flatMap(({ seller: { index, priced } }): Chosen[] => {
    if (priced === null) return [];
    const entry = offers.find((each) => each.index === index)?.entry ?? {};
    return [{ offer: priced.offer, entry, isAffordable: affordable.length > 0 }];
  });
  const [first, ...others] = choices;
  return first === undefined ? refuse({ reason: 'no_payable_offer', offers: judged }) : ok([first, ...others]);
}

/** The first that the wallet covers, where the session has that looked at; else the first. Each token is looked at once, all together. */
async function firstCovered(
  { shortageOf }: Pick<PayChallengeDeps, 'shortageOf'>,
  request: PayChallengeRequest,
  choices: Choices,
  checked: CheckedPayer,
): Promise<Result<Chosen, Refusal>> {
  const [best] = choices;
  if (shortageOf === undefined || checked.session.balanceCheck === undefined || !best.isAffordable) return ok(best);
  const id = toPaymentId(scopeOf(request));
  // The best offer in a token is the cheapest in it.
  const cheapest = new Map(choices.toReversed().map((choice) => [tokenKey(choice.offer), choice]));
  const looked = await Promise.all(
    choices
      .filter((choice) => cheapest.get(tokenKey(choice.offer)) === choice)
      .map(async (choice) => ({ choice, short: await shortageOf({ id, offer: choice.offer }, checked) })),
  );
  const covered = looked.find(({ short }) => short === null);
  const [{ short = null } = {}] = looked;
  return covered === undefined && short !== null ? refuse(short) : ok(covered?.choice ?? best);
}

function tokenKey({ network, asset }: Offer): string {
  return `${network} ${asset}`;
}

/** The offer that a quote was made for. One that this 402 does not make, or a quote for another request, pays nothing. */
function findQuoted(
  request: PayChallengeRequest,
  quoteId: string,
  offers: AskedOffers['offers'],
  now: number,
): Result<AskedOffers['offers'], Refusal> {
  const expiresAt = expiryOfQuote(quoteId);
  if (expiresAt === null || expiresAt > now + QUOTE_LIFE_MS + QUOTE_CLOCK_GRACE_MS)
    return refuse({ reason: 'quote_mismatch' });
  if (now >= expiresAt) return refuse({ reason: 'quote_expired', expiresAt });
  const { userId } = request.principal;
  const found = offers.find(
    ({ priced }) =>
      priced !== null && formatQuoteId({ ...request, userId, offer: priced.offer, expiresAt }) === quoteId,
  );
  return found === undefined ? refuse({ reason: 'quote_mismatch' }) : ok([found]);
}

/** Writes the intent, which freezes the choice, and drives it. Where the token has an intent already, the answer comes from that. */
async function payChosen(
  deps: ProcessPaymentDeps,
  request: PayChallengeRequest & PayingRequest,
  offer: Offer,
  checked: CheckedPayer,
  judging: Judging,
): Promise<Result<Payment, Refusal>> {
  const draft = draftOf(deps, request, offer);
  deps.observer?.offered(draft);
  const payment = newPayment(deps, draft, checked.payer);
  if (!payment.ok) return payment;
  const first = firstRecord(deps, payment.value, checked.session, judging);
  const intent = await deps.ledger.putIntent(first);
  if (intent.kind !== 'created') {
    const policies = { kind: 'read', value: judging.policies } as const;
    return answerFrom(deps, request, intent.payment, ok(checked), { call: judging.call, policies });
  }
  if (first.status === 'DENIED') return outcomeOf(first);
  return driveNew(deps, first, checked, { ...judging, deadline: request.deadline });
}

/** Answers for a token that has a payment: replays it, waits for it, or takes it up again with the offer that was chosen then. */
async function answerFrom(
  deps: ProcessPaymentDeps,
  request: PayChallengeRequest,
  stored: Payment,
  checked: Result<CheckedPayer, Refusal>,
  judging: { readonly call: CallFacts; readonly policies: PolicyRead },
): Promise<Result<Payment, Refusal>> {
  const { deadline, sessionId, instrumentId, replayOnly } = request;
  deps.observer?.offered(stored);
  if (replayOnly || isFinal(stored)) {
    const payment = await awaitOutcome(deps, stored, deadline);
    if (payment === null) return refuse({ reason: 'busy', what: 'payment' });
    if (!isFinal(payment)) return refuse({ reason: 'no_payment' });
    deps.observer?.replayed();
    return outcomeOf(payment);
  }
  if (stored.sessionId !== sessionId || stored.instrumentId !== instrumentId) {
    const refusal = await refuseOtherTerms(deps, stored, deadline);
    if (refusal.reason !== 'other_terms' || refusal.payment.status !== 'SIGNED') return refuse(refusal);
    deps.observer?.replayed();
    return ok(refusal.payment);
  }
  const first = await answerOfFirst(deps, stored, deadline);
  if (first !== null) return first;
  const draft = draftOf(deps, { ...request, resource: stored.resource }, stored.offer);
  return resumeJudged(deps, draft, stored, barredNow(deps, stored) ?? unlessFrozen(stored, checked), judging);
}

/** The refusal of a payment that was begun for what the deployment lets nobody pay any more. */
function barredNow(
  deps: ProcessPaymentDeps,
  { id, amount, offer }: Payment,
): { readonly ok: false; readonly error: Refusal } | null {
  const flaw = deploymentFlaw(offer, deps);
  if (flaw === null) return null;
  const message = `payment ${id} of USD ${formatUsd(amount)} was begun, but ${flaw.reason}`;
  return refuse({ reason: 'invalid_challenge', code: flaw.code, field: '', message });
}

/** A payment that was begun for a payee or in a token that is frozen since. */
function unlessFrozen(
  { managerId, offer }: Payment,
  checked: Result<CheckedPayer, Refusal>,
): Result<CheckedPayer, Refusal> {
  const freeze = checked.ok ? findOfferFreeze(checked.value.gate.freezes, managerId, offer) : null;
  return freeze === null ? checked : refuse({ reason: 'frozen', ...freeze });
}

/** How a proof is presented: as the entry that it is for, or where this 402 has none of its terms, as an entry with those terms. */
function toPresentation({ challenge, offers }: AskedOffers, payment: Payment): Presentation {
  const { sessionId, instrumentId, offer: signed, requestHash } = payment;
  const same = offers.find(
    ({ priced }) => priced !== null && hashRequest({ sessionId, instrumentId, offer: priced.offer }) === requestHash,
  );
  if (same?.entry != null) return { challenge, entry: same.entry };
  const paidAlike = offers.filter(({ priced }) => priced !== null && isPaidBy(signed, priced.offer));
  const onNetwork = ({ priced }: ListedOffer) => priced?.offer.network === signed.network;
  const alike = paidAlike.find(onNetwork) ?? paidAlike[0];
  const near = alike ?? offers.find(onNetwork) ?? offers[0];
  const { maxTimeoutSeconds, network, asset, payTo } = signed;
  const presented = { challenge, entry: near?.entry ?? { maxTimeoutSeconds } };
  const terms = { amountUsd: formatUsd(payment.amount), network, asset, token: signedToken(signed), payTo };
  return restate(presented, terms, alike === undefined ? signed : null);
}
