/**
 * Does work on each item, in order, on at most `max` of them at a time.
 * @param work must not throw: the others would go on unseen
 */
export async function forEachAtOnce<T>(
  items: readonly T[],
  max: number,
  work: (item: T, position: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const position = next;
      next += 1;
      await work(items[position]!, position);
    }
  };
  await Promise.all(Array.from({ length: Math.min(max, items.length) }, worker));
}
