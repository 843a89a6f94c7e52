import { createPublicKey, sign } from 'node:crypto';
import type { EpochMs } from '../../domain/time.ts';
import { formatSignedRequest, SIGNATURE_VERSION, type StripePrivySecrets } from './request-signing.ts';

/** A request that was proposed as an intent, as it would have been sent. */
export interface ProposedRequest {
  readonly intentId: string;
  /** Without a slash at its end. */
  readonly url: string;
  readonly body: object;
  /** Until when it may be signed, as it was proposed. */
  readonly until: EpochMs;
}

/**
 * The body that adds the authorization key's signature to an intent. It is over the request as we have proposed it, and not as the
 * intent shows it, so that nothing else is ever approved.
 * https://docs.privy.io/transaction-management/intents/sign-intents
 */
export function signStripePrivyIntent(
  { appId, authorizationKey }: Pick<StripePrivySecrets, 'appId' | 'authorizationKey'>,
  { intentId, url, body, until }: ProposedRequest,
  timestamp: EpochMs,
): { readonly signature: string; readonly timestamp: EpochMs } {
  const payload = formatSignedRequest({
    version: SIGNATURE_VERSION,
    method: 'POST',
    url,
    body,
    headers: { 'privy-app-id': appId, 'privy-request-expiry': String(until) },
    timestamp,
    intent_id: intentId,
  });
  if (payload === null) throw new Error('an intent of Privy has no canonical form');
  const key = { key: authorizationKey, dsaEncoding: 'der' } as const;
  return { signature: sign('sha256', Buffer.from(payload), key).toString('base64'), timestamp };
}

/** The authorization key as Privy lists it among the members of a quorum: base64 of its SPKI. */
export function publicKeyOf({ authorizationKey }: Pick<StripePrivySecrets, 'authorizationKey'>): string {
  return createPublicKey(authorizationKey).export({ format: 'der', type: 'spki' }).toString('base64');
}
