import { createHash } from 'node:crypto';
import type { Network } from '../../domain/assets.ts';
import { formatWithdrawalSessionId } from '../../domain/drawn-ids.ts';
import {
  COIN_WITHDRAWAL_SECONDS,
  LEDGER_AMOUNT_MAX,
  SESSION_MINUTES_MAX,
  WITHDRAWAL_TIMEOUT_SECONDS,
} from '../../domain/limits.ts';
import { isCoinTransfer, toCoinTransfer, toTreasuryTransfer } from '../../protocols/treasury/offers.ts';
import type { BaseUnits, MicroUsd } from '../../domain/money.ts';
import { parseTokenAmount, stablecoinOfUsd } from '../../domain/token-amount.ts';
import type { Hex, Offer, Payment } from '../../domain/payment/payment.ts';
import type { WithdrawalSessions } from '../../domain/ports/books.ts';
import type { Randomness, TokenSource } from '../../domain/ports/services.ts';
import type { Registry } from '../../domain/ports/registry.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { PaymentInstrument } from '../../domain/tenants/resources.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import { coinOf } from '../../domain/tokens/coin.ts';
import { assetBySymbol } from '../../domain/tokens/table.ts';
import { usdValueOf, type OfferedAsset } from '../../domain/tokens/token.ts';
import { gateRefusal, type Gate } from '../../domain/payment/gate.ts';
import { newSession } from '../../domain/payment/new-session.ts';
import { sessionStatus, type Session } from '../../domain/payment/session.ts';
import type { EpochMs } from '../../domain/time.ts';
import { pickNetwork } from '../named-network.ts';
import { COUNTS_NOTHING } from '../policing/in-force.ts';
import { requestCoin, refusalOfCoin, type CoinWithdrawalDeps } from '../allowances/requesting-withdrawals.ts';
import { drivePayment, type DriveDeps } from './drive-payment.ts';
import type { Payer } from './payer.ts';
import { createDraft, hashRequest, newPayment, type Draft } from './payment-draft.ts';
import { resumePayment } from './resume-payment.ts';
import type { CheckedPayer } from './payer-check.ts';
import { payingInstrument } from '../tenants/paying-instrument.ts';

export interface WithdrawalDeps extends DriveDeps {
  readonly registry: Pick<Registry, 'readInstrument'>;
  readonly sessions: WithdrawalSessions;
  readonly random: Randomness;
  readonly allowedNetworks: ReadonlySet<string>;
  readonly validityCapSeconds: number;
  /** The addresses that money may leave for, with their checksums. */
  readonly destinations: ReadonlySet<string>;
  readonly tokens: TokenSource;
  /** Sends the coins of networks; `null`: the deployment sends no transactions. */
  readonly coins: CoinWithdrawalDeps | null;
}

/** An unsigned decimal number of a token. */
export interface AssetAmount {
  readonly value: string;
  readonly currency: string;
}

export interface WithdrawalRequest {
  readonly managerId: string;
  /** Whose the instrument is. */
  readonly userId: string;
  readonly agentName: string | null;
  readonly instrumentId: string;
  /** CAIP-2; `null` where the deployment allows one network only. */
  readonly network: string | null;
  /** Dollars of USDC, or an amount of a token by its symbol; `USD` is USDC too. */
  readonly amount: MicroUsd | AssetAmount;
  /** With its checksum. */
  readonly destination: Hex;
  readonly clientToken: string;
  /** When the caller's process may be stopped; no attempt outlives it. */
  readonly deadline: EpochMs;
}

/**
 * Signs a transfer from an instrument to an address of the deployment's list: a payment like any other, within a session that
 * no request can name, whose limit is the amount. Works for an instrument that is deleted, and for one whose connector or
 * manager is: keys outlive them. Does not ask whom the manager lets in, since the caller was judged by IAM.
 *
 * What is signed of a network's own coin is its transaction, later and by another call: it is decided here, and written down for those who
 * send the wallet's transactions.
 *
 * Returns the SIGNED payment, new or replayed; a replay never signs. Does not bring it to the chain, and does not know whether
 * the instrument holds so much. Throws `OutcomeUnknown` when the caller must ask again with the same client token.
 */
