import * as v from 'valibot';
import { parseManagerArn, parsePaymentId, type Arn } from '../../domain/ids.ts';
import { CLIENT_TOKEN_MAX_CHARS, CLIENT_TOKEN_MIN_CHARS, TAGS_MAX } from '../../domain/limits.ts';
import { text } from './text.ts';

// https://docs.aws.amazon.com/bedrock-agentcore/latest/APIReference/API_ProcessPayment.html
export const requiredClientToken = text(CLIENT_TOKEN_MIN_CHARS, CLIENT_TOKEN_MAX_CHARS, {
  pattern: /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,256}$/,
  expected: 'letters, digits and inner hyphens',
});
export const clientToken = v.optional(requiredClientToken);

/** The form of any manager's ARN; one of another deployment is "not found", like every foreign id. */
const managerArn = text(66, 2_048, {
  pattern:
    /^arn:aws(?:-[a-z0-9-]+)?:bedrock-agentcore:[a-z0-9-]+:[0-9]{12}:payment-manager\/[a-z0-9](?:[a-z0-9-]{0,47}[a-z0-9])?-[a-z0-9]{10}$/,
  expected: 'an ARN such as arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/mymanager-0123456789',
});
export const manager = { paymentManagerArn: v.pipe(managerArn, v.transform(parseManagerArn)) };
/** The underscore is of newer models: names of connectors may have one. */
export const connectorId = text(12, 211, {
  pattern: /^(?:[0-9a-z_]-?){1,100}-[0-9a-z]{10}$/,
  expected: 'a connector id such as myconnector-0123456789',
});
export const managerId = text(12, 211, {
  pattern: /^(?:[0-9a-z]-?){1,100}-[0-9a-z]{10}$/,
  expected: 'a manager id such as mymanager-0123456789',
});
/** Of our own wallets, and the one that AWS keeps for its billing: known by its form, and found nowhere. */
export const instrumentId = text(34, 35, {
  pattern: /^(?:payment-instrument-[0-9a-zA-Z-]{15}|aws\.agentcorepayments\.awsbilling\.v1)$/,
  expected: 'an id such as payment-instrument-0123456789abcde',
});
export const sessionId = text(31, 31, {
  pattern: /^payment-session-[0-9a-zA-Z-]{15}$/,
  expected: 'an id such as payment-session-0123456789abcde',
});
/** `null` for a UUID of another kind, which names no payment. */
export const paymentId = v.pipe(
  text(36, 36, { pattern: /^[0-9a-f-]{36}$/, expected: 'a UUID in lower case' }),
  v.transform(parsePaymentId),
);

export const tagKey = text(1, 128, {
  pattern: /^(?!aws:)[\p{L}\p{Z}\p{N}\s_.:/=+\-@]*$/u,
  expected: 'letters, digits, spaces and _ . : / = + - @, not beginning with aws:',
});
export const tags = v.optional(
  v.pipe(
    v.record(
      tagKey,
      text(0, 256, {
        pattern: /^[\p{L}\p{Z}\p{N}\s_.:/=+\-@]*$/u,
        expected: 'letters, digits, spaces and _ . : / = + - @',
      }),
      'must be an object',
    ),
    v.check((value) => Object.keys(value).length <= TAGS_MAX, `must hold at most ${TAGS_MAX} tags`),
  ),
);

export const providerName = text(1, 128, { pattern: /^[a-zA-Z0-9\-_]+$/, expected: 'letters, digits, - and _' });
export const workloadName = text(3, 255, { pattern: /^[A-Za-z0-9_.-]+$/, expected: 'letters, digits, _ . and -' });
/** Older models let a description have line ends, newer ones any script. */
export const description = v.optional(
  text(1, 4_096, { pattern: /^[\P{C}\s]*$/u, expected: 'text without control characters' }),
);

/** Where an instrument stands, in the words of the domain. */
export function toInstrumentName(members: {
  readonly paymentManagerArn: Arn<string> | null;
  readonly paymentInstrumentId: string;
  readonly paymentConnectorId?: string | undefined;
}) {
  return {
    manager: members.paymentManagerArn,
    instrumentId: members.paymentInstrumentId,
    connectorId: members.paymentConnectorId,
  };
}
