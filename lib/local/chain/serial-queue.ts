/** Does pieces of work one at a time, in the order of asking: an account's transactions need its nonces in order. */
export type SerialQueue = <T>(work: () => Promise<T>) => Promise<T>;

/** A queue of its own. One piece's failure is its asker's alone. */
export function createSerialQueue(): SerialQueue {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => {});
    return next;
  };
}
