import { describe, expect, test } from 'vitest';
import { emitting } from '../../../lib/client/frameworks/emitting.ts';

async function readAll<T, R>(
  values: AsyncGenerator<T, R>,
): Promise<{ readonly told: readonly T[]; readonly result: R }> {
  const told: T[] = [];
  for (;;) {
    const step = await values.next();
    if (step.done === true) return { told, result: step.value };
    told.push(step.value);
  }
}

test('what work tells comes in order, before what it returns', async () => {
  const work = emitting<number, string>(async (emit) => {
    await emit(1);
    await Promise.all([emit(2), emit(3)]);
    return 'done';
  });
  expect(await readAll(work)).toEqual({ told: [1, 2, 3], result: 'done' });
});

test('work waits until what it told was taken', async () => {
  const steps: string[] = [];
  const work = emitting<number, void>(async (emit) => {
    for (const value of [1, 2]) {
      steps.push(`told ${value}`);
      await emit(value);
    }
  });
  await work.next();
  await Promise.resolve();
  expect(steps).toEqual(['told 1']);
  await work.next();
  expect(steps).toEqual(['told 1', 'told 2']);
});

describe('the failure of work', () => {
  const failing = () =>
    emitting<number, void>(async (emit) => {
      await emit(1);
      throw new Error('no goods');
    });

  test('comes after what it told', async () => {
    const work = failing();
    expect(await work.next()).toEqual({ done: false, value: 1 });
    await expect(work.next()).rejects.toThrow('no goods');
  });

  test('is nothing to a reader that has left', async () => {
    const work = failing();
    await work.next();
    expect(await work.return()).toEqual({ done: true, value: undefined });
  });
});

test('a reader that leaves holds up no work', async () => {
  const ended = Promise.withResolvers<string>();
  const work = emitting<number, void>(async (emit) => {
    for (const value of [1, 2, 3]) await emit(value);
    ended.resolve('ended');
  });
  await work.next();
  await work.return();
  expect(await ended.promise).toBe('ended');
});
