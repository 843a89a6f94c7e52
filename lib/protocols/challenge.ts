import { isAddress } from '../chains/evm/address.ts';
import type { AuthorizationState, JsonRpc } from '../chains/evm/authorization-state.ts';
import { findNetwork } from '../domain/assets.ts';
import { parseUsd, type MicroUsd } from '../domain/money.ts';
import type { Offer, OfferBase } from '../domain/payment/shapes.ts';
import { ok, type Result } from '../domain/result.ts';
import type { TokenFinder } from '../domain/tokens/finder.ts';
import { isRecord, memberOf } from '../json/record.ts';
import type { PaymentProtocol } from './catalogue.ts';
import { X402_SCHEMES } from './x402/schemes/catalogue.ts';
import { versionOf, type X402Version } from './x402/scheme.ts';
import {
  buildPaymentHeader,
  parseAskingReason,
  parsePaymentRequired,
  parseSettlement,
  payableOffers,
  priceOf,
  type ClientRefusal,
  type HeaderSource,
  type PaymentChallenge,
  type Settlement,
  type SignedToken,
} from './x402/payment-required.ts';
import { NAME as CREDENTIAL_WAY } from './mpp/methods/evm-charge/name.ts';
import { remedyForPermit } from './x402/permit.ts';
import { isEntryRefusal } from './x402/refusal.ts';
import type { ResourceRule } from './x402/seller-resource.ts';

export type { AuthorizationState, JsonRpc } from '../chains/evm/authorization-state.ts';
export type { ResourceRule } from './x402/seller-resource.ts';
export type { ClientRefusal, HeaderSource, Settlement, SignedToken } from './x402/payment-required.ts';

/** A seller's 402 in the protocols that it speaks: at least one of them. */
export interface Challenge {
  /** Of x402. */
  readonly document: PaymentChallenge | null;
  /** The `WWW-Authenticate` header, where it speaks of MPP; not read further. */
  readonly authenticate: string | null;
}

/** What a buyer lets pass. */
export interface BuyerChoice {
  readonly requestedUrl: string;
  /** CAIP-2 ids. @default - every network that Bursar knows */
  readonly networks?: ReadonlySet<string> | undefined;
  /** Tokens that may be paid in besides the USDC of a network. @default - none */
  readonly tokens?: TokenFinder | undefined;
  /** The most that an offer may cost. @default - no bound here; the session has its own */
  readonly maxAmount?: MicroUsd | null;
  /** Which resource an offer may say that it is for. @default 'related' */
  readonly resource?: ResourceRule | undefined;
}

/**
 * As AgentCore names the protocols of payments.
 *
 * @public
 */
export type PaymentType = PaymentProtocol['paymentType'];

type PaymentRequest =
  | {
      readonly paymentType: 'CRYPTO_X402';
      readonly paymentInput: { readonly cryptoX402: { readonly version: X402Version; readonly payload: object } };
    }
  | {
      readonly paymentType: 'MPP';
      readonly paymentInput: {
        readonly mpp: { readonly version: '1'; readonly wwwAuthenticateHeaders: readonly [string] };
      };
    };

/** One offer of a challenge, with what Bursar is asked to pay it by. */
export interface ChosenPayment {
  readonly challenge: Challenge;
  readonly offer: Offer;
  readonly price: MicroUsd;
  /** The members of ProcessPayment that say what is to be paid. */
  readonly request: PaymentRequest;
  /** The entry of the challenge, as the seller sent it. */
  readonly entry: object;
}

/** Reads what a 402 asks for. `null`: it speaks none of the protocols that Bursar pays, a web page for instance. */
export function readChallenge(response: {
  readonly headers: HeaderSource;
  readonly body: string;
}): Result<Challenge | null, ClientRefusal> {
  const header = response.headers.get('www-authenticate');
  const authenticate = header !== null && /(?:^|[,\s])payment\s/i.test(header) ? header : null;
  const read = parsePaymentRequired(response);
  if (!read.ok && authenticate === null) return read;
  const document = read.ok ? read.value : null;
  return ok(document === null && authenticate === null ? null : { document, authenticate });
}

/**
 * The offers that can be paid, the cheapest first; between equals x402 comes before MPP, and then the seller's order decides. What
 * reads MPP is loaded when a seller speaks it.
 */
export async function payablePayments(
  challenge: Challenge,
  choice: BuyerChoice,
): Promise<Result<readonly [ChosenPayment, ...ChosenPayment[]], ClientRefusal>> {
  const { document, authenticate } = challenge;
  const toPayment = ({ offer, entry }: { readonly offer: Offer; readonly entry: object }): ChosenPayment => ({
    challenge,
    offer,
    price: priceOf(offer),
    request: {
      paymentType: 'CRYPTO_X402',
      paymentInput: { cryptoX402: { version: versionOf(offer), payload: entry } },
    },
    entry,
  });
  const payable = document === null ? null : payableOffers(document, { ...choice, schemes: X402_SCHEMES });
  if (authenticate !== null) {
    const { withCharges } = await import('./mpp/payable.ts');
    return withCharges(authenticate, choice, {
      rejection: payable?.ok === false ? payable.error.message : null,
      payments: payable?.ok === true ? payable.value.map(toPayment) : [],
      toPayment: (charge) => ({ challenge, price: priceOf(charge.offer), ...charge }),
    });
  }
  if (payable?.ok !== true) return payable!;
  const [cheapest, ...others] = payable.value;
  return ok([toPayment(cheapest), ...others.map(toPayment)]);
}

/** What the seller calls its goods: beside the offers in version 2, in each of them in version 1. Its own word. */
export function describedAs({ challenge, entry }: Pick<ChosenPayment, 'challenge' | 'entry'>): string | undefined {
  const said = [challenge.document?.resource, entry].map((each) => memberOf(each, 'description'));
  return said.find((text) => typeof text === 'string' && text !== '') as string | undefined;
}

