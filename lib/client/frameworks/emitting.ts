/**
 * Runs work that tells values on its way, and yields them as they come, for frameworks whose hooks are generators. Returns what the
 * work returns, and throws what it throws. It holds one value at most: `emit` waits until the value before was taken. A reader that
 * stops early ends no work: what it still tells is dropped.
 */
export async function* emitting<T, R>(work: (emit: (value: T) => Promise<void>) => Promise<R>): AsyncGenerator<T, R> {
  const waiting: { readonly value: T; readonly taken: () => void }[] = [];
  let state: 'running' | 'left' | 'over' = 'running';
  let wake: (() => void) | undefined;
  const result = work(async (value) => {
    if (state === 'left') return;
    await new Promise<void>((taken) => {
      waiting.push({ value, taken });
      wake?.();
    });
  }).finally(() => {
    state = 'over';
    wake?.();
  });
  // A reader that has left hears of no failure.
  result.catch(() => undefined);
  try {
    for (;;) {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        try {
          yield next.value;
        } finally {
          next.taken();
        }
      }
      if (isOver(state)) return await result;
      await new Promise<void>((resume) => {
        wake = resume;
      });
    }
  } finally {
    state = 'left';
    for (const { taken } of waiting) taken();
  }
}

/** The compiler does not see that the work changes the state meanwhile. */
const isOver = (state: string): boolean => state === 'over';
