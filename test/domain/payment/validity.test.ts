import { describe, expect, test } from 'vitest';
import { addMs, floorToSeconds, toEpochSeconds } from '../../../lib/domain/time.ts';
import { validityWindow } from '../../../lib/domain/payment/validity.ts';
import { NOW } from '../../support/payments.ts';

const now = floorToSeconds(NOW);
const base = { now: NOW, maxTimeoutSeconds: 60, capSeconds: 300, sessionExpiresAt: addMs(NOW, 3_600_000) };

describe('the validity of an authorization', () => {
  test('starts in the past and ends when the seller says', () => {
    expect(validityWindow(base)).toEqual({ ok: true, value: { validAfter: now - 600, validBefore: now + 60 } });
  });

  test('ends at our cap where the seller would like longer', () => {
    expect(validityWindow({ ...base, maxTimeoutSeconds: 86_400 })).toMatchObject({ value: { validBefore: now + 300 } });
  });

  test('ends a minute after the session at the latest', () => {
    const window = validityWindow({ ...base, maxTimeoutSeconds: 300, sessionExpiresAt: addMs(NOW, 30_000) });
    expect(window).toMatchObject({ value: { validBefore: now + 90 } });
  });

  test('may be as short as ten seconds', () => {
    expect(validityWindow({ ...base, sessionExpiresAt: addMs(NOW, -50_000) })).toMatchObject({ ok: true });
    expect(validityWindow({ ...base, maxTimeoutSeconds: 10 })).toMatchObject({ ok: true });
  });

  test('ends with its offer, where the seller says when', () => {
    for (const seconds of [59, 10])
      expect(validityWindow({ ...base, expiresAt: toEpochSeconds(now + seconds) })).toMatchObject({
        value: { validBefore: now + seconds },
      });
    expect(validityWindow({ ...base, expiresAt: toEpochSeconds(now + 61) })).toMatchObject({
      value: { validBefore: now + 60 },
    });
  });

  test('is refused where the offer ends in nine seconds, or has ended', () => {
    for (const seconds of [9, 0, -1])
      expect(validityWindow({ ...base, expiresAt: toEpochSeconds(now + seconds) })).toEqual({
        ok: false,
        error: {
          reason: 'invalid_challenge',
          code: 'challenge_ended',
          field: '',
          message: `The challenge ends too soon to settle, at ${new Date((now + seconds) * 1_000).toISOString()}`,
        },
      });
  });

  test('is refused with nine seconds left in the session', () => {
    const refused = validityWindow({ ...base, sessionExpiresAt: addMs(NOW, -51_000) });
    expect(refused).toMatchObject({ ok: false, error: { reason: 'session_closing' } });
  });

  test('is refused where the seller allows nine seconds', () => {
    const refused = validityWindow({ ...base, maxTimeoutSeconds: 9 });
    expect(refused).toMatchObject({
      ok: false,
      error: {
        reason: 'invalid_challenge',
        code: 'max_timeout_too_short',
        field: 'payload.maxTimeoutSeconds',
        message: expect.stringMatching(/at least 10, .* Received: 9$/) as string,
      },
    });
  });
});
