import { SESSION_GRACE_SECONDS, VALIDITY_FLOOR_SECONDS } from '../limits.ts';

import type { Refusal } from '../refusal.ts';
import { ok, refuse, type Result } from '../result.ts';
import { floorToSeconds, formatInstant, toEpochMs, toEpochSeconds, type EpochMs, type EpochSeconds } from '../time.ts';

/** How far back an authorization starts, so that a chain whose clock lags accepts it at once. */
const BACKDATE_SECONDS = 600;

export interface ValidityWindow {
  readonly validAfter: EpochSeconds;
  readonly validBefore: EpochSeconds;
}

/**
 * The validity of an authorization: from ten minutes ago to the earliest of what the seller allows, the end of its offer, our cap, and the end of
 * the session plus a grace. Refuses when too little is left for a facilitator to settle.
 */
export function validityWindow(input: {
  readonly now: EpochMs;
  readonly maxTimeoutSeconds: number;
  /** When the offer ends. @default - the seller names no instant */
  readonly expiresAt?: EpochSeconds | undefined;
  readonly capSeconds: number;
  readonly sessionExpiresAt: EpochMs;
}): Result<ValidityWindow, Refusal> {
  const now = floorToSeconds(input.now);
  const askedSeconds = Math.min(input.maxTimeoutSeconds, input.capSeconds);
  if (askedSeconds < VALIDITY_FLOOR_SECONDS) {
    return refuse({
      reason: 'invalid_challenge',
      code: 'max_timeout_too_short',
      field: 'payload.maxTimeoutSeconds',
      message: `Payment maxTimeoutSeconds must be at least ${VALIDITY_FLOOR_SECONDS}, so that the payment can settle. Received: ${input.maxTimeoutSeconds}`,
    });
  }
  const offerEnds = input.expiresAt ?? Number.POSITIVE_INFINITY;
  if (offerEnds - now < VALIDITY_FLOOR_SECONDS) {
    return refuse({
      reason: 'invalid_challenge',
      code: 'challenge_ended',
      field: '',
      message: `The challenge ends too soon to settle, at ${formatInstant(toEpochMs(offerEnds * 1_000))}`,
    });
  }
  const validBefore = Math.min(
    offerEnds,
    now + askedSeconds,
    floorToSeconds(input.sessionExpiresAt) + SESSION_GRACE_SECONDS,
  );
  if (validBefore - now < VALIDITY_FLOOR_SECONDS) {
    return refuse({ reason: 'session_closing', expiresAt: input.sessionExpiresAt });
  }
  return ok({
    validAfter: toEpochSeconds(Math.max(0, now - BACKDATE_SECONDS)),
    validBefore: toEpochSeconds(validBefore),
  });
}
