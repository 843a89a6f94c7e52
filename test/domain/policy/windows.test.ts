import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bucketAt, createCalendar, isTimeZone } from '../../../lib/domain/policy/windows.ts';
import { WINDOW_PERIODS, type WindowPeriod } from '../../../lib/domain/policy/index.ts';
import { toEpochMs } from '../../../lib/domain/time.ts';

const HOUR_MS = 3_600_000;

function windowOf(zone: string, every: WindowPeriod, instant: string) {
  const { opensAt, closesAt } = createCalendar(zone, every)(toEpochMs(Date.parse(instant)));
  return [new Date(opensAt).toISOString(), new Date(closesAt).toISOString(), (closesAt - opensAt) / HOUR_MS] as const;
}

describe('a day', () => {
  test.each([
    // Instants from the tz database; the third is the length in hours.
    ['UTC', '2026-03-29T12:00:00Z', '2026-03-29T00:00:00.000Z', '2026-03-30T00:00:00.000Z', 24],
    ['Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z', 23],
    ['Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z', 25],
    ['America/New_York', '2026-03-08T12:00:00Z', '2026-03-08T05:00:00.000Z', '2026-03-09T04:00:00.000Z', 23],
    ['America/New_York', '2026-11-01T12:00:00Z', '2026-11-01T04:00:00.000Z', '2026-11-02T05:00:00.000Z', 25],
    ['Australia/Sydney', '2026-04-05T03:00:00Z', '2026-04-04T13:00:00.000Z', '2026-04-05T14:00:00.000Z', 25],
    ['Australia/Sydney', '2026-10-04T03:00:00Z', '2026-10-03T14:00:00.000Z', '2026-10-04T13:00:00.000Z', 23],
    ['Australia/Lord_Howe', '2026-04-05T03:00:00Z', '2026-04-04T13:00:00.000Z', '2026-04-05T13:30:00.000Z', 24.5],
    ['Australia/Lord_Howe', '2026-10-04T03:00:00Z', '2026-10-03T13:30:00.000Z', '2026-10-04T13:00:00.000Z', 23.5],
    ['Asia/Kolkata', '2026-06-01T20:00:00Z', '2026-06-01T18:30:00.000Z', '2026-06-02T18:30:00.000Z', 24],
    ['Asia/Kathmandu', '2026-06-01T20:00:00Z', '2026-06-01T18:15:00.000Z', '2026-06-02T18:15:00.000Z', 24],
    ['Pacific/Kiritimati', '2026-06-01T20:00:00Z', '2026-06-01T10:00:00.000Z', '2026-06-02T10:00:00.000Z', 24],
    // The clock goes from 23:59:59 to 01:00:00: no midnight.
    ['Africa/Cairo', '2023-04-28T12:00:00Z', '2023-04-27T22:00:00.000Z', '2023-04-28T21:00:00.000Z', 23],
    ['America/Santiago', '2026-09-06T12:00:00Z', '2026-09-06T04:00:00.000Z', '2026-09-07T03:00:00.000Z', 23],
    // It goes back from 01:00 to 00:00: two midnights, and the day begins with the first.
    ['America/Havana', '2026-11-01T12:00:00Z', '2026-11-01T04:00:00.000Z', '2026-11-02T05:00:00.000Z', 25],
    // It goes back from 24:00 to 23:00.
    ['America/Santiago', '2026-04-05T02:30:00Z', '2026-04-04T03:00:00.000Z', '2026-04-05T04:00:00.000Z', 25],
    // It goes back across midnight, from 00:01 to 23:01: the new day has begun all the same.
    ['America/St_Johns', '2006-10-29T03:00:00Z', '2006-10-29T02:30:00.000Z', '2006-10-30T03:30:00.000Z', 25],
    // A whole day that never was: 30 December 2011.
    ['Pacific/Apia', '2011-12-30T09:00:00Z', '2011-12-29T10:00:00.000Z', '2011-12-30T10:00:00.000Z', 24],
    ['Pacific/Apia', '2011-12-30T10:00:00Z', '2011-12-30T10:00:00.000Z', '2011-12-31T10:00:00.000Z', 24],
    // So far ahead of UTC that its clock changes three hours after the day began.
    ['Pacific/Apia', '2019-09-29T00:00:00Z', '2019-09-28T11:00:00.000Z', '2019-09-29T10:00:00.000Z', 23],
  ])('in %s around %s', (zone, instant, opensAt, closesAt, hours) => {
    expect(windowOf(zone, 'day', instant)).toEqual([opensAt, closesAt, hours]);
  });

  test('ends where the next begins', () => {
    const dayAt = createCalendar('Europe/Berlin', 'day');
    const midnight = Date.parse('2026-03-28T23:00:00Z');
    expect(dayAt(toEpochMs(midnight - 1)).closesAt).toBe(midnight);
    expect(dayAt(toEpochMs(midnight)).opensAt).toBe(midnight);
  });
});

