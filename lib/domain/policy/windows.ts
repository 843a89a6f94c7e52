import { createBoundedMap } from '../bounded-map.ts';
import { toEpochMs, type EpochMs } from '../time.ts';
import type { WindowPeriod } from './document.ts';

/** A time in which a counter counts: from `opensAt` on, and no longer at `closesAt`. */
export interface Window {
  readonly opensAt: EpochMs;
  readonly closesAt: EpochMs;
}

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The runtime takes an offset such as `+02:00` as well, which is no place with a calendar. */
const ZONE_NAME = /[A-Za-z]/;

/** Whether a text names a time zone that the runtime knows, such as `Europe/Berlin` or `UTC`. */
export function isTimeZone(text: string): boolean {
  if (!ZONE_NAME.test(text)) return false;
  try {
    return zoneFormat(text) !== null;
  } catch {
    return false;
  }
}

/** The bucket of a fixed length that holds an instant. */
export function bucketAt(time: EpochMs, seconds: number): Window {
  const length = seconds * SECOND_MS;
  const opensAt = time - (time % length);
  return { opensAt: toEpochMs(opensAt), closesAt: toEpochMs(opensAt + length) };
}

/**
 * Makes the calendar of a time zone: the hour, day, week or month that holds an instant. Windows of one period follow each other
 * without gap or overlap. A day begins when its date does, wherever the clock then stands: days with 23 and 25 hours, without a
 * midnight or with two, are one window each. Where the clock goes back across midnight, the date does not go back with it.
 * It remembers its last window, so that asking again within it costs nothing. Throws on a zone that {@link isTimeZone} refuses.
 */
export function createCalendar(timeZone: string, every: WindowPeriod): (time: EpochMs) => Window {
  const offsetAt = createOffsets(timeZone);
  const find = every === 'hour' ? hourAt : periodAt;
  let last: Window | null = null;
  return (time) => {
    if (last !== null && last.opensAt <= time && time < last.closesAt) return last;
    last = find(time, offsetAt, every);
    return last;
  };
}

/** Milliseconds that the zone's clock is ahead of UTC at an instant. */
type Offsets = (time: number) => number;

/** Making one takes longer than a hundred uses of it. */
const formats = createBoundedMap<string, Intl.DateTimeFormat>(64);

/** Throws on a zone that the runtime does not know. */
function zoneFormat(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = makeFormat(timeZone);
  formats.set(timeZone, format);
  return format;
}

function makeFormat(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
}

/** The order in which the locale writes them. */
const WRITTEN = /(\d+)\/(\d+)\/(\d+), (\d+):(\d+):(\d+)/;

function createOffsets(timeZone: string): Offsets {
  const format = zoneFormat(timeZone);
  return (time) => {
    const match = WRITTEN.exec(format.format(time));
    if (match === null) throw new RangeError(`no local time in ${timeZone} at ${time}`);
    const [month, day, year, hour, minute, second] = match.slice(1).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / SECOND_MS) * SECOND_MS;
  };
}

function toWindow(opensAt: number, closesAt: number): Window {
  return { opensAt: toEpochMs(Math.max(0, opensAt)), closesAt: toEpochMs(closesAt) };
}

/** An hour of the local clock. One that a change of the clock cuts short ends there, and the next begins. */
function hourAt(time: number, offsetAt: Offsets): Window {
  const offset = offsetAt(time);
  const local = time + offset;
  const opensAt = local - (((local % HOUR_MS) + HOUR_MS) % HOUR_MS) - offset;
  const closesAt = opensAt + HOUR_MS;
  return toWindow(
    offsetAt(opensAt) === offset ? opensAt : changeBetween(opensAt, time, offsetAt),
    offsetAt(closesAt - 1) === offset ? closesAt : changeBetween(time, closesAt - 1, offsetAt),
  );
}

function periodAt(time: number, offsetAt: Offsets, every: WindowPeriod): Window {
  const first = periodStart(time + offsetAt(time), every);
  const next = nextPeriod(first, every);
  const nextAt = instantOf(next, offsetAt);
  if (time < nextAt) return toWindow(instantOf(first, offsetAt), nextAt);
  // The clock went back across the start of the period; the period has begun nevertheless.
  return toWindow(nextAt, instantOf(nextPeriod(next, every), offsetAt));
}

/** The first midnight of the period, as if the local clock were UTC. */
function periodStart(local: number, every: WindowPeriod): number {
  const date = new Date(local);
  const midnight = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
  if (every === 'month') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
  return every === 'week' ? midnight - ((date.getUTCDay() + 6) % 7) * DAY_MS : midnight;
}

function nextPeriod(start: number, every: WindowPeriod): number {
  if (every !== 'month') return start + (every === 'week' ? 7 : 1) * DAY_MS;
  const date = new Date(start);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

/** The first instant at which the local clock shows this time or a later one. */
function instantOf(local: number, offsetAt: Offsets): number {
  const near = local - offsetAt(local);
  const before = offsetAt(near - DAY_MS);
  const after = offsetAt(near + DAY_MS);
  const candidates = [local - before, local - after].toSorted((a, b) => a - b) as [number, number];
  for (const instant of candidates) if (instant + offsetAt(instant) === local) return instant;
  // The clock never shows this time, since it is put forward past it.
  return changeBetween(candidates[0], candidates[1], offsetAt);
}

/** The first instant of the offset that the zone has at `high`, where it has another one at `low`. */
function changeBetween(low: number, high: number, offsetAt: Offsets): number {
  const offset = offsetAt(high);
  let [out, within] = [low, high];
  while (within - out > 1) {
    const middle = Math.floor((out + within) / 2);
    if (offsetAt(middle) === offset) within = middle;
    else out = middle;
  }
  return within;
}