export async function withdraw(deps: WithdrawalDeps, request: WithdrawalRequest): Promise<Result<Payment, Refusal>> {
  const outcome = await signTransfer(deps, request);
  if (!outcome.ok) return refuse(withoutSession(outcome.error));
  if (!isCoinTransfer(outcome.value.offer) || deps.coins === null) return outcome;
  const busy = await requestCoin(deps.coins, outcome.value);
  return busy === null ? outcome : refuse(busy);
}

async function signTransfer(deps: WithdrawalDeps, request: WithdrawalRequest): Promise<Result<Payment, Refusal>> {
  const offer = await offerOf(deps, request);
  if (!offer.ok) return offer;
  const draft = draftOf(deps, request, offer.value);
  deps.observer?.offered(draft);

  const [gate, stored, instrument] = await Promise.all([
    deps.ledger.readGate(),
    deps.ledger.readPayment(draft.id),
    deps.registry.readInstrument(request, request.instrumentId),
  ]);
  const wallet = judgeInstrument(instrument);
  if (!wallet.ok) return wallet;
  if (isCoinTransfer(draft.offer) && stored?.status !== 'SIGNED') {
    const refusal = await refusalOfCoin(deps.coins, wallet.value, draft);
    if (refusal !== null) return refuse(refusal);
  }
  const opened = await deps.sessions.openSession(sessionOf(draft, deps.clock.now()), draft.requestHash);
  // The session comes first: an earlier request of this token may have come no further.
  if (opened.requestHash !== draft.requestHash) return refuse({ reason: 'token_reused' });
  const checked = judgeSession(deps, gate, opened.session, wallet.value, draft);
  const created = stored === null ? await createPayment(deps, draft, checked) : ok({ payment: stored, isNew: false });
  if (!created.ok) return created;

  const drive = (payment: Payment, own: CheckedWithdrawal) =>
    // No purchase, which a spend policy is about.
    drivePayment(deps, payment, own, { deadline: draft.deadline, counting: COUNTS_NOTHING });
  const { payment, isNew } = created.value;
  return isNew && checked.ok ? drive(payment, checked.value) : resumePayment(deps, draft, payment, checked, drive);
}

type CheckedWithdrawal = CheckedPayer<Payer>;
type InstrumentWallet = Pick<Payer, 'address' | 'key'>;

/** Writes the intent, or finds the one that another call of the same token has written meanwhile. */
async function createPayment(
  deps: WithdrawalDeps,
  draft: Draft,
  checked: Result<CheckedWithdrawal, Refusal>,
): Promise<Result<{ readonly payment: Payment; readonly isNew: boolean }, Refusal>> {
  if (!checked.ok) return checked;
  const payment = newPayment(deps, draft, checked.value.payer);
  if (!payment.ok) return payment;
  const intent = await deps.ledger.putIntent(payment.value);
  if (intent.kind === 'created') return ok({ payment: payment.value, isNew: true });
  return ok({ payment: intent.payment, isNew: false });
}

async function offerOf(
  { allowedNetworks, destinations, tokens }: WithdrawalDeps,
  { destination, network: named, amount: asked }: WithdrawalRequest,
): Promise<Result<Offer, Refusal>> {
  if (!destinations.has(destination)) return refuse({ reason: 'destination_not_allowed', destination });
  const picked = pickNetwork(allowedNetworks, named);
  if (!picked.ok) return picked;
  const network = picked.value;
  const amount = await amountOf({ tokens }, network, asked);
  if (!amount.ok) return amount;
  const { asset, units } = amount.value;
  // A token keeps for ever what is sent to its own contract.
  if (asset.address === destination) return refuse({ reason: 'destination_not_allowed', destination });
  const isCoin = asset.address === coinOf(network.id).address;
  const transfer = {
    network: network.id,
    asset: asset.address,
    ...('rate' in asset ? { token: asset } : {}),
    amount: units,
    payTo: destination,
    maxTimeoutSeconds: isCoin ? COIN_WITHDRAWAL_SECONDS : WITHDRAWAL_TIMEOUT_SECONDS,
  };
  return ok(isCoin ? toCoinTransfer(transfer) : toTreasuryTransfer(transfer));
}