describe('other periods', () => {
  test('a week begins on Monday, and has its hour more or less', () => {
    expect(windowOf('Europe/Berlin', 'week', '2026-03-29T12:00:00Z')).toEqual([
      '2026-03-22T23:00:00.000Z',
      '2026-03-29T22:00:00.000Z',
      167,
    ]);
    expect(windowOf('UTC', 'week', '2026-11-30T00:00:00Z')[0]).toBe('2026-11-30T00:00:00.000Z');
    expect(windowOf('UTC', 'week', '2026-11-29T23:59:59Z')[0]).toBe('2026-11-23T00:00:00.000Z');
  });

  test('a month is as long as it is', () => {
    expect(windowOf('America/New_York', 'month', '2026-11-15T00:00:00Z')).toEqual([
      '2026-11-01T04:00:00.000Z',
      '2026-12-01T05:00:00.000Z',
      721,
    ]);
    expect(windowOf('UTC', 'month', '2028-02-29T12:00:00Z')[2]).toBe(29 * 24);
    expect(windowOf('UTC', 'month', '2026-12-31T23:59:59Z')[1]).toBe('2027-01-01T00:00:00.000Z');
  });

  test('an hour is one of the local clock', () => {
    expect(windowOf('Asia/Kolkata', 'hour', '2026-06-01T12:10:00Z').slice(0, 2)).toEqual([
      '2026-06-01T11:30:00.000Z',
      '2026-06-01T12:30:00.000Z',
    ]);
  });

  test('an hour that comes twice is two', () => {
    expect(windowOf('Europe/Berlin', 'hour', '2026-10-25T00:30:00Z')[0]).toBe('2026-10-25T00:00:00.000Z');
    expect(windowOf('Europe/Berlin', 'hour', '2026-10-25T01:30:00Z')[0]).toBe('2026-10-25T01:00:00.000Z');
  });

  test('an hour that a change of half an hour cuts ends there', () => {
    // At 15:00 UTC the clock of Lord Howe goes back from 02:00 to 01:30.
    expect(windowOf('Australia/Lord_Howe', 'hour', '2026-04-04T14:59:59Z').slice(0, 2)).toEqual([
      '2026-04-04T14:00:00.000Z',
      '2026-04-04T15:00:00.000Z',
    ]);
    expect(windowOf('Australia/Lord_Howe', 'hour', '2026-04-04T15:10:00Z').slice(0, 2)).toEqual([
      '2026-04-04T15:00:00.000Z',
      '2026-04-04T15:30:00.000Z',
    ]);
    // At 02:31 UTC the clock of St. John's went back from 00:01 to 23:01.
    expect(windowOf('America/St_Johns', 'hour', '2006-10-29T02:30:30Z').slice(0, 2)).toEqual([
      '2006-10-29T02:30:00.000Z',
      '2006-10-29T02:31:00.000Z',
    ]);
    // At 15:30 UTC that of Lord Howe goes from 02:00 to 02:30.
    expect(windowOf('Australia/Lord_Howe', 'hour', '2026-10-03T15:40:00Z').slice(0, 2)).toEqual([
      '2026-10-03T15:30:00.000Z',
      '2026-10-03T16:00:00.000Z',
    ]);
  });
});

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'America/Havana',
  'America/Sao_Paulo',
  'America/Santiago',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Beirut',
  'Asia/Kolkata',
  'Asia/Tehran',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Kiritimati',
];

test('windows hold their instant and meet without gap or overlap, in every zone', () => {
  const instant = fc.integer({ min: Date.UTC(1995, 0, 1), max: Date.UTC(2040, 0, 1) });
  fc.assert(
    fc.property(fc.constantFrom(...ZONES), fc.constantFrom(...WINDOW_PERIODS), instant, (zone, every, at) => {
      // Another calendar for each question, so that nothing is remembered.
      const find = (time: number) => createCalendar(zone, every)(toEpochMs(time));
      const window = find(at);
      expect(window.opensAt).toBeLessThanOrEqual(at);
      expect(window.closesAt).toBeGreaterThan(at);
      expect(find(window.opensAt)).toEqual(window);
      expect(find(window.closesAt - 1)).toEqual(window);
      expect(find(window.closesAt).opensAt).toBe(window.closesAt);
      expect(find(window.opensAt - 1).closesAt).toBe(window.opensAt);
    }),
    { numRuns: 400 },
  );
});

test('what is remembered does not change what is found', () => {
  const dayAt = createCalendar('Europe/Berlin', 'day');
  const [early, late] = [toEpochMs(Date.parse('2026-03-28T22:59:59Z')), toEpochMs(Date.parse('2026-03-28T23:00:00Z'))];
  expect(dayAt(early)).toBe(dayAt(early));
  expect(dayAt(dayAt(late).opensAt)).toBe(dayAt(late));
  expect(dayAt(late).opensAt).toBe(dayAt(early).closesAt);
  expect(dayAt(early).closesAt).toBe(late);
});

test('a bucket begins at a whole multiple of its length', () => {
  expect(bucketAt(toEpochMs(1_000_999), 10)).toEqual({ opensAt: 1_000_000, closesAt: 1_010_000 });
  expect(bucketAt(toEpochMs(1_009_999), 10).opensAt).toBe(1_000_000);
  expect(bucketAt(toEpochMs(1_010_000), 10).opensAt).toBe(1_010_000);
});

test('a time zone has a name that the runtime knows', () => {
  for (const zone of ZONES) expect(isTimeZone(zone), zone).toBe(true);
  for (const text of ['', 'Europe/Nowhere', '+02:00', 'Local', '../etc', 'Europe/Berlin ', '2'])
    expect(isTimeZone(text), text).toBe(false);
});
