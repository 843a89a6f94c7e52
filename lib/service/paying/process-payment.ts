import { NETWORKS } from '../../domain/assets.ts';
import type { Ledger, RepetitionGuard } from '../../domain/ports/books.ts';
import type { Randomness, Signer, TokenSource } from '../../domain/ports/services.ts';
import type { WindowBooks } from '../../domain/ports/windows.ts';
import type { Registry } from '../../domain/ports/registry.ts';
import type { Offer, Payment } from '../../domain/payment/payment.ts';
import type { Resource } from '../../domain/payment/resource.ts';
import type { Principal } from '../../domain/tenants/principal.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { InstrumentType } from '../../domain/tenants/wallet-shapes.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { Clock, EpochMs } from '../../domain/time.ts';
import { parsePaymentInput } from '../../protocols/catalogue.ts';
import type { PaymentObserver } from '../../telemetry/payment-observer.ts';
import { admitCaller } from '../tenants/admission.ts';
import { abortQuietly } from './abort.ts';
import { outcomeOf } from './drive-payment.ts';
import {
  cappedAt,
  cappedBy,
  driveNew,
  findShortage,
  firstRecord,
  readPolicies,
  replayed,
  resumeJudged,
  type PolicyRead,
} from './judged-attempts.ts';
import type { KnownPayer, PayerCache, PayerNames } from './payer.ts';
import { createDraft, hashRequest, newPayment, type Draft } from './payment-draft.ts';
import type { Repetitions } from './repetition.ts';
import { answerOfFirst } from './first-purchase.ts';
import { checkPayer, type CheckedPayer, type PayerCheck, type PayerClaim, type ShortageOf } from './payer-check.ts';
import { isFinal, refuseOtherTerms } from './other-terms.ts';
import { awaitOutcome } from './payment-wait.ts';
import { loggedWords, saidByPayment, UNWRITTEN_POLICIES, type CallFacts } from '../policing/in-force.ts';
import type { PolicySource } from '../policing/policy-source.ts';

const KNOWN_NETWORKS: ReadonlySet<string> = new Set(NETWORKS.map(({ id }) => id));

export interface ProcessPaymentDeps {
  readonly ledger: Ledger;
  readonly registry: Pick<Registry, 'readManager' | 'readInstrument'>;
  readonly signers: Readonly<Record<InstrumentType, Signer>>;
  readonly payers: PayerCache;
  readonly clock: Clock;
  readonly random: Randomness;
  readonly allowedNetworks: ReadonlySet<string>;
  /** Addresses that may decide how much of a ceiling is taken. */
  readonly facilitators: ReadonlySet<string>;
  /** Whether the deployment sends approvals of Permit2. @default none */
  readonly approvals?: 'sent' | null;
  /** What may be paid in besides USDC; asked when an offer is in something else. */
  readonly tokens: TokenSource;
  readonly validityCapSeconds: number;
  readonly inFlightMax: number;
  readonly windows: WindowBooks;
  /** Why a wallet cannot be expected to cover a payment; asked within sessions that have it looked at. @default nobody looks */
  readonly shortageOf?: ShortageOf;
  /** What judges each attempt of a payment anew, and says what it is counted for. */
  readonly policies: PolicySource;
  /** Keeps the same terms from being paid again too soon; `null` where nobody asked for that. */
  readonly repetitions: Repetitions | null;
  /** Says who has a purchase that its protocol gives a name. */
  readonly purchases: RepetitionGuard;
  /** Hears of failures that are recovered later. */
  readonly report: (problem: { readonly event: string; readonly paymentId: string; readonly error: unknown }) => void;
  /** @default nobody watches */
  readonly observer?: PaymentObserver;
}

/** Who pays, from which session and wallet, for which agent; without what is to be paid. */
export interface PayingRequest {
  readonly managerId: string;
  readonly principal: Principal;
  readonly agentName: string | null;
  /** What the caller says that it is for. */
  readonly resource: Resource | null;
  /**
   * The URL of `resource` as the caller spelt it, for the policy.
   * @default not stated
   */
  readonly statedUrl?: string | null;
  readonly sessionId: string;
  readonly instrumentId: string;
  readonly clientToken: string;
  /** When the caller's process may be stopped; no attempt outlives it. */
  readonly deadline: EpochMs;
}

export interface ProcessPaymentRequest extends PayingRequest {
  readonly paymentType: string;
  readonly paymentInput: unknown;
  /** Whether to answer with the stored outcome of the token alone, and never pay. */
  readonly replayOnly: boolean;
}

/** A payment that this handler found or made, and what it knows of the session and the instrument. */
interface Opened {
  readonly payment: Payment;
  readonly created: boolean;
  readonly admission: Result<'admitted', Refusal>;
  readonly checked: Result<CheckedPayer, Refusal>;
  readonly policies: PolicyRead;
}

