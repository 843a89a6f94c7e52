import { describe, expect, test } from 'vitest';
import { deliver, type DeliveryDeps, type DeliveryProblem } from '../../lib/events/delivery.ts';
import type { BursarEvent } from '../../lib/events/event.ts';
import type { StreamRecord } from '../../lib/ledger/dynamodb/store/stream-record.ts';
import { EVENT_ATTEMPTS_MAX, EVENT_ENTRIES_MAX, EVENT_WAIT_MAX_MS } from '../../lib/domain/limits.ts';
import { addMs } from '../../lib/domain/time.ts';
import { makePayment, makeSession, NOW } from '../support/payments.ts';
import { paymentChange, SECRETS } from './records.ts';

const session = makeSession();

function signing(): StreamRecord {
  const payment = makePayment(session);
  return paymentChange(payment, {
    ...payment,
    status: 'SIGNED',
    decidedAt: addMs(NOW, 1),
    signatures: [SECRETS.signature],
  });
}

function poison(): StreamRecord {
  const record = signing();
  const NewImage = { ...record.dynamodb.NewImage, v: { N: '99' } };
  return { ...record, dynamodb: { ...record.dynamodb, NewImage } };
}

const idOf = ({ dynamodb }: StreamRecord) => `${dynamodb.NewImage!['pk']!.S!.slice(4)}/signed`;

type Answers = readonly (string | null)[];
const THROTTLED = 'ThrottlingException';

/** A bus that answers each put by the next of its scripts, and takes everything once they are used up. */
function createBus(scripts: ((events: readonly BursarEvent[]) => Answers)[] = []) {
  const taken: string[] = [];
  const puts: number[] = [];
  const waits: number[] = [];
  const problems: DeliveryProblem[] = [];
  const deps: DeliveryDeps = {
    put: async (events) => {
      puts.push(events.length);
      const answers = scripts.shift()?.(events) ?? events.map(() => null);
      taken.push(...events.filter((_, i) => answers[i] === null).map(({ detail }) => detail.id));
      return answers;
    },
    clock: { sleep: async (ms) => void waits.push(ms) },
    random: { fraction: () => 0.5 },
    report: (problem) => problems.push(problem),
  };
  return { deps, taken, puts, waits, problems };
}

const unavailable = (): never => {
  throw new Error('no answer');
};

describe('delivery', () => {
  test('puts all events, at most ten at a time, and asks for nothing again', async () => {
    const bus = createBus();
    const records = Array.from({ length: 23 }, signing);
    expect(await deliver(bus.deps, records)).toBeNull();
    expect(bus.puts).toEqual([EVENT_ENTRIES_MAX, EVENT_ENTRIES_MAX, 3]);
    expect(bus.taken).toEqual(records.map(idOf));
  });

  test('puts nothing where nothing is to be told', async () => {
    const bus = createBus();
    const payment = makePayment(session);
    expect(await deliver(bus.deps, [paymentChange(payment, { ...payment, status: 'ABORTED' })])).toBeNull();
    expect(bus.puts).toEqual([]);
  });

  test('puts again only what was throttled, after waits that grow', async () => {
    const records = Array.from({ length: 4 }, signing);
    const bus = createBus([() => [null, THROTTLED, null, THROTTLED], () => [THROTTLED, null], () => [null]]);
    expect(await deliver(bus.deps, records)).toBeNull();
    expect(bus.puts).toEqual([4, 2, 1]);
    expect(bus.taken.toSorted()).toEqual(records.map(idOf).toSorted());
    expect(bus.waits).toEqual([75, 150]);
    expect(bus.problems).toEqual([]);
  });

  test('names the first record that still fails after its tries, so that Lambda begins there', async () => {
    const records = Array.from({ length: 3 }, signing);
    const refuse = (events: readonly BursarEvent[]) =>
      events.map(({ detail }) => (detail.id === idOf(records[1]!) ? 'InternalFailure' : null));
    const bus = createBus(Array.from({ length: EVENT_ATTEMPTS_MAX }, () => refuse));
    expect(await deliver(bus.deps, records)).toBe(records[1]!.dynamodb.SequenceNumber);
    expect(bus.puts).toEqual([3, 1, 1, 1]);
    expect(bus.waits.every((ms) => ms <= EVENT_WAIT_MAX_MS)).toBe(true);
    expect(bus.problems).toMatchObject([
      { event: 'events.put_failed', sequenceNumber: records[1]!.dynamodb.SequenceNumber },
    ]);
    expect(String(bus.problems[0]?.error)).toContain('refused 1 of 1 events: InternalFailure');
  });

  test('takes an event that the bus left out of its answer for one that it does not have', async () => {
    const records = Array.from({ length: 2 }, signing);
    const bus = createBus([() => [null], () => [null]]);
    expect(await deliver(bus.deps, records)).toBeNull();
    expect(bus.taken).toEqual(records.map(idOf));
  });

  test('tells all that a function which died had not told, and the rest again under the same ids', async () => {
    const records = Array.from({ length: 12 }, signing);
    const dead = createBus([(events) => events.map((_, i) => (i < 4 ? null : THROTTLED))]);
    const died = deliver(
      { ...dead.deps, clock: { sleep: () => Promise.reject(new Error('the process ended')) } },
      records,
    );
    await expect(died).rejects.toThrow('the process ended');
    expect(dead.taken).toHaveLength(6);
    // Lambda hands the whole batch over again.
    const next = createBus();
    expect(await deliver(next.deps, records)).toBeNull();
    expect(next.taken).toEqual(records.map(idOf));
    expect(dead.taken.every((id) => next.taken.includes(id))).toBe(true);
  });

  test('ends its tries where the bus does not answer, without one call for each ten', async () => {
    const records = Array.from({ length: 30 }, signing);
    const bus = createBus(Array.from({ length: EVENT_ATTEMPTS_MAX }, () => unavailable));
    expect(await deliver(bus.deps, records)).toBe(records[0]!.dynamodb.SequenceNumber);
    expect(bus.puts).toHaveLength(EVENT_ATTEMPTS_MAX);
  });

  test('delivers what comes before a record that cannot be read, and begins there the next time', async () => {
    const records = [signing(), poison(), signing()];
    const bus = createBus();
    expect(await deliver(bus.deps, records)).toBe(records[1]!.dynamodb.SequenceNumber);
    expect(bus.taken).toEqual([idOf(records[0]!)]);
    expect(bus.problems).toMatchObject([{ event: 'events.unreadable' }]);
  });

  test('throws where it is the first, so that the batch is halved until it stands alone', async () => {
    const bus = createBus();
    await expect(deliver(bus.deps, [poison(), signing()])).rejects.toThrow('first record');
    expect(bus.puts).toEqual([]);
  });
});
