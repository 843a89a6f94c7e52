import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { LEASE_MARGIN_MS, PAYMENT_ATTEMPTS_MAX } from '../domain/limits.ts';
import { findNetwork } from '../domain/assets.ts';
import { formatPaymentId } from '../domain/ids.ts';
import { usdValueOfStablecoin } from '../domain/money.ts';
import type { Ledger, Randomness, Registry, Signer } from '../domain/ports.ts';
import type { Hex, Offer, Payment } from '../domain/payment.ts';
import type { Principal } from '../domain/principal.ts';
import type { Refusal } from '../domain/refusal.ts';
import type { WalletType } from '../domain/resources.ts';
import { ok, refuse, type Result } from '../domain/result.ts';
import { addMs, type Clock, type EpochMs } from '../domain/time.ts';
import { validityWindow } from '../domain/validity.ts';
import { parsePaymentInput } from '../protocols/registry.ts';
import type { PaymentObserver } from '../telemetry/payment-observer.ts';
import { admitCaller } from './admission.ts';
import { abortQuietly, drivePayment, outcomeOf } from './drive-payment.ts';
import type { Facts, FactsCache } from './facts.ts';
import { awaitOutcome } from './payment-wait.ts';
import { releaseEarlierAttempts } from './recovery.ts';
import { findRepetition, type Repetitions } from './repetition.ts';
import { readStanding, type Standing, type StandingRead } from './standing.ts';

export interface ProcessPaymentDeps {
  readonly ledger: Ledger;
  readonly registry: Pick<Registry, 'readManager' | 'readInstrument'>;
  readonly signers: Readonly<Record<WalletType, Signer>>;
  readonly facts: FactsCache;
  readonly clock: Clock;
  readonly random: Randomness;
  readonly allowedNetworks: ReadonlySet<string>;
  readonly validityCapSeconds: number;
  readonly inFlightMax: number;
  /** Keeps the same terms from being paid again too soon; `null` where nobody asked for that. */
  readonly repetitions: Repetitions | null;
  /** Hears of failures that are recovered later. */
  readonly report: (problem: { readonly event: string; readonly paymentId: string; readonly error: unknown }) => void;
  /** @default nobody watches */
  readonly observer?: PaymentObserver;
}

export interface ProcessPaymentRequest {
  readonly managerId: string;
  readonly principal: Principal;
  readonly agentName: string | null;
  readonly sessionId: string;
  readonly instrumentId: string;
  readonly paymentType: string;
  readonly paymentInput: unknown;
  readonly clientToken: string;
  /** When the caller's process may be stopped; no attempt outlives it. */
  readonly deadline: EpochMs;
}

/** A request after parsing: everything about the payment that needs no store. */
interface Draft extends Pick<Payment, 'id' | 'requestHash' | 'offer' | 'amount'> {
  readonly request: ProcessPaymentRequest;
  readonly owner: string;
  readonly leaseUntil: EpochMs;
  readonly nonce: Hex;
}

/** A payment that this handler found or made, and what it knows of the session and the instrument. */
interface Opened {
  readonly payment: Payment;
  readonly created: boolean;
  readonly admission: Result<'admitted', Refusal>;
  readonly standing: Result<Standing, Refusal>;
}

/**
 * Pays one challenge: intent, reserve, sign, decide, settle. Returns the SIGNED payment, new or replayed; a replay never signs.
 * Does not talk to the seller and does not know whether the proof will be settled.
 * Throws `OutcomeUnknown` when the caller must ask again with the same client token.
 */
export async function processPayment(
  deps: ProcessPaymentDeps,
  request: ProcessPaymentRequest,
): Promise<Result<Payment, Refusal>> {
  const offer = parsePaymentInput(request.paymentType, request.paymentInput, { networks: deps.allowedNetworks });
  if (!offer.ok) return offer;
  const draft = createDraft(deps, request, offer.value);
  deps.observer?.offered(draft);

  const opened = await openPayment(deps, draft);
  if (!opened.ok) return opened;
  // Before anything is said of the payment: whoever is not let in gets no replay either.
  if (!opened.value.admission.ok) {
    if (opened.value.created) await abortQuietly(deps, opened.value.payment);
    return opened.value.admission;
  }
  if (opened.value.payment.requestHash !== draft.requestHash) return refuse({ reason: 'token_reused' });
  if (!opened.value.created) return resumePayment(deps, draft, opened.value);

  const { payment, standing } = opened.value;
  if (!standing.ok) {
    await abortQuietly(deps, payment);
    return standing;
  }
  return driveUnlessRepeated(deps, payment, standing.value, request.deadline);
}

async function driveUnlessRepeated(
  deps: ProcessPaymentDeps,
  payment: Payment,
  standing: Standing,
  deadline: EpochMs,
): Promise<Result<Payment, Refusal>> {
  const repetition = deps.repetitions === null ? null : await findRepetition(deps, deps.repetitions, payment);
  if (repetition === null) return drivePayment(deps, payment, standing, deadline);
  await abortQuietly(deps, payment);
  return refuse(repetition);
}

function createDraft(deps: ProcessPaymentDeps, request: ProcessPaymentRequest, offer: Offer): Draft {
  const network = findNetwork(offer.network);
  if (network === undefined) throw new Error(`an offer passed its parser with the unknown network ${offer.network}`);
  const tokenScope = JSON.stringify([
    'ProcessPayment',
    request.managerId,
    request.principal.userId,
    request.clientToken,
  ]);
  return {
    request,
    offer,
    amount: usdValueOfStablecoin(offer.amount, network.usdc.decimals),
    id: formatPaymentId(createHash('sha256').update(tokenScope).digest()),
    requestHash: hashRequest(request),
    owner: toHex(deps.random.bytes(12)),
    nonce: toHex(deps.random.bytes(32)),
    leaseUntil: addMs(request.deadline, LEASE_MARGIN_MS),
  };
}

