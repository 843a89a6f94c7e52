import { CHALLENGE_HEADER_MAX_CHARS, MPP_HEADER_MAX_CHARS } from '../../domain/limits.ts';
import type { Offer } from '../../domain/payment/shapes.ts';
import type { Result } from '../../domain/result.ts';
import { formatReceived } from '../../json/quotation.ts';
import { parseAuthenticate, type WrittenChallenge } from './auth-params.ts';
import { SCHEME, toPaymentChallenge, type PaymentChallenge } from './challenge.ts';
import { whyUnpaid } from './methods/ways.ts';
import type { MppMethods, MppVersion, ReadContext } from './method.ts';
import { parsePaymentRequest } from './payment-request.ts';
import { refuseChallenge as no, type ChallengeRefusal } from './refusal.ts';

export interface ReadMpp extends ReadContext {
  readonly methods: MppMethods;
}

/** Reads the one challenge of a header value. Refuses a header that holds none, or more than one. */
export function parseOneChallenge(header: string): Result<PaymentChallenge, ChallengeRefusal> {
  if (header.length > MPP_HEADER_MAX_CHARS) {
    return no('invalid_challenge_length', `The header is longer than ${MPP_HEADER_MAX_CHARS} characters`);
  }
  const written = parseAuthenticate(header);
  if (!written.ok)
    return no('invalid_www_authenticate', `The WWW-Authenticate header cannot be read: ${written.error}`);
  const [first, ...others] = written.value;
  if (first?.scheme === SCHEME && others.length === 0) return toPaymentChallenge(first);
  const received = first === undefined ? 'nothing' : `${written.value.length} challenges, ${said(first)} first`;
  return no('invalid_www_authenticate', `The header must hold one 'Payment' challenge. Received: ${received}`);
}

function said({ scheme }: WrittenChallenge): string {
  return formatReceived(scheme);
}

/**
 * Reads all challenges of the scheme `Payment` in the `WWW-Authenticate` headers of a response, joined by commas as HTTP joins them.
 * Each is read or refused by itself, unless the header as a whole cannot be read. None: the header speaks of other schemes.
 */
export function parseChallenges(header: string): readonly Result<PaymentChallenge, ChallengeRefusal>[] {
  if (!speaksOfPayment(header)) return [];
  if (header.length > CHALLENGE_HEADER_MAX_CHARS) {
    return [no('invalid_challenge_length', `The header is longer than ${CHALLENGE_HEADER_MAX_CHARS} characters`)];
  }
  const written = parseAuthenticate(header);
  if (!written.ok)
    return [no('invalid_www_authenticate', `The WWW-Authenticate header cannot be read: ${written.error}`)];
  return written.value.filter(({ scheme }) => scheme === SCHEME).map(toPaymentChallenge);
}

/** Whether a header may hold a challenge of MPP: as wide as can be, since what it lets pass is read. */
export function speaksOfPayment(header: string): boolean {
  return /(?:^|[,\s])payment\s/i.test(header);
}

/** Turns a challenge into an offer that may be signed. */
export function readChallengeOffer(
  challenge: PaymentChallenge,
  version: MppVersion,
  { methods, ...context }: ReadMpp,
): Result<Offer, ChallengeRefusal> {
  const { method, intent } = challenge;
  const ofIntent = methods.filter((each) => each.intent === intent);
  const intents = [...new Set(methods.map((each) => each.intent))].join(', ');
  if (ofIntent.length === 0) {
    const message = `The intent ${formatReceived(intent)} is not paid${because(intent)}. Supported intent: ${intents}`;
    return no('unsupported_intent', message);
  }
  const found = ofIntent.find((each) => each.method === method);
  if (found === undefined) {
    const supported = ofIntent.map((each) => each.method).join(', ');
    const message = `The method ${formatReceived(method)} is not paid${because(intent)}. Supported method: ${supported}`;
    return no('unsupported_method', message);
  }
  const request = parsePaymentRequest(challenge.request);
  return request.ok ? found.read(challenge, request.value, version, context) : request;
}

function because(intent: string): string {
  const why = whyUnpaid(intent);
  return why === null ? '' : `: ${why}`;
}

/** Reads a challenge and the request in it. */
export function parseOffer(header: string, version: MppVersion, context: ReadMpp): Result<Offer, ChallengeRefusal> {
  const challenge = parseOneChallenge(header);
  return challenge.ok ? readChallengeOffer(challenge.value, version, context) : challenge;
}
