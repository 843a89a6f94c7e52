import type { PagePaymentOptions, PageResource } from './options.ts';

/**
 * Whether a 402 would be paid that answers a resource: its origin is listed, and it is a document, or of the page's own origin and
 * wanted. Throws `TypeError` where a listed origin is none.
 */
export function toResourceRule({
  origins,
  resources = 'documents',
}: Pick<PagePaymentOptions, 'origins' | 'resources'>): (resource: PageResource) => boolean {
  const listed = origins === 'any' ? null : new Set(origins.map(toOrigin));
  const isWanted = typeof resources === 'function' ? resources : () => resources === 'same-origin';
  return (resource) => {
    const origin = originOf(resource.url);
    if (origin === null || listed?.has(origin) === false) return false;
    if (resource.kind === 'document') return true;
    return resource.pageUrl !== null && originOf(resource.pageUrl) === origin && isWanted(resource);
  };
}

function toOrigin(text: string): string {
  const origin = originOf(text);
  if (origin !== null && new URL(text).href === `${origin}/`) return origin;
  throw new TypeError(`${JSON.stringify(text)} is no origin such as https://news.example`);
}

/** `null` where it is none of the web. */
function originOf(url: string): string | null {
  if (!URL.canParse(url)) return null;
  const { protocol, origin } = new URL(url);
  return protocol === 'https:' || protocol === 'http:' ? origin : null;
}

/** Whether two addresses of the web have one origin. */
export function isSameOrigin(one: string, other: string): boolean {
  const origin = originOf(one);
  return origin !== null && origin === originOf(other);
}

/**
 * The page that a resource counts as asked for by: of those around it, the topmost first, the one that is of another origin, so that no
 * page has another's frames pay; else the topmost.
 */
export function askingPage(url: string, pages: readonly string[]): string | null {
  return pages.find((page) => !isSameOrigin(page, url)) ?? pages[0] ?? null;
}

/** Browsers tell the two ways apart in which scripts ask, and not all of them alike. */
export function toKind(resourceType: string): string {
  const kind = resourceType.toLowerCase();
  return kind === 'xhr' ? 'fetch' : kind;
}
