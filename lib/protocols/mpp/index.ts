import type { Offer } from '../../domain/payment/shapes.ts';
import { ok, type Result } from '../../domain/result.ts';
import { formatReceived } from '../../json/quotation.ts';
import { isRecord, memberOf } from '../../json/record.ts';
import { MPP_METHODS } from './methods/catalogue.ts';
import type { ReadContext } from './method.ts';
import { parseOffer } from './read-challenge.ts';
import { HEADERS, INPUT, refuseChallenge as no, type ChallengeRefusal } from './refusal.ts';

/** AgentCore's `paymentInput` is a union: exactly one member, the one that the payment type names. */
function parseUnion(paymentInput: unknown): Result<object, ChallengeRefusal> {
  const input = memberOf(paymentInput, INPUT);
  if (!isRecord(input)) {
    const message = `paymentInput.mpp is required for payment type MPP. Received: ${formatReceived(input)}. Expected: an object with version and wwwAuthenticateHeaders`;
    return no('input_missing', message, '');
  }
  const others = Object.entries(paymentInput as object).filter(([name, value]) => name !== INPUT && value != null);
  if (others.length === 0) return ok(input);
  const message = `paymentInput must hold exactly one member. Received: mpp and ${formatReceived(others[0]?.[0])}. Expected: mpp`;
  return no('ambiguous_input', message, '');
}

/**
 * Reads `paymentInput.mpp`: version, and the one challenge that is to be paid, as its seller wrote it. `buyerPaysGasFees` is taken and
 * changes nothing: the one who settles pays the gas of what Bursar signs.
 */
export function parseMppInput(paymentInput: unknown, context: ReadContext): Result<Offer, ChallengeRefusal> {
  const union = parseUnion(paymentInput);
  if (!union.ok) return union;
  const version = memberOf(union.value, 'version');
  if (version !== '1' && version !== '2') {
    const message = `MPP version must be the text "1" or "2". Received: ${formatReceived(version)}`;
    return no('unsupported_version', message, 'version');
  }
  const gas = memberOf(union.value, 'buyerPaysGasFees');
  if (gas !== undefined && gas !== null && typeof gas !== 'boolean') {
    const message = `buyerPaysGasFees must be true or false. Received: ${formatReceived(gas)}`;
    return no('invalid_payload', message, 'buyerPaysGasFees');
  }
  const headers = memberOf(union.value, HEADERS);
  const [header, ...others]: readonly unknown[] = Array.isArray(headers) ? headers : [];
  if (typeof header !== 'string' || others.length > 0) {
    const received = Array.isArray(headers) ? `a list of ${headers.length}` : formatReceived(headers);
    const message = `wwwAuthenticateHeaders must be a list of exactly one text, the value of a WWW-Authenticate header. Received: ${received}`;
    return no('invalid_www_authenticate', message);
  }
  return parseOffer(header, version, { ...context, methods: MPP_METHODS });
}
