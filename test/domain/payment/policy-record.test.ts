import { describe, expect, test } from 'vitest';
import { WANTS_OUTCOME } from '../../../lib/domain/payment/payment.ts';
import { feedsOf, toPolicyRecord, type FeedRecord } from '../../../lib/domain/payment/policy-record.ts';
import { toEpochMs } from '../../../lib/domain/time.ts';

const hash = 'f0'.repeat(32);
const both: FeedRecord = { feed: 'ofac', hash, importedAt: toEpochMs(1_760_000_000_000), checked: ['payee', 'origin'] };
const payeeOnly: FeedRecord = {
  feed: 'Own_list-2.1',
  hash: '09'.repeat(32),
  importedAt: toEpochMs(0),
  checked: ['payee'],
};

describe('what a payment keeps of its policies', () => {
  test('is read as it was written, with and without the wish for a report', () => {
    for (const wantsOutcome of [true, false]) {
      const record = toPolicyRecord([both, payeeOnly], wantsOutcome);
      expect(record.includes(WANTS_OUTCOME)).toBe(wantsOutcome);
      expect(feedsOf(record)).toEqual([both, payeeOnly]);
    }
    expect([toPolicyRecord([], false), toPolicyRecord([], true)]).toEqual([[], [WANTS_OUTCOME]]);
  });

  test('is read as items hold it that were written long ago', () => {
    const packed = '8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PA';
    expect(feedsOf([`ofac|${packed}|1760000000000|po`])).toEqual([both]);
    expect(toPolicyRecord([both], true)).toEqual([`ofac|${packed}|1760000000000|po`, 'o']);
  });

  test.each([
    ['of another kind', (text: string) => `x${'x'.repeat(64)}${text}`],
    ['with something before it', (text: string) => ` ${text}`],
    ['with something after it', (text: string) => `${text}o`],
    ['without its hash', () => 'ofac||1760000000000|po'],
    ['with a shorter hash', (text: string) => text.replace('|8', '|')],
    ['without its instant', (text: string) => text.replace('1760000000000', '')],
    ['with a name of another alphabet', (text: string) => text.replace('ofac', 'öfac')],
    ['that checked nothing', (text: string) => text.replace('|po', '|')],
    ['that is empty', () => ''],
  ])('is no record %s: the books are corrupt', (_what, change) => {
    const [text] = toPolicyRecord([both], false);
    expect(() => feedsOf([change(text!)])).toThrow(/not the record of a feed/);
  });
});