/** Whether Bursar's refusal concerns the offer that was asked for alone, so that the next one may be asked under the same token. */
export function isOfferRefusal(code: string | null): boolean {
  return code !== null && isEntryRefusal(code);
}

/** What a proof was signed for. */
export interface SignedFor {
  readonly amountUsd: string;
  readonly network: string;
  readonly asset: string;
  /** Where it is not the USDC of the network. */
  readonly token?: SignedToken | undefined;
  readonly payTo: string;
}

/** How a payment is made, apart from who gets how much of what: a proof of one way is worth nothing as one of another. */
export type PaymentWay = Pick<OfferBase, 'protocol' | 'scheme' | 'transferMethod' | 'facilitator'>;

/** The way that a proof was signed for. `null`: no scheme knows it. */
export function wayOf(paymentOutput: unknown): PaymentWay | null {
  if (credentialOf(paymentOutput) !== null) return CREDENTIAL_WAY;
  const payload = payloadOf(paymentOutput);
  if (payload === null) return null;
  for (const { protocol, scheme, transferMethod, recognize } of X402_SCHEMES.payable) {
    const own = recognize(payload);
    if (own !== null) return { protocol, scheme, transferMethod, ...own };
  }
  return null;
}

/** Whether an offer is paid in a way; `null` stands for all ways. */
export function isPaidBy(way: PaymentWay | null, offer: PaymentWay): boolean {
  if (way === null) return true;
  const { protocol, scheme, transferMethod, facilitator } = way;
  const isOfFacilitator = offer.facilitator?.toLowerCase() === facilitator?.toLowerCase();
  const isAlike = offer.protocol === protocol && offer.scheme === scheme && offer.transferMethod === transferMethod;
  return isAlike && isOfFacilitator;
}

/** Whether a proof is for an offer as it stands. */
export function isSignedFor(signed: SignedFor, way: PaymentWay | null, { offer, price }: ChosenPayment): boolean {
  if (!isPaidBy(way, offer)) return false;
  const { network, asset, payTo } = offer;
  const same = [network, asset, payTo].every(
    (value, index) => value.toLowerCase() === [signed.network, signed.asset, signed.payTo][index]?.toLowerCase(),
  );
  const amount = parseUsd(signed.amountUsd);
  return same && amount.ok && amount.value === price;
}

/** How a proof is presented. */
export interface Presentation {
  readonly challenge: Challenge;
  readonly entry: object;
}

/**
 * The header that carries a proof back to the seller. Its value is a bearer instrument: never log it.
 * @param paymentOutput as ProcessPayment answers it. Throws where it is not of the payment's protocol
 */
export async function attachProof(
  { challenge, entry }: Presentation,
  paymentOutput: unknown,
): Promise<{ readonly name: string; readonly value: string }> {
  const credential = credentialOf(paymentOutput);
  if (credential !== null) return (await import('./mpp/presented.ts')).toCredentialHeader(credential);
  const payload = payloadOf(paymentOutput);
  if (payload === null) throw new Error('the answer to ProcessPayment holds no proof');
  // A proof of x402 for a seller that speaks only MPP by now: presented without what its 402 does not say any more.
  const document = challenge.document ?? { version: '2', resource: undefined, extensions: undefined };
  return buildPaymentHeader(document, { entry }, payload);
}

function credentialOf(paymentOutput: unknown): string | null {
  const credential = memberOf(memberOf(paymentOutput, 'mpp'), 'paymentCredential');
  return typeof credential === 'string' ? credential : null;
}

function payloadOf(paymentOutput: unknown): object | null {
  const payload = memberOf(memberOf(paymentOutput, 'cryptoX402'), 'payload');
  return isRecord(payload) ? payload : null;
}

/** Finds out from its chain what became of a proof. Throws where nobody can tell. */
export async function traceProof(
  {
    network,
    asset,
    paymentOutput,
  }: { readonly network: string; readonly asset: string; readonly paymentOutput: unknown },
  rpc: JsonRpc,
): Promise<AuthorizationState> {
  const [payload, known] = [payloadOf(paymentOutput), findNetwork(network)];
  const credential = credentialOf(paymentOutput);
  if (credential !== null && known !== undefined && isAddress(asset)) {
    const traced = (await import('./mpp/trace.ts')).traceCredential(credential, asset, rpc);
    if (traced !== null) return traced;
  }
  if (payload === null || known === undefined || !isAddress(asset)) throw new Error('no proof on a known network');
  for (const scheme of X402_SCHEMES.payable) {
    const traced = scheme.trace({ payload, token: asset }, rpc);
    if (traced !== null) return traced;
  }
  throw new Error('no scheme knows this proof');
}

/** What a seller says of the settlement; `null` where it says nothing, or nothing that can be read: the money is spent either way. */
export async function readSettlement(headers: HeaderSource): Promise<Settlement | null> {
  const parsed = parseSettlement(headers);
  if (parsed.ok && parsed.value !== null) return parsed.value;
  const receipt = headers.get('payment-receipt');
  return receipt === null ? null : (await import('./mpp/presented.ts')).parseReceipt(receipt);
}

/** What helps against a seller's reason, where it is known; its own word is no more than a name to look up. */
export function remedyFor(reason: string | null): string | null {
  return reason === null ? null : remedyForPermit(reason);
}

/** Why a seller that asks again did not take the payment, in its own words; `null` where it does not say. */
export async function readRejection(response: {
  readonly headers: HeaderSource;
  readonly body: string;
}): Promise<string | null> {
  return (await readSettlement(response.headers))?.errorReason ?? parseAskingReason(response);
}
