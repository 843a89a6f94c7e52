import { NETWORKS } from '../../domain/assets.ts';
import type { Ledger, RepetitionGuard } from '../../domain/ports/books.ts';
import type { Randomness, Signer } from '../../domain/ports/services.ts';
import type { WindowBooks } from '../../domain/ports/windows.ts';
import type { Registry } from '../../domain/ports/registry.ts';
import type { Charge } from '../../domain/payment/charge.ts';
import type { Offer, Payment } from '../../domain/payment/payment.ts';
import type { Resource } from '../../domain/payment/resource.ts';
import type { Session } from '../../domain/payment/session.ts';
import type { Principal } from '../../domain/tenants/principal.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { WalletType } from '../../domain/tenants/wallet-shapes.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { Clock, EpochMs } from '../../domain/time.ts';
import { parsePaymentInput } from '../../protocols/catalogue.ts';
import type { PaymentObserver } from '../../telemetry/payment-observer.ts';
import { admitCaller } from '../tenants/admission.ts';
import { abortOnFailure, abortQuietly } from './abort.ts';
import { shownDenial } from './denial.ts';
import { denyPayment, drivePayment, outcomeOf } from './drive-payment.ts';
import type { KnownPayer, PayerCache, PayerNames } from './payer.ts';
import { createDraft, deniedPayment, hashRequest, newPayment, type Draft } from './payment-draft.ts';
import { answerOfFirst } from './first-purchase.ts';
import { findRepetition, type Repetitions } from './repetition.ts';
import { resumePayment } from './resume-payment.ts';
import { checkPayer, type CheckedPayer, type PayerCheck } from './payer-check.ts';
import { isFinal, refuseOtherTerms } from './other-terms.ts';
import { awaitOutcome } from './payment-wait.ts';

const KNOWN_NETWORKS: ReadonlySet<string> = new Set(NETWORKS.map(({ id }) => id));

