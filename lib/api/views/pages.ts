import type { Page } from '../../domain/ports/services.ts';

/** A list's answer: `nextToken` is left out on the last page. */
export function toPageView<N extends string, T, V extends object>(
  name: N,
  page: Page<T>,
  view: (item: T) => V,
): Record<N, V[]> & { nextToken?: string } {
  const rest = page.nextToken === undefined ? {} : { nextToken: page.nextToken };
  // A computed name widens to any text.
  return { [name]: page.items.map(view), ...rest } as Record<N, V[]> & { nextToken?: string };
}
