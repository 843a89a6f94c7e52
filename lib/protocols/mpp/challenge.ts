import { MPP_CHALLENGE_MAX_CHARS, MPP_ID_MAX_CHARS } from '../../domain/limits.ts';
import { ok, type Result } from '../../domain/result.ts';
import { formatReceived } from '../../json/quotation.ts';
import type { WrittenChallenge } from './auth-params.ts';
import { isBase64Url } from './decoded.ts';
import { refuseChallenge as no, type ChallengeRefusal } from './refusal.ts';

/**
 * The parameters of one `Payment` challenge, each as the seller wrote it: a credential gives them back unchanged. Only the form of
 * each was checked.
 * @see https://github.com/tempoxyz/mpp-specs draft-httpauth-payment
 */
export interface PaymentChallenge {
  readonly id: string;
  readonly realm: string;
  readonly method: string;
  readonly intent: string;
  /** base64url without padding of canonical JSON. */
  readonly request: string;
  readonly expires?: string;
  readonly digest?: string;
  readonly description?: string;
  readonly opaque?: string;
  /** The header that takes the credential, where it is not `Authorization`. */
  readonly header?: string;
}

export const SCHEME = 'payment';

/** Printable ASCII: what the two ends of a connection, and a hash, cannot read in two ways. */
const PRINTABLE = /^[\x20-\x7e]+$/;
const BASE64URL = { test: isBase64Url };

/** The form of each parameter, the required ones first. Others than these are passed over, as the specification says. */
const FORMS: Readonly<
  Record<keyof PaymentChallenge, { readonly form: Pick<RegExp, 'test'>; readonly expected: string }>
> = {
  id: {
    form: new RegExp(`^[\\x21-\\x7e]{1,${MPP_ID_MAX_CHARS}}$`),
    expected: `1 to ${MPP_ID_MAX_CHARS} printable ASCII characters without blanks`,
  },
  realm: { form: /^[\x20-\x7e]{1,256}$/, expected: '1 to 256 printable ASCII characters' },
  method: { form: /^[a-z][a-z0-9:_-]{0,63}$/, expected: 'a name in lower case' },
  intent: { form: /^[a-z][a-z0-9:_-]{0,63}$/, expected: 'a name in lower case' },
  request: { form: BASE64URL, expected: 'base64url without padding' },
  expires: {
    form: /^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?(?:Z|[+-][0-2][0-9]:[0-5][0-9])$/,
    expected: 'an instant as RFC 3339 has it',
  },
  digest: { form: /^sha-256=[\x21-\x7e]{1,100}$/, expected: 'sha-256= and a digest' },
  // eslint-disable-next-line no-control-regex -- control characters are what it keeps out
  description: { form: /^[^\0-\x1f\x7f]+$/, expected: 'text on one line' },
  opaque: { form: BASE64URL, expected: 'base64url without padding' },
  header: { form: PRINTABLE, expected: 'the name of a header' },
};
const REQUIRED: readonly (keyof PaymentChallenge)[] = ['id', 'realm', 'method', 'intent', 'request'];
const NAMES = Object.keys(FORMS) as readonly (keyof PaymentChallenge)[];
/** Any other name would let a seller write into a header that means something else. */
const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set(['authorization', 'payment-authorization']);

/** Checks the form of a challenge of the scheme `Payment`. Does not look into its request. */
export function toPaymentChallenge({ params }: WrittenChallenge): Result<PaymentChallenge, ChallengeRefusal> {
  const code = 'invalid_challenge_parameter';
  if (params === null) return no(code, `The 'Payment' challenge has no parameters. Expected: ${REQUIRED.join(', ')}`);
  const challenge: Partial<Record<keyof PaymentChallenge, string>> = {};
  let chars = 0;
  for (const name of NAMES) {
    const value = params.get(name) ?? '';
    if (value === '') {
      if (!REQUIRED.includes(name)) continue;
      return no(code, `The 'Payment' challenge is missing required field: ${name}`);
    }
    const { form, expected } = FORMS[name];
    chars += value.length;
    if (chars > MPP_CHALLENGE_MAX_CHARS) {
      return no(
        'invalid_challenge_length',
        `The 'Payment' challenge is too long. Expected: at most ${MPP_CHALLENGE_MAX_CHARS} characters in all its parameters`,
      );
    }
    if (form.test(value)) challenge[name] = value;
    else return no(code, `The parameter ${name} of the challenge is ${formatReceived(value)}. Expected: ${expected}`);
  }
  const { header } = challenge;
  if (header !== undefined && !CREDENTIAL_HEADERS.has(header.toLowerCase())) {
    const message = `The challenge wants its credential in the header ${formatReceived(header)}. Expected: Authorization or Payment-Authorization`;
    return no('unsupported_credential_header', message);
  }
  const { expires } = challenge;
  return expires !== undefined && !(Date.parse(expires) >= 0)
    ? no(code, `The parameter expires of the challenge is ${formatReceived(expires)}, which is no instant since 1970`)
    : ok(challenge as unknown as PaymentChallenge);
}
