import { parseAddress } from '../chains/evm/address.ts';
import type { Network } from '../domain/assets.ts';
import type { Offer, SchemeKey } from '../domain/payment/shapes.ts';
import type { Scheme, SchemeName, SchemeOf } from '../domain/ports/schemes.ts';
import type { Refusal } from '../domain/refusal.ts';
import { refuse, type Result } from '../domain/result.ts';
import type { TokenFinder } from '../domain/tokens/finder.ts';
import { formatReceived } from '../json/quotation.ts';
import { evmCharge } from './mpp/methods/evm-charge/index.ts';
import { coinTransfer, treasuryTransfer } from './treasury/index.ts';
import { parseX402Input } from './x402/index.ts';
import type { ReadContext } from './x402/requirement.ts';
import { X402_SCHEMES } from './x402/schemes/catalogue.ts';
import { smallestEntry } from './x402/schemes/exact-eip3009/smallest-entry.ts';
import { exactEip3009 } from './x402/schemes/exact-eip3009/index.ts';
import { exactPermit2 } from './x402/schemes/exact-permit2/index.ts';
import { uptoPermit2 } from './x402/schemes/upto-permit2/index.ts';

// The lists of schemes and protocols. A new scheme is a folder of its own and a line in each list: what signs is listed here, and what
// reads offers in the catalogues beside the schemes of each protocol, so that a client's bundle does not carry what signs, nor a
// protocol that its sellers do not speak.

const SCHEMES: readonly Scheme[] = [exactEip3009, exactPermit2, uptoPermit2, evmCharge, treasuryTransfer, coinTransfer];

/** What a deployment lets be paid: networks, and the facilitators that may decide how much of a ceiling is taken. */
type Allowed = Pick<ReadContext, 'approvals' | 'networks' | 'facilitators'> & {
  /** Finds the tokens that may be paid in besides the USDC of a network; asked when an offer is in something else. @default - none */
  readonly loadTokens?: () => Promise<TokenFinder>;
};

/** A payment protocol as AgentCore's wire names it. */
export interface PaymentProtocol {
  readonly paymentType: 'CRYPTO_X402' | 'MPP';
  /** The member of `paymentInput` and `paymentOutput` that is this protocol's. */
  readonly inputName: 'cryptoX402' | 'mpp';
  readonly parse: (
    paymentInput: unknown,
    allowed: Allowed,
  ) => Promise<Result<Offer, Extract<Refusal, { reason: 'invalid_challenge' }>>>;
  /** The member of `paymentOutput`, made of what the scheme presents. */
  readonly toOutput: (offer: Offer, presented: object) => object;
}

const x402: PaymentProtocol = {
  paymentType: 'CRYPTO_X402',
  inputName: 'cryptoX402',
  parse: async (paymentInput, { loadTokens, ...allowed }) => {
    const context = { ...allowed, schemes: X402_SCHEMES, readAddress: parseAddress };
    const read = parseX402Input(paymentInput, context);
    if (read.ok || read.error.code !== 'unsupported_asset' || loadTokens === undefined) return read;
    return parseX402Input(paymentInput, { ...context, tokens: await loadTokens() });
  },
  toOutput: ({ version }, payload) => ({ version, payload }),
};

const mpp: PaymentProtocol = {
  paymentType: 'MPP',
  inputName: 'mpp',
  // Loaded when it is asked for: most starts never are.
  parse: async (paymentInput, { networks, loadTokens }) =>
    (await import('./mpp/index.ts')).parseMppInput(paymentInput, { networks, tokens: await loadTokens?.() }),
  toOutput: ({ version }, credential) => ({ version, ...credential }),
};

/** By the name that is stored with a payment. */
const PROTOCOLS: Readonly<Record<string, PaymentProtocol>> = { x402, mpp };

/** AgentCore's payment types that Bursar knows by name only, and why it does not pay by them. */
const UNSUPPORTED_TYPES: Readonly<Record<string, string>> = {
  AWS_BILLING_X402: 'it charges an account through AWS Marketplace, which Bursar does not',
};

/** Reads the challenge of a request by the protocol that its payment type names. */
export async function parsePaymentInput(
  paymentType: string,
  paymentInput: unknown,
  allowed: Allowed,
): Promise<Result<Offer, Extract<Refusal, { reason: 'invalid_challenge' }>>> {
  const protocol = Object.values(PROTOCOLS).find((each) => each.paymentType === paymentType);
  if (protocol !== undefined) return protocol.parse(paymentInput, allowed);
  const supported = Object.values(PROTOCOLS)
    .map((each) => each.paymentType)
    .join(', ');
  const why = Object.hasOwn(UNSUPPORTED_TYPES, paymentType) ? `: ${UNSUPPORTED_TYPES[paymentType]}` : '';
  const message = `Payment type ${formatReceived(paymentType)} is not enabled in this deployment${why}. Enabled: ${supported}`;
  return refuse({ reason: 'invalid_challenge', code: 'unsupported_payment_type', field: 'paymentType', message });
}

/** The members of ProcessPayment for the smallest possible payment: for probing a service. */
export function smallestPayment(network: Network, payTo: string) {
  return {
    paymentType: 'CRYPTO_X402',
    paymentInput: { cryptoX402: { version: '2', payload: smallestEntry(network, payTo) } },
  };
}

/** The protocol through which a payment was asked for. Throws for a transfer, which nobody asked for by a protocol. */
export function protocolOf({ protocol: name }: Pick<Offer, 'protocol'>): PaymentProtocol {
  const protocol = PROTOCOLS[name];
  if (protocol === undefined) throw new Error(`no protocol ${name} of payments to sellers`);
  return protocol;
}

/** The scheme of an offer or of a stored payment. Throws for one that this release does not have. */
export const schemeOf: SchemeOf = ({ protocol, scheme, transferMethod }: SchemeName): Scheme<SchemeKey> => {
  const found = SCHEMES.find(
    (each) => each.protocol === protocol && each.scheme === scheme && each.transferMethod === transferMethod,
  );
  if (found === undefined) throw new Error(`this release has no scheme ${protocol}/${scheme}/${transferMethod}`);
  return found;
};
