import { createBoundedMap } from '../../domain/bounded-map.ts';
import { PROVIDER_CONNECTORS_MAX } from '../../domain/provider-limits.ts';
import { NotNow, ProviderRefused, type Randomness, type Signer } from '../../domain/ports/services.ts';
import { FIRST_ROUND } from '../../domain/payment/approval.ts';
import type { Payment } from '../../domain/payment/payment.ts';
import type { ProviderTrouble } from '../../domain/refusal.ts';
import type { Clock } from '../../domain/time.ts';
import { memberOf } from '../../json/record.ts';
import type { CircuitBreaker } from '../circuit-breaker.ts';
import { callProvider, type Fetch, type ProviderAnswer } from '../provider-call.ts';
import { readCompactSignature } from '../provider-signature.ts';
import { assertDigest, sealSignature, toLowS } from '../secp256k1.ts';
import { parseRequestKey, type RequestKey } from './request-key.ts';
import { signRequest } from './request-signature.ts';
import { toSigningRequest } from './signing-request.ts';

export interface ExternalSignerDeps {
  /** As the paying function reads secrets. */
  readonly readSecret: (secretId: string) => Promise<string>;
  readonly fetch: Fetch;
  /** As `fetch`, by the ARN of a function. */
  readonly fetchFunction: Fetch;
  readonly breaker: CircuitBreaker;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Randomness, 'bytes'>;
}

const NONCE_BYTES = 16;

/**
 * Has a signer of the user's own sign typed data. What it answers is taken only if it verifies over our own digest, for the address;
 * v is found by that and not read. Ends within `PROVIDER_TIMEOUT_MS`.
 * Throws `NotNow` where the signer is asked too much, `ProviderRefused` where it will not sign.
 */
export function createExternalSigner(deps: ExternalSignerDeps): Signer {
  const keys = createBoundedMap<string, RequestKey>(PROVIDER_CONNECTORS_MAX);
  const readKey = async (secretArn: string): Promise<RequestKey> => {
    const known = keys.get(secretArn);
    if (known !== undefined) return known;
    const key = parseRequestKey(await deps.readSecret(secretArn));
    if (key === null) throw new Error(`${secretArn} holds no key for requests to a signer`);
    keys.set(secretArn, key);
    return key;
  };
  return {
    type: 'ExternalSigner',
    sign: async (reference, message, address, watch, payment) => {
      if (reference.type !== 'ExternalSigner')
        throw new Error(`the ExternalSigner signer was given a ${reference.type} key`);
      assertDigest(message.digest);
      if (message.form !== 'eip712')
        throw new Error('an external signer is asked for signatures of typed data alone: nothing is released');
      const key = await readKey(reference.secretArn).finally(watch?.('secret'));
      const { uri } = reference;
      const body = JSON.stringify(toSigningRequest(message, address, payment ?? null));
      const headers = () => {
        const nonce = Buffer.from(deps.random.bytes(NONCE_BYTES)).toString('base64url');
        return Promise.resolve(signRequest({ uri, body }, { key, now: deps.clock.now(), nonce }));
      };
      const ask = uri.startsWith('arn:') ? deps.fetchFunction : deps.fetch;
      const answer = await deps.breaker(uri, () =>
        callProvider(ask, { method: 'POST', url: uri, body, watch, headers }),
      );
      if (answer.status !== 200) throw toFailure(answer, payment);
      const signature = readCompactSignature(memberOf(answer.body, 'signature'));
      const sealed = signature === null ? null : sealSignature(toLowS(signature), message.digest, address);
      if (sealed === null) throw new Error(`the external signer gave no signature of ${address}: nothing is released`);
      return sealed;
    },
  };
}

const REFUSALS: Readonly<Record<number, { readonly trouble: ProviderTrouble; readonly why: string }>> = {
  401: {
    trouble: 'provider_credentials',
    why: 'takes no requests of this connector: give it the public key that GetPaymentConnector shows',
  },
  403: { trouble: 'provider_policy', why: 'will not sign it' },
  404: { trouble: 'provider_policy', why: 'has no key of this address' },
  409: { trouble: 'approval_pending', why: 'waits for somebody to approve it: retry with the same clientToken' },
};

/** By status alone: the signer's words may quote what was asked. */
function toFailure({ status }: ProviderAnswer, payment: Payment | undefined): Error {
  const refusal = REFUSALS[status];
  if (refusal !== undefined) {
    const { trouble, why } = refusal;
    // What somebody approves is what was shown: it is asked for again as it stands, for as long as it is good.
    const approval = trouble === 'approval_pending' ? (payment?.approval ?? FIRST_ROUND) : undefined;
    return new ProviderRefused(trouble, `The external signer ${why}. Nothing was signed`, approval);
  }
  const what = `the external signer answered ${status}: nothing is released`;
  return status === 429 || status === 503 ? new NotNow(what) : new Error(what);
}
