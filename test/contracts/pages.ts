import { expect } from 'vitest';
import { PageTokenRefused, type Page, type PageRequest } from '../../lib/domain/ports/services.ts';

const PAGES_MAX = 100;

export type ListPage<T> = (page: PageRequest) => Promise<Page<T>>;

/** Reads a list to its end, page by page. */
export async function readPages<T>(list: ListPage<T>, maxResults: number): Promise<readonly Page<T>[]> {
  const pages: Page<T>[] = [];
  for (let nextToken: string | undefined; pages.length < PAGES_MAX;) {
    const page = await list({ maxResults, ...(nextToken === undefined ? {} : { nextToken }) });
    pages.push(page);
    nextToken = page.nextToken;
    if (nextToken === undefined) return pages;
  }
  throw new Error(`the list did not end within ${PAGES_MAX} pages`);
}

export async function readAll<T>(list: ListPage<T>, maxResults: number): Promise<readonly T[]> {
  return (await readPages(list, maxResults)).flatMap(({ items }) => items);
}

/** The token of a list's first page of one, which must not be its last. */
export async function takeToken(list: ListPage<unknown>): Promise<string> {
  const { nextToken } = await list({ maxResults: 1 });
  if (nextToken === undefined) throw new Error('the list has only one page');
  return nextToken;
}

/** Texts that are no page token, among them a real one with a character changed, dropped and added. */
export function forgeTokens(token: string): readonly string[] {
  // A token is not signed: past its first half a change may make it another token of the same list.
  const early = 12;
  const flip = (at: number) => token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
  return [
    '',
    '0',
    '!',
    'null',
    Buffer.from('null').toString('base64url'),
    Buffer.from('[]').toString('base64url'),
    Buffer.from('{"__proto__":1}').toString('base64url'),
    flip(0),
    flip(early),
    token.slice(0, -1),
    `${token}A`,
    `${token}=`,
    ` ${token}`,
    token.repeat(100),
  ];
}

export async function expectRefused(list: ListPage<unknown>, nextToken: string): Promise<void> {
  const outcome = await list({ maxResults: 10, nextToken }).then(
    () => 'a page',
    (error: unknown) => error,
  );
  expect(outcome, `token ${JSON.stringify(nextToken)}`).toBeInstanceOf(PageTokenRefused);
}
