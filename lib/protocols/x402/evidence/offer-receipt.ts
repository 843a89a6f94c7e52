import { findNetwork } from '../../../domain/assets.ts';
import { ACCEPTS_MAX } from '../../../domain/limits.ts';
import type { SignedStatement } from '../../../domain/payment/evidence.ts';
import type { Payment } from '../../../domain/payment/payment.ts';
import { floorToSeconds } from '../../../domain/time.ts';
import { parseBodyJson } from '../../../json/base64-json.ts';
import { isForRequested } from '../seller-resource.ts';
import { signedOffersIn } from './extension.ts';
import { digestOf, readStatement, type StatementType } from './statement.ts';

// https://github.com/x402-foundation/x402/blob/main/specs/extensions/extension-offer-and-receipt.md

const OFFER: StatementType = {
  name: 'Offer',
  domainName: 'x402 offer',
  members: {
    version: 'uint256',
    resourceUrl: 'string',
    scheme: 'string',
    network: 'string',
    asset: 'string',
    payTo: 'string',
    amount: 'string',
    validUntil: 'uint256',
  },
  optional: 'validUntil',
};

const RECEIPT: StatementType = {
  name: 'Receipt',
  domainName: 'x402 receipt',
  members: {
    version: 'uint256',
    network: 'string',
    resourceUrl: 'string',
    payer: 'string',
    issuedAt: 'uint256',
    transaction: 'string',
  },
  optional: 'transaction',
};

/** The clock of a seller that signs a receipt may differ from ours by this much. */
const CLOCK_GRACE_SECONDS = 300;

/** The only version of both. */
const VERSION = 1;

/** A statement about the payment that it was looked up for. */
export interface MatchingStatement {
  readonly statement: SignedStatement;
  /** What its signature is over; `null` where that is not checked, as of a JWS, whose key is found by asking its seller. */
  readonly digest: Uint8Array | null;
}

/** What a payment has to do with statements about it. */
export type StatedPayment = Pick<Payment, 'offer' | 'terms' | 'createdAt'>;

/**
 * The signed offers of a 402 that are the one that was paid, for what was requested. They are told by what they say: where they stand
 * among the others is not signed.
 * @param challenge with the extensions of the 402, as they came
 * @param url what was requested
 */
export function matchingOffers(
  challenge: unknown,
  { offer }: StatedPayment,
  url: string,
): readonly MatchingStatement[] {
  const { scheme, network, asset, payTo, amount } = offer;
  const offers = signedOffersIn(challenge).slice(0, ACCEPTS_MAX);
  return offers.flatMap((each) => {
    const statement = readStatement(OFFER, each);
    if (statement === null) return [];
    const said = statement.payload;
    const isPaid =
      isCurrent(statement, network, url) &&
      said['scheme'] === scheme &&
      isAddress(said['asset'], asset) &&
      isAddress(said['payTo'], payTo) &&
      said['amount'] === amount.toString();
    return isPaid ? [toMatching(OFFER, statement)] : [];
  });
}

/**
 * A receipt, if it is one for a payment: of its payer and network, for what was requested, and from the time in which the payment
 * could be settled. It does not say how much was paid. `null`: it is none.
 * @param receipt JSON text
 * @param url what was requested
 */
export function matchingReceipt(
  receipt: string,
  { offer, terms, createdAt }: StatedPayment,
  url: string,
): MatchingStatement | null {
  const read = parseBodyJson(receipt);
  const statement = read.ok ? readStatement(RECEIPT, read.value) : null;
  if (statement === null) return null;
  const { payer, issuedAt } = statement.payload;
  const isOfTime =
    Number(issuedAt) >= floorToSeconds(createdAt) - CLOCK_GRACE_SECONDS &&
    Number(issuedAt) <= terms.validBefore + CLOCK_GRACE_SECONDS;
  const isOwn = isCurrent(statement, offer.network, url) && isAddress(payer, terms.from) && isOfTime;
  return isOwn ? toMatching(RECEIPT, statement) : null;
}

function isCurrent({ payload }: SignedStatement, network: string, url: string): boolean {
  const named = findNetwork(String(payload['network']))?.id;
  return (
    payload['version'] === VERSION && named === network && isForRequested([payload['resourceUrl']], url, 'related')
  );
}

function isAddress(said: unknown, address: string): boolean {
  return typeof said === 'string' && said.toLowerCase() === address.toLowerCase();
}

function toMatching(type: StatementType, statement: SignedStatement): MatchingStatement {
  return { statement, digest: statement.format === 'eip712' ? digestOf(type, statement) : null };
}