function invalid(name: string, message: string): { readonly ok: false; readonly error: Refusal } {
  return refuse({ reason: 'invalid_request', problems: [{ name, message }] });
}

/** A token's rate, or none, keeps nobody from taking it home. */
async function amountOf(
  { tokens }: Pick<WithdrawalDeps, 'tokens'>,
  { id, usdc }: Network,
  asked: WithdrawalRequest['amount'],
): Promise<Result<{ readonly asset: OfferedAsset; readonly units: BaseUnits }, Refusal>> {
  if (typeof asked === 'bigint') return ok({ asset: usdc, units: stablecoinOfUsd(asked, usdc.decimals) });
  const { value, currency } = asked;
  const coin = coinOf(id);
  const table = await tokens();
  const named = currency === coin.symbol ? coin : assetBySymbol(table, id, currency);
  const asset = currency === 'USD' ? usdc : named;
  if (asset === undefined) {
    const known = [usdc, ...table.ofNetwork(id), coin].map(({ symbol }) => symbol).join(', ');
    return invalid('amount.currency', `currency must be USD, or a token of ${id}: ${known}. Received: ${currency}`);
  }
  if (asset.domainName === null && asset !== coin) {
    return invalid('amount.currency', `${currency} has no EIP-3009, by which money is taken out`);
  }
  const units = parseTokenAmount(value, asset.decimals);
  if (units === null || units === 0n || units > LEDGER_AMOUNT_MAX || usdValueOf(units, asset) > LEDGER_AMOUNT_MAX) {
    const expected = `more than zero, with at most ${asset.decimals} decimals, and no more than the books can hold`;
    return invalid('amount.value', `amount must be ${expected}. Received: ${value}`);
  }
  return ok({ asset, units });
}

function draftOf(deps: WithdrawalDeps, request: WithdrawalRequest, offer: Offer): Draft {
  const { managerId, userId, instrumentId, agentName, clientToken, deadline } = request;
  const scope = ['CreateWithdrawal', managerId, userId, clientToken];
  return createDraft(deps, {
    managerId,
    userId,
    // Of the token, so that a repetition finds the same session, whatever became of the first call.
    sessionId: formatWithdrawalSessionId(createHash('sha256').update(JSON.stringify(scope)).digest()),
    instrumentId,
    agentName,
    resource: null,
    offer,
    deadline,
    scope,
    requestHash: hashRequest({ instrumentId, offer }),
  });
}

function sessionOf({ managerId, sessionId, userId, amount }: Draft, createdAt: EpochMs): Session {
  return newSession({ managerId, sessionId, userId, limit: amount, expiryMinutes: SESSION_MINUTES_MAX, createdAt });
}

/** A deleted instrument still has its key, unless it was deleted before it got one. */
function judgeInstrument(instrument: PaymentInstrument | null): Result<InstrumentWallet, Refusal> {
  if (instrument === null) return refuse({ reason: 'not_found', resource: 'instrument' });
  const paying = payingInstrument(instrument);
  if (!paying.ok) return paying;
  const { wallet, status } = paying.value;
  return wallet === null ? refuse({ reason: 'instrument_not_active', status }) : ok(wallet);
}

function judgeSession(
  { clock }: WithdrawalDeps,
  gate: Gate,
  session: Session,
  { address, key }: InstrumentWallet,
  draft: Draft,
): Result<CheckedWithdrawal, Refusal> {
  if (sessionStatus(session, clock.now()) !== 'ACTIVE') return refuse({ reason: 'withdrawal_lapsed' });
  const { agentName } = draft;
  const closed = gateRefusal(gate, session, { ...draft, agentNames: [agentName] });
  if (closed !== null) return refuse(closed);
  const { deploymentId } = gate;
  return ok({ gate, session, agentName, payer: { address, key, deploymentId, sessionExpiresAt: session.expiresAt } });
}

const SESSION_REASONS: ReadonlySet<Refusal['reason']> = new Set([
  'session_expired',
  'session_closing',
  'session_below_floor',
  'session_not_found',
]);

/** Says of the withdrawal what is said of its session, which the caller knows nothing of. */
function withoutSession(refusal: Refusal): Refusal {
  const { reason } = refusal;
  return SESSION_REASONS.has(reason) ? { reason: 'withdrawal_lapsed' } : refusal;
}
