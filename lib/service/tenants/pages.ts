import { PAGE_SIZE_DEFAULT } from '../../domain/limits.ts';
import type { Page, PageRequest } from '../../domain/ports/services.ts';

/** The page that a request asks for. */
export function pageOf(
  input: { readonly maxResults?: number | undefined; readonly nextToken?: string | undefined },
  pageSizeDefault: number = PAGE_SIZE_DEFAULT,
): PageRequest {
  const start = input.nextToken === undefined ? {} : { nextToken: input.nextToken };
  return { maxResults: input.maxResults ?? pageSizeDefault, ...start };
}

/** A list's answer: `nextToken` is left out on the last page. */
export function pageBody<T>(name: string, page: Page<T>, view: (item: T) => object): object {
  return { [name]: page.items.map(view), ...(page.nextToken === undefined ? {} : { nextToken: page.nextToken }) };
}
