/** How many requests at once make a race. */
export const PARALLEL = 50;

export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

export const countKinds = (outcomes: readonly { readonly kind: string }[]) =>
  outcomes.reduce<Record<string, number>>((counts, { kind }) => ({ ...counts, [kind]: (counts[kind] ?? 0) + 1 }), {});