/**
 * Pays one challenge: intent, reserve, sign, decide, settle. Returns the SIGNED payment, new or replayed; a replay never signs.
 * Its offer is the one of this request, which may differ from the stored one in what no signature covers. Does not talk to the seller and does not know whether the proof will be settled.
 * Throws `OutcomeUnknown` when the caller must ask again with the same client token.
 */
export async function processPayment(
  deps: ProcessPaymentDeps,
  request: ProcessPaymentRequest,
): Promise<Result<Payment, Refusal>> {
  const asked = await readOffer(deps, request);
  if (!asked.ok) return asked;
  if (request.replayOnly) return replayPayment(deps, request, asked.value);
  const outcome = await payOffer(deps, request, asked.value);
  return outcome.ok ? ok({ ...outcome.value, offer: asked.value.offer }) : outcome;
}

/** What a request asks for, and why nothing new may be paid for it, if so. */
interface Asked {
  readonly offer: Offer;
  readonly barred: Refusal | null;
}

/** An offer on a network, in a token or of a facilitator that the deployment allows no longer pays nothing new; a payment that was made for it is still replayed. */
async function readOffer(deps: ProcessPaymentDeps, request: ProcessPaymentRequest): Promise<Result<Asked, Refusal>> {
  const { allowedNetworks: networks, approvals = null, facilitators, tokens, clock } = deps;
  const { paymentType, paymentInput } = request;
  const allowed = await parsePaymentInput(paymentType, paymentInput, {
    networks,
    facilitators,
    approvals,
    loadTokens: async () => (await tokens()).finderAt(clock.now()),
  });
  if (allowed.ok) return ok({ offer: allowed.value, barred: null });
  const known = await parsePaymentInput(paymentType, paymentInput, {
    networks: KNOWN_NETWORKS,
    approvals: 'sent',
    loadTokens: async () => (await tokens()).anyFinder,
  });
  return known.ok ? ok({ offer: known.value, barred: allowed.error }) : allowed;
}

/** Answers with what the client token's payment came to, whatever the offer of this request. Never pays. */
async function replayPayment(
  deps: ProcessPaymentDeps,
  request: ProcessPaymentRequest,
  asked: Asked,
): Promise<Result<Payment, Refusal>> {
  const draft = draftOf(deps, request, asked.offer);
  const key = claimOf(request, asked.offer);
  const [stored, { admission }] = await Promise.all([
    deps.ledger.readPayment(draft.id),
    checkPayer(deps, key, request.principal),
  ]);
  if (!admission.ok) return admission;
  if (stored === null) return refuse({ reason: 'no_payment' });
  const payment = await awaitOutcome(deps, stored, request.deadline);
  if (payment === null) return refuse({ reason: 'busy', what: 'payment' });
  if (!isFinal(payment)) return refuse({ reason: 'no_payment' });
  deps.observer?.replayed();
  return outcomeOf(payment);
}

async function payOffer(
  deps: ProcessPaymentDeps,
  request: ProcessPaymentRequest,
  { offer, barred }: Asked,
): Promise<Result<Payment, Refusal>> {
  const draft = draftOf(deps, request, offer);
  deps.observer?.offered(draft);

  const call = callOf(request);
  deps.observer?.stated(loggedWords(call.said));
  const opened =
    barred === null ? await openPayment(deps, draft, request, call) : await findPayment(deps, draft, request, barred);
  if (!opened.ok) return opened;
  // Checked before anything is said of the payment: a caller that is not admitted gets no replay either.
  if (!opened.value.admission.ok) {
    if (opened.value.created) await abortQuietly(deps, opened.value.payment);
    return opened.value.admission;
  }
  if (opened.value.payment.requestHash !== draft.requestHash) {
    return refuse(await refuseOtherTerms(deps, opened.value.payment, request.deadline));
  }
  const { payment, checked, created, policies } = opened.value;
  if (!created) {
    // Before it is taken up again: an attempt would be spent each time that the first payment of the purchase answers for it.
    const first = isFinal(payment) ? null : await answerOfFirst(deps, payment, request.deadline);
    if (first !== null) return replayed(deps, first);
    return resumeJudged(deps, draft, payment, checked, { call, policies });
  }
  if (payment.status === 'DENIED') return outcomeOf(payment);

  if (!checked.ok) {
    await abortQuietly(deps, payment);
    return checked;
  }
  if (policies.kind === 'unread') {
    await abortQuietly(deps, payment);
    throw policies.cause;
  }
  return driveNew(deps, payment, checked.value, { call, policies: policies.value, deadline: request.deadline });
}

function claimOf(
  { managerId, principal, sessionId, instrumentId, agentName }: PayingRequest,
  offer: Offer,
): PayerClaim {
  return { managerId, userId: principal.userId, sessionId, instrumentId, agentName, offer };
}

function callOf(request: PayingRequest): CallFacts {
  const { managerId, sessionId, instrumentId, principal, agentName, statedUrl } = request;
  const said = saidByPayment(agentName, statedUrl ?? null);
  return { managerId, sessionId, instrumentId, principal, said };
}

