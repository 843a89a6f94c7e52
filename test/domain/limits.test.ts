import { expect, test } from 'vitest';
import * as chainLimits from '../../lib/domain/chain-limits.ts';
import * as limits from '../../lib/domain/limits.ts';
import * as providerLimits from '../../lib/domain/provider-limits.ts';
import * as pageLimits from '../../lib/domain/wallet-page-limits.ts';

// What is published or agreed with others, in the unit that its name ends with. What is worked out from other bounds is checked
// against what it is for.

test('bounds of bytes are whole kibibytes, and those of time whole minutes', () => {
  expect(limits.BODY_MAX_BYTES).toBe(65_536);
  expect(limits.IDENTITY_BODY_MAX_BYTES).toBe(196_608);
  expect(limits.SIGNER_ANSWER_MAX_BYTES).toBe(131_072);
  expect(limits.CHALLENGE_HEADER_MAX_CHARS).toBe(65_536);
  expect(limits.CHALLENGE_BODY_MAX_BYTES).toBe(262_144);
  expect(limits.CLAIMS_TEXT_MAX_BYTES).toBe(6_144);
  expect(limits.ISSUER_FETCH_MAX_BYTES).toBe(262_144);
  expect(limits.TRACE_DATAGRAM_MAX_BYTES).toBe(61_440);
  expect(limits.YOUNG_KEY_MS).toBe(300_000);
  expect(limits.ISSUER_KEYS_MAX_AGE_MS).toBe(600_000);
  expect(limits.WORKLOAD_TOKEN_LIFE_MS).toBe(900_000);
  expect(limits.EVENT_RECORD_AGE_MAX_SECONDS).toBe(21_600);
  expect(limits.QUOTE_LIFE_MS).toBe(120_000);
  expect(providerLimits.PROVIDER_ANSWER_MAX_BYTES).toBe(65_536);
  expect(providerLimits.PROVIDER_CREDENTIALS_MAX_AGE_MS).toBe(300_000);
  expect(chainLimits.CHAIN_ANSWER_MAX_BYTES).toBe(1_048_576);
  expect(pageLimits.WALLET_PAGE_LIFE_MS).toBe(1_800_000);
});

test('the header of a user has room for the longest id with every character encoded', () => {
  const longest = 'é'.repeat(limits.USER_ID_MAX_CHARS);
  expect(limits.USER_HEADER_MAX_CHARS).toBeGreaterThanOrEqual(`UTF-8''${encodeURIComponent(longest)}`.length);
  const widest = '王'.repeat(limits.USER_ID_MAX_CHARS);
  expect(limits.USER_HEADER_MAX_CHARS).toBe(`UTF-8''${encodeURIComponent(widest)}`.length);
});

test('the largest amounts of the books and of an approval are the largest number of so many digits', () => {
  for (const amount of [limits.LEDGER_AMOUNT_MAX, limits.APPROVAL_AMOUNT_MAX])
    expect(amount.toString()).toBe('9'.repeat(limits.LEDGER_AMOUNT_MAX_DIGITS));
});

test('what answers for denials and purchases is kept for longer than anybody can ask', () => {
  expect(limits.WINDOW_KEEP_SECONDS).toBe(8 * 24 * 60 * 60);
  expect(limits.PURCHASE_KEEP_MS).toBe(limits.SESSION_MINUTES_MAX * 60_000 + 3_600_000);
});

test('a full session can be scrubbed whole, twice while payments live in it and once when it is audited', () => {
  expect(limits.SCRUB_ROUNDS_MAX).toBe(2 * Math.ceil(limits.IN_FLIGHT_MAX / limits.SCRUB_LIVE_ENTRIES_MAX));
  expect(limits.SCRUB_ROUNDS_MAX * limits.SCRUB_LIVE_ENTRIES_MAX).toBeLessThan(
    2 * limits.IN_FLIGHT_MAX + 2 * limits.SCRUB_LIVE_ENTRIES_MAX,
  );
  const { AUDIT_SCRUBS_MAX, IN_FLIGHT_MAX, SCRUB_ENTRIES_MAX } = limits;
  expect(AUDIT_SCRUBS_MAX * SCRUB_ENTRIES_MAX).toBeGreaterThanOrEqual(IN_FLIGHT_MAX);
  expect((AUDIT_SCRUBS_MAX - 1) * SCRUB_ENTRIES_MAX).toBeLessThan(IN_FLIGHT_MAX);
});
