import type { Fetch } from '../../wallets/provider-call.ts';
import { callOnce } from './call.ts';
import { formatHex } from '../../domain/hex.ts';
import { memberOf } from '../../json/record.ts';
import { toSigningRequest } from '../../wallets/external-signer/signing-request.ts';
import { readCompactSignature } from '../../wallets/provider-signature.ts';
import { sealSignature, toLowS } from '../../wallets/secp256k1.ts';
import { probeMessage, probePayment, toSent, type Moment, type Sent, type Subject } from './probes.ts';

/** What a signer should do, and what it did. */
export interface Verdict {
  readonly rule: string;
  readonly passed: boolean;
  /** What came instead; `null` where it passed. */
  readonly found: string | null;
}

export interface SuiteDeps extends Moment {
  /** By the place of the signer. */
  readonly fetch: Fetch;
}

interface Rule {
  readonly rule: string;
  /** @returns what is wrong; `null` for nothing */
  readonly check: (deps: SuiteDeps, subject: Subject) => Promise<string | null>;
}

/** Longer than any request of Bursar's, and than a signer should read. */
const HUGE_BYTES = 2 * 1024 * 1024;
const STALE_MS = 10 * 60_000;
const OTHER_ADDRESS = '0x000000000000000000000000000000000000dEaD';

function requestOf(deps: Moment, subject: Subject) {
  const message = probeMessage(subject, deps);
  return { message, request: { ...toSigningRequest(message, subject.address, null), payment: probePayment(subject) } };
}

async function signs(deps: SuiteDeps, subject: Subject): Promise<string | null> {
  const { message, request } = requestOf(deps, subject);
  const body = JSON.stringify(request);
  // Twice, since a request whose answer was lost is sent again, under another nonce.
  for (const which of ['first', 'repeated']) {
    const answer = await callOnce(deps.fetch, subject.uri, toSent(body, subject, deps));
    if (answer.status !== 200) return `the ${which} request was answered ${answer.status}`;
    const signature = readCompactSignature(memberOf(answer.body, 'signature'));
    if (signature === null) return `the ${which} answer has no \`signature\` of 65 bytes in hexadecimal`;
    if (sealSignature(toLowS(signature), message.digest, subject.address) === null)
      return `the signature of the ${which} answer is not one of ${subject.address}`;
  }
  return null;
}

/** A rule that something is refused, with one of a few statuses. */
function refusal(
  rule: string,
  statuses: readonly number[],
  make: (deps: SuiteDeps, subject: Subject, body: string) => Sent,
): Rule {
  return {
    rule,
    check: async (deps, subject) => {
      const body = JSON.stringify(requestOf(deps, subject).request);
      return judge(await callOnce(deps.fetch, subject.uri, make(deps, subject, body)), statuses);
    },
  };
}

function judge(
  { status, body }: { readonly status: number; readonly body: unknown },
  statuses: readonly number[],
): string | null {
  if (memberOf(body, 'signature') !== undefined) return 'it gave a signature';
  return statuses.includes(status) ? null : `it was answered ${status}; expected ${statuses.join(' or ')}`;
}

/** With a member changed and everything else as it should be, the signature of the request among it. */
function altered(deps: Moment, subject: Subject, body: string, change: object): Sent {
  return toSent(JSON.stringify({ ...(JSON.parse(body) as object), ...change }), subject, deps);
}

/** In the order in which they are checked. */
const RULES: readonly Rule[] = [
  { rule: 'signs the typed data of a payment, and again when asked again', check: signs },
  refusal('refuses a request without a signature', [401], (_deps, _subject, body) => ({
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  })),
  refusal('refuses a request whose body was changed', [401], (deps, subject, body) => {
    const { headers } = toSent(body, subject, deps);
    return { method: 'POST', body: body.replace('"0.01"', '"0.02"'), headers };
  }),
  refusal('refuses a digest of the body that is not the signed one', [401], (deps, subject, body) => {
    const other = body.replace('"0.01"', '"0.02"');
    const { headers } = toSent(body, subject, deps);
    return {
      method: 'POST',
      body: other,
      headers: { ...headers, 'content-digest': toSent(other, subject, deps).headers['content-digest']! },
    };
  }),
  refusal('refuses a request that was signed for another place', [401], (deps, subject, body) =>
    toSent(body, subject, deps, { uri: `${subject.uri}/other` }),
  ),
  refusal('refuses a request of ten minutes ago', [401], (deps, subject, body) =>
    toSent(body, subject, deps, { agoMs: STALE_MS }),
  ),
  refusal('refuses a request of ten minutes ahead', [401], (deps, subject, body) =>
    toSent(body, subject, deps, { agoMs: -STALE_MS }),
  ),
  {
    rule: 'refuses a request that comes a second time under its nonce',
    check: async (deps, subject) => {
      const sent = toSent(JSON.stringify(requestOf(deps, subject).request), subject, deps);
      const { status } = await callOnce(deps.fetch, subject.uri, sent);
      return status === 200
        ? judge(await callOnce(deps.fetch, subject.uri, sent), [401])
        : `the first time it was answered ${status}`;
    },
  },
  refusal('refuses a digest that is not of the typed data', [400, 403], (deps, subject, body) =>
    altered(deps, subject, body, { digest: `0x${formatHex(deps.randomBytes(32))}` }),
  ),
  refusal('refuses an address that it has no key of', [403, 404], (deps, subject, body) =>
    altered(deps, subject, body, { address: OTHER_ADDRESS }),
  ),
  refusal('refuses typed data that is none', [400, 403], (deps, subject, body) =>
    altered(deps, subject, body, { typedData: { domain: {}, types: {}, primaryType: 'Nothing', message: {} } }),
  ),
  refusal('refuses what is no JSON', [400], (deps, subject) => toSent('{"version":1', subject, deps)),
  refusal('refuses a body of two megabytes', [400, 401, 413], (deps, subject) =>
    toSent(JSON.stringify({ version: 1, padding: 'x'.repeat(HUGE_BYTES) }), subject, deps),
  ),
];

/**
 * Holds a signer to its contract. It signs a few payments of a cent on a test network, which nobody submits.
 * Throws where the signer is not there: what it does not answer later on is a rule that does not hold.
 */
export async function* checkSigner(deps: SuiteDeps, subject: Subject): AsyncGenerator<Verdict> {
  for (const { rule, check } of RULES) {
    const found = await check(deps, subject).catch((error: unknown) => {
      if (rule === RULES[0]?.rule) throw error;
      return 'it gave no answer';
    });
    yield { rule, passed: found === null, found };
  }
}