export interface ProcessPaymentDeps {
  readonly ledger: Ledger;
  readonly registry: Pick<Registry, 'readManager' | 'readInstrument'>;
  readonly signers: Readonly<Record<WalletType, Signer>>;
  readonly payers: PayerCache;
  readonly clock: Clock;
  readonly random: Randomness;
  readonly allowedNetworks: ReadonlySet<string>;
  /** Addresses that may decide how much of a ceiling is taken. */
  readonly facilitators: ReadonlySet<string>;
  readonly validityCapSeconds: number;
  readonly inFlightMax: number;
  readonly windows: WindowBooks;
  /**
   * What an attempt of a payment is counted for, asked anew for each: the one that is reserved is what counts.
   * @default nothing
   */
  readonly chargesOf?: (payment: Payment, now: EpochMs) => readonly Charge[];
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

/** An offer on a network or of a facilitator that the deployment allows no longer pays nothing new; a payment that was made for it is still replayed. */
async function readOffer(deps: ProcessPaymentDeps, request: ProcessPaymentRequest): Promise<Result<Asked, Refusal>> {
  const { allowedNetworks: networks, facilitators } = deps;
  const { paymentType, paymentInput } = request;
  const allowed = await parsePaymentInput(paymentType, paymentInput, { networks, facilitators });
  if (allowed.ok) return ok({ offer: allowed.value, barred: null });
  const known = await parsePaymentInput(paymentType, paymentInput, { networks: KNOWN_NETWORKS });
  return known.ok ? ok({ offer: known.value, barred: allowed.error }) : allowed;
}

/** Answers with what the client token's payment came to, whatever the offer of this request. Never pays. */
async function replayPayment(
  deps: ProcessPaymentDeps,
  request: ProcessPaymentRequest,
  asked: Asked,
): Promise<Result<Payment, Refusal>> {
  const draft = draftOf(deps, request, asked.offer);
  const key = { ...request, userId: request.principal.userId };
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

  const opened =
    barred === null ? await openPayment(deps, draft, request) : await findPayment(deps, draft, request, barred);
  if (!opened.ok) return opened;
  // Checked before anything is said of the payment: a caller that is not admitted gets no replay either.
  if (!opened.value.admission.ok) {
    if (opened.value.created) await abortQuietly(deps, opened.value.payment);
    return opened.value.admission;
  }
  if (opened.value.payment.requestHash !== draft.requestHash) {
    return refuse(await refuseOtherTerms(deps, opened.value.payment, request.deadline));
  }
  const { payment, checked, created } = opened.value;
  if (!created) {
    // Before it is taken up again: an attempt would be spent each time that the first payment of the purchase answers for it.
    const first = isFinal(payment) ? null : await answerOfFirst(deps, payment, request.deadline);
    if (first !== null) return replayed(deps, first);
    return resumePayment(deps, draft, payment, checked, (taken, allowed) =>
      driveTaken(deps, taken, allowed, request.deadline),
    );
  }
  if (payment.status === 'DENIED') return outcomeOf(payment);

  if (!checked.ok) {
    await abortQuietly(deps, payment);
    return checked;
  }
  return driveNew(deps, payment, checked.value, request.deadline);
}

/** Carries a payment that was begun beside the read of its session to its end, which may be what that read shows. */
export function driveNew(
  deps: ProcessPaymentDeps,
  payment: Payment,
  checked: CheckedPayer,
  deadline: EpochMs,
): Promise<Result<Payment, Refusal>> {
  return unlessRepeated(deps, payment, deadline, () => {
    const denial = shownDenial(deps, checked.session, payment);
    return denial === null ? driveCounted(deps, payment, checked, deadline) : denyPayment(deps, payment, denial);
  });
}

/** Carries a payment that was taken over from another handler to its end. */
export function driveTaken(
  deps: ProcessPaymentDeps,
  payment: Payment,
  checked: CheckedPayer,
  deadline: EpochMs,
): Promise<Result<Payment, Refusal>> {
  return unlessRepeated(deps, payment, deadline, () => driveCounted(deps, payment, checked, deadline));
}

function driveCounted(
  deps: ProcessPaymentDeps,
  payment: Payment,
  checked: CheckedPayer,
  deadline: EpochMs,
): Promise<Result<Payment, Refusal>> {
  const charges = deps.chargesOf?.(payment, deps.clock.now()) ?? [];
  return drivePayment(deps, payment, checked, { deadline, charges });
}

function replayed(deps: ProcessPaymentDeps, answer: Result<Payment, Refusal>): Result<Payment, Refusal> {
  if (answer.ok) deps.observer?.replayed();
  return answer;
}

/**
 * Carries on a PENDING payment that this handler owns, unless its purchase has a name under which another payment stands for it, or
 * its terms were paid within the session too lately.
 */
async function unlessRepeated(
  deps: ProcessPaymentDeps,
  payment: Payment,
  deadline: EpochMs,
  drive: () => Promise<Result<Payment, Refusal>>,
): Promise<Result<Payment, Refusal>> {
  const first = await abortOnFailure(deps, payment, () => answerOfFirst(deps, payment, deadline));
  if (first !== null) {
    await abortQuietly(deps, payment);
    return replayed(deps, first);
  }
  const { repetitions } = deps;
  const repetition =
    repetitions === null ? null : await abortOnFailure(deps, payment, () => findRepetition(deps, repetitions, payment));
  if (repetition === null) return drive();
  await abortQuietly(deps, payment);
  return refuse(repetition);
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
): Promise<Result<Opened, Refusal>> {
  const key = { ...request, userId: request.principal.userId };
  const known = deps.payers.get(key);
  const early = known === undefined || !isAdmitted(deps, request, known) ? null : newPayment(deps, draft, known);
  if (early?.ok === true) {
    const [intent, read] = await Promise.all([
      deps.ledger.putIntent(early.value),
      settledRead(checkPayer(deps, key, request.principal)),
    ]);
    const created = intent.kind === 'created';
    if ('error' in read && created) await abortQuietly(deps, early.value);
    if ('error' in read) throw read.error;
    rememberPayer(deps, key, read.value.checked);
    return ok({ payment: created ? early.value : intent.payment, created, ...read.value });
  }

  const [stored, { admission, checked }] = await Promise.all([
    deps.ledger.readPayment(draft.id),
    checkPayer(deps, key, request.principal),
  ]);
  rememberPayer(deps, key, checked);
  if (!admission.ok) return admission;
  if (stored !== null) return ok({ payment: stored, created: false, admission, checked });
  if (!checked.ok) return checked;
  const payment = newPayment(deps, draft, checked.value.payer);
  if (!payment.ok) return payment;
  const first = firstRecord(deps, payment.value, checked.value.session);
  const intent = await deps.ledger.putIntent(first);
  const created = intent.kind === 'created';
  return ok({ payment: created ? first : intent.payment, created, admission, checked });
}

/**
 * What is written of a payment whose session has been read: its intent, or at once its denial. Where equal purchases are looked
 * for, that comes first, since it says more than a denial and leaves the token free.
 */
export function firstRecord(deps: ProcessPaymentDeps, payment: Payment, session: Session): Payment {
  const denial = deps.repetitions === null ? shownDenial(deps, session, payment) : null;
  return denial === null ? payment : deniedPayment(payment, denial);
}

/** Finds the payment of this client token, where no new one may be made. */
async function findPayment(
  deps: ProcessPaymentDeps,
  draft: Draft,
  request: ProcessPaymentRequest,
  barred: Refusal,
): Promise<Result<Opened, Refusal>> {
  const key = { ...request, userId: request.principal.userId };
  const [stored, { admission }] = await Promise.all([
    deps.ledger.readPayment(draft.id),
    checkPayer(deps, key, request.principal),
  ]);
  if (!admission.ok) return admission;
  return stored === null ? refuse(barred) : ok({ payment: stored, created: false, admission, checked: refuse(barred) });
}

/** Remembers only what is valid now: a caller that is no longer admitted, or has no session any more, writes nothing next time. */
function rememberPayer({ payers }: ProcessPaymentDeps, key: PayerNames, checked: Result<CheckedPayer, Refusal>): void {
  if (checked.ok) payers.set(key, checked.value.payer);
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