function toHex(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

/** Covers what is paid from what, not who asks under which name: agent name and headers may differ between retries. */
function hashRequest(request: ProcessPaymentRequest): Hex {
  const { sessionId, instrumentId, paymentType, paymentInput } = request;
  const canonical = canonicalize({ sessionId, instrumentId, paymentType, paymentInput });
  if (canonical === undefined) throw new Error('a parsed request has no canonical form');
  return `0x${createHash('sha256').update(canonical).digest('hex')}`;
}

function newPayment(deps: ProcessPaymentDeps, draft: Draft, facts: Facts): Result<Payment, Refusal> {
  const { request, offer } = draft;
  const now = deps.clock.now();
  const window = validityWindow({
    now,
    maxTimeoutSeconds: offer.maxTimeoutSeconds,
    capSeconds: deps.validityCapSeconds,
    sessionExpiresAt: facts.sessionExpiresAt,
  });
  if (!window.ok) return window;
  return ok({
    id: draft.id,
    managerId: request.managerId,
    userId: request.principal.userId,
    sessionId: request.sessionId,
    instrumentId: request.instrumentId,
    agentName: request.agentName,
    requestHash: draft.requestHash,
    offer,
    amount: draft.amount,
    terms: { from: facts.address, nonce: draft.nonce, ...window.value },
    attempt: 1,
    owner: draft.owner,
    leaseUntil: draft.leaseUntil,
    status: 'PENDING',
    createdAt: now,
    decidedAt: null,
    signature: null,
    denial: null,
    budget: null,
  });
}

/**
 * Finds the payment of this client token or makes it. What is known of session and instrument from an earlier payment lets
 * the intent go out together with the reads; otherwise it waits for them.
 */
async function openPayment(deps: ProcessPaymentDeps, draft: Draft): Promise<Result<Opened, Refusal>> {
  const { request } = draft;
  const key = { ...request, userId: request.principal.userId };
  const known = deps.facts.get(key);
  const early = known === undefined || !isAdmitted(deps, request, known) ? null : newPayment(deps, draft, known);
  if (early?.ok === true) {
    const [intent, read] = await Promise.all([
      deps.ledger.putIntent(early.value),
      settledRead(readStanding(deps, key, request.principal)),
    ]);
    const created = intent.kind === 'created';
    if ('error' in read && created) await abortQuietly(deps, early.value);
    if ('error' in read) throw read.error;
    return ok({ payment: created ? early.value : intent.payment, created, ...read.value });
  }

  const [stored, { admission, standing }] = await Promise.all([
    deps.ledger.readPayment(draft.id),
    readStanding(deps, key, request.principal),
  ]);
  if (!admission.ok) return admission;
  if (stored !== null) return ok({ payment: stored, created: false, admission, standing });
  if (!standing.ok) return standing;
  deps.facts.set(key, standing.value.facts);
  const payment = newPayment(deps, draft, standing.value.facts);
  if (!payment.ok) return payment;
  const intent = await deps.ledger.putIntent(payment.value);
  const created = intent.kind === 'created';
  return ok({ payment: created ? payment.value : intent.payment, created, admission, standing });
}

/** Whether the manager let such a caller in when it was last read, so that nobody else writes anything before it is read again. */
function isAdmitted(deps: ProcessPaymentDeps, { principal }: ProcessPaymentRequest, { authorizer }: Facts): boolean {
  return admitCaller(authorizer, principal, 'pay', deps.clock.now()).ok;
}

type SettledRead = { readonly value: StandingRead } | { readonly error: unknown };

/** Keeps a failed read from hiding that the intent beside it was written. */
function settledRead(read: Promise<StandingRead>): Promise<SettledRead> {
  return read.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

/** Answers for a payment that exists already: replays its outcome, waits for it, or takes it over. */
async function resumePayment(
  deps: ProcessPaymentDeps,
  draft: Draft,
  opened: Opened,
): Promise<Result<Payment, Refusal>> {
  const payment = await awaitOutcome(deps, opened.payment, draft.request.deadline);
  if (payment === null) return refuse({ reason: 'busy', what: 'payment' });
  if (payment.status === 'SIGNED' || payment.status === 'DENIED') return outcomeOf(payment);
  if (!opened.standing.ok) return opened.standing;
  if (payment.attempt >= PAYMENT_ATTEMPTS_MAX) return refuse({ reason: 'attempts_exhausted' });

  const window = validityWindow({
    now: deps.clock.now(),
    maxTimeoutSeconds: payment.offer.maxTimeoutSeconds,
    capSeconds: deps.validityCapSeconds,
    sessionExpiresAt: opened.standing.value.facts.sessionExpiresAt,
  });
  if (!window.ok) return window;
  const outcome = await deps.ledger.takeOver({
    id: payment.id,
    attempt: payment.attempt,
    owner: draft.owner,
    leaseUntil: draft.leaseUntil,
    terms: { ...payment.terms, ...window.value },
  });
  if (outcome.kind === 'lost') return outcomeOf(outcome.payment);
  await releaseEarlierAttempts(deps, outcome.payment, opened.standing.value.session).catch((error: unknown) => {
    deps.report({ event: 'payment.close_deferred', paymentId: payment.id, error });
  });
  return driveUnlessRepeated(deps, outcome.payment, opened.standing.value, draft.request.deadline);
}
