// What it signs: the typed data of payments that its own policy lets pass, with a key that Bursar never sees.
import { hashTypedData, type Hex, type PrivateKeyAccount, type TypedDataDefinition } from 'viem';
import { createVerifier } from './verify.ts';

/** More than any request of Bursar's has. */
export const BODY_MAX_BYTES = 64 * 1024;

export interface SignerPolicy {
  /** The most that one payment may cost, in millionths of a dollar. */
  readonly maxMicroUsd: bigint;
  /** Lower-case addresses that may be paid; `null` for any. */
  readonly payees: ReadonlySet<string> | null;
}

export interface SignerOptions {
  /** What the connector has: the URL, or the function's ARN. */
  readonly uri: string;
  /** The connector's `signer.publicKey`. */
  readonly publicKey: string;
  readonly account: PrivateKeyAccount;
  readonly policy: SignerPolicy;
  /** Epoch milliseconds. @default - the clock of this machine */
  readonly now?: () => number;
}

interface SigningRequest {
  readonly address: string;
  readonly digest: string;
  readonly typedData: TypedDataDefinition;
  readonly payment: { readonly payTo: string; readonly amountUsd: string } | null;
}

export interface Asked {
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly body: object;
}

/** What a signer for one wallet and one connector answers to a POST, whichever door it came in by. */
export function createSigner(options: SignerOptions): (request: Asked) => Promise<Answer> {
  const { uri, publicKey, now = Date.now } = options;
  const verifier = createVerifier(publicKey);
  return async ({ headers, body }) => {
    if (body.length > BODY_MAX_BYTES) return { status: 413, body: { message: `at most ${BODY_MAX_BYTES} bytes` } };
    if (!verifier.check({ method: 'POST', uri, headers, body }, now() / 1_000))
      return { status: 401, body: { message: 'not a request of the connector' } };
    return decide(body, options);
  };
}

async function decide(body: Buffer, { account, policy }: SignerOptions): Promise<Answer> {
  const request = parse(body);
  if (request === null) return { status: 400, body: { message: 'not a signing request' } };
  if (request.address !== account.address) return { status: 404, body: { message: 'no key of this address' } };
  // The digest is ours to make: a request that names another one wants something else signed than it shows.
  let digest: Hex;
  try {
    digest = hashTypedData(request.typedData);
  } catch {
    return { status: 400, body: { message: 'typedData cannot be hashed' } };
  }
  if (digest !== request.digest) return { status: 403, body: { message: 'digest is not of typedData' } };
  const why = findObjection(request, policy);
  if (why !== null) return { status: 403, body: { message: why } };
  return { status: 200, body: { signature: await account.sign({ hash: digest }) } };
}

function findObjection({ payment }: SigningRequest, { maxMicroUsd, payees }: SignerPolicy): string | null {
  if (payment === null) return 'this signer signs payments alone';
  if (toMicroUsd(payment.amountUsd) > maxMicroUsd) return 'too much for one payment';
  return payees === null || payees.has(payment.payTo.toLowerCase()) ? null : 'an unknown payee';
}

function toMicroUsd(usd: string): bigint {
  const [, whole = '', fraction = ''] = /^([0-9]{1,12})\.([0-9]{2,6})$/.exec(usd) ?? [];
  if (whole === '') throw new RangeError('not an amount');
  return BigInt(whole + fraction.padEnd(6, '0'));
}

function parse(body: Buffer): SigningRequest | null {
  try {
    const value = JSON.parse(body.toString('utf8')) as SigningRequest | null;
    const isWhole =
      typeof value?.address === 'string' &&
      typeof value.digest === 'string' &&
      typeof value.typedData === 'object' &&
      (value.payment === null ||
        (typeof value.payment?.payTo === 'string' && typeof value.payment.amountUsd === 'string'));
    return isWhole ? value : null;
  } catch {
    return null;
  }
}