/** What makes a payment the same one: the token within its manager and user, whichever operation asks for it. */
export function scopeOf({
  managerId,
  principal,
  clientToken,
}: Pick<PayingRequest, 'managerId' | 'principal' | 'clientToken'>): readonly string[] {
  return ['ProcessPayment', managerId, principal.userId, clientToken];
}

export function draftOf(deps: Pick<ProcessPaymentDeps, 'random'>, request: PayingRequest, offer: Offer): Draft {
  const { managerId, sessionId, instrumentId, agentName, resource, deadline } = request;
  const { userId } = request.principal;
  return createDraft(deps, {
    managerId,
    userId,
    sessionId,
    instrumentId,
    agentName,
    resource,
    offer,
    deadline,
    scope: scopeOf(request),
    requestHash: hashRequest({ sessionId, instrumentId, offer }),
  });
}

/**
 * Finds the payment of this client token or makes it. What is known of session and instrument from an earlier payment lets
 * the intent go out together with the reads; otherwise it waits for them.
 */
async function openPayment(
  deps: ProcessPaymentDeps,
  draft: Draft,
  request: ProcessPaymentRequest,
  call: CallFacts,
): Promise<Result<Opened, Refusal>> {
  const key = claimOf(request, draft.offer);
  const known = deps.payers.get(key);
  const capped = cappedAt(deps, deps.policies.lastCapSeconds(key));
  const early = known === undefined || !isAdmitted(deps, request, known) ? null : newPayment(capped, draft, known);
  if (early?.ok === true) {
    const [intent, read, policies] = await Promise.all([
      deps.ledger.putIntent(early.value),
      settledRead(checkPayer(deps, key, request.principal)),
      readPolicies(deps, key, call, { offered: [draft], counted: false }),
    ]);
    const created = intent.kind === 'created';
    if ('error' in read && created) await abortQuietly(deps, early.value);
    if ('error' in read) throw read.error;
    rememberPayer(deps, key, read.value.checked);
    return ok({ payment: created ? early.value : intent.payment, created, policies, ...read.value });
  }

  const [stored, { admission, checked }, policies] = await Promise.all([
    deps.ledger.readPayment(draft.id),
    checkPayer(deps, key, request.principal),
    readPolicies(deps, key, call, { offered: [draft], counted: false }),
  ]);
  rememberPayer(deps, key, checked);
  if (!admission.ok) return admission;
  if (stored !== null) return ok({ payment: stored, created: false, admission, checked, policies });
  if (!checked.ok) return checked;
  if (policies.kind === 'unread') throw policies.cause;
  const payment = newPayment(cappedBy(deps, policies.value), draft, checked.value.payer);
  if (!payment.ok) return payment;
  const judging = { call, policies: policies.value };
  const short = await findShortage(deps, payment.value, checked.value, judging);
  if (short !== null) return refuse(short);
  const first = firstRecord(deps, payment.value, checked.value.session, judging);
  const intent = await deps.ledger.putIntent(first);
  const created = intent.kind === 'created';
  return ok({ payment: created ? first : intent.payment, created, admission, checked, policies });
}

/** Finds the payment of this client token, where no new one may be made. */
async function findPayment(
  deps: ProcessPaymentDeps,
  draft: Draft,
  request: ProcessPaymentRequest,
  barred: Refusal,
): Promise<Result<Opened, Refusal>> {
  const key = claimOf(request, draft.offer);
  const [stored, { admission }] = await Promise.all([
    deps.ledger.readPayment(draft.id),
    checkPayer(deps, key, request.principal),
  ]);
  if (!admission.ok) return admission;
  const policies: PolicyRead = { kind: 'read', value: UNWRITTEN_POLICIES };
  return stored === null
    ? refuse(barred)
    : ok({ payment: stored, created: false, admission, checked: refuse(barred), policies });
}

/**
 * Remembers only what is valid now: a caller that is no longer admitted, or has no session any more, writes nothing next time. Nor
 * does one whose session has the wallet looked at first.
 */
function rememberPayer({ payers }: ProcessPaymentDeps, key: PayerNames, checked: Result<CheckedPayer, Refusal>): void {
  if (checked.ok && checked.value.session.balanceCheck === undefined) payers.set(key, checked.value.payer);
  else payers.forget(key);
}

/** Whether the manager let such a caller in when it was last read, so that nobody else writes anything before it is read again. */
function isAdmitted(
  deps: ProcessPaymentDeps,
  { principal }: ProcessPaymentRequest,
  { authorizer }: KnownPayer,
): boolean {
  return admitCaller(authorizer, principal, 'pay', deps.clock.now()).ok;
}

type SettledRead = { readonly value: PayerCheck } | { readonly error: unknown };

/** Keeps a failed read from hiding that the intent beside it was written. */
function settledRead(read: Promise<PayerCheck>): Promise<SettledRead> {
  return read.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}
