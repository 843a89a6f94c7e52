import { getEventListeners } from 'node:events';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { answered, CALL, failureOf, play } from './deployment.ts';

// On a clock that only the test moves.

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
});

function chance(fraction: number): void {
  const random = vi.spyOn(Math, 'random').mockReturnValue(fraction);
  onTestFinished(() => random.mockRestore());
}

const busy = () => answered({ __type: 'ThrottlingException' }, 429);
const STOP = new Error('stop');

/** Lets everything happen that needs no time. */
const settle = () => vi.advanceTimersByTimeAsync(0);

/** When each attempt was sent, in milliseconds from the first. */
async function timesOf(attempts: number, fraction: number): Promise<readonly number[]> {
  chance(fraction);
  const { client, sent } = play([...Array.from({ length: attempts - 1 }, busy), answered({ ok: true })]);
  const call = client.send(CALL);
  const times: number[] = [];
  for (let now = 0; times.length < attempts && now <= 10_000; now += 50) {
    await vi.advanceTimersByTimeAsync(now === 0 ? 0 : 50);
    while (times.length < sent.length) times.push(now);
  }
  expect(await call).toEqual({ ok: true });
  return times;
}

describe('a repetition', () => {
  test('waits twice as long as the one before it, at most, up to two seconds', async () => {
    expect(await timesOf(6, 1)).toEqual([0, 100, 300, 700, 1_500, 3_100]);
  });

  test('waits half as long at least', async () => {
    expect(await timesOf(6, 0)).toEqual([0, 50, 150, 350, 750, 1_550]);
  });

  test('leaves no timer and no listener behind', async () => {
    const { signal } = new AbortController();
    const { client } = play([busy(), answered({ ok: true })]);
    const call = client.send(CALL, { signal });
    await vi.advanceTimersByTimeAsync(100);
    await call;
    expect([vi.getTimerCount(), getEventListeners(signal, 'abort')]).toEqual([0, []]);
  });
});

describe('a signal that fires', () => {
  test('while a repetition waits ends the call at once, and leaves no timer behind', async () => {
    const stop = new AbortController();
    const { client, sent } = play([busy(), answered({})]);
    const call = failureOf(client.send(CALL, { signal: stop.signal }));
    await settle();
    await settle();
    expect(vi.getTimerCount()).toBe(1);
    stop.abort(STOP);
    expect(await Promise.race([call, settle().then(() => 'still waiting')])).toBe(STOP);
    expect([vi.getTimerCount(), sent.length]).toEqual([0, 1]);
  });

  test('while an attempt is on its way is the reason of the failure, whatever fetch says', async () => {
    const stop = new AbortController();
    const { client } = play([], {
      attemptsMax: 1,
      fetch: async () => {
        stop.abort(STOP);
        throw new TypeError('fetch failed');
      },
    });
    expect(await failureOf(client.send(CALL, { signal: stop.signal }))).toBe(STOP);
  });
});
