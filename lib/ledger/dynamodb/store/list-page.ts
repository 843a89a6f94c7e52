import { LIST_QUERIES_MAX, PAGE_SIZE_MAX } from '../../../domain/limits.ts';
import { PageTokenRefused, type Page, type PageRequest } from '../../../domain/ports/services.ts';
import type { Item, QueryInput, StoreClient } from './client.ts';
import { readText, text } from './attributes.ts';
import { formatPageToken, parsePageToken } from './page-token.ts';
import { BY_LIST_INDEX } from './tables.ts';

/** A list that is read page by page from one partition of a table or an index. */
export interface ListQuery {
  readonly query: Omit<QueryInput, 'Limit' | 'ExclusiveStartKey'>;
  /** What its page tokens are bound to: the list's name, whose it is, its filter. */
  readonly scope: readonly string[];
  /** Where in the order of the list an item stands. */
  readonly positionOf: (item: Item) => string;
  /** The full key at a position, or `null` where the text is not a position of this list. */
  readonly keyAt: (position: string) => Item | null;
}

/**
 * Reads one page. The last page has no token; a page of a filtered list may be short, or empty, and still have one.
 * Costs one query, or at most `LIST_QUERIES_MAX` where a filter drops items, however long the list is.
 * @throws PageTokenRefused for a token of another list or no token at all
 */
export async function readListPage(
  client: StoreClient,
  { query, scope, positionOf, keyAt }: ListQuery,
  { maxResults, nextToken }: PageRequest,
): Promise<Page<Item>> {
  if (!Number.isSafeInteger(maxResults) || maxResults < 1 || maxResults > PAGE_SIZE_MAX) {
    throw new RangeError(`a page holds 1 to ${PAGE_SIZE_MAX} items, not ${maxResults}`);
  }
  // One more than the page holds tells whether there is another page, so that none but an only page is ever empty.
  const Limit = (query.FilterExpression === undefined ? maxResults : PAGE_SIZE_MAX) + 1;
  let start = nextToken === undefined ? null : parseStart(nextToken, scope, keyAt);
  const found: Item[] = [];
  for (let queries = 0; queries < LIST_QUERIES_MAX; queries += 1) {
    const output = await client.query({ ...query, Limit, ...(start === null ? {} : { ExclusiveStartKey: start }) });
    found.push(...output.items);
    start = output.lastKey;
    if (start === null || found.length > maxResults) break;
  }
  const items = found.slice(0, maxResults);
  const last = found.length > maxResults ? items.at(-1) : start;
  return last === undefined || last === null
    ? { items }
    : { items, nextToken: formatPageToken(scope, positionOf(last)) };
}

function parseStart(token: string, scope: ListQuery['scope'], keyAt: ListQuery['keyAt']): Item {
  const position = parsePageToken(scope, token);
  const key = position === null ? null : keyAt(position);
  if (key === null) throw new PageTokenRefused('expected the nextToken of an earlier page of the same list');
  return key;
}

/**
 * The query of a list in the `by-list` index, sorted by id or name. Follows the table within a second.
 * @param keyOf the table key of the item with an id, or `null` where the text is not one
 */
export function toListQuery(tableName: string, list: string, keyOf: (id: string) => Item | null): ListQuery {
  return {
    query: {
      TableName: tableName,
      IndexName: BY_LIST_INDEX,
      KeyConditionExpression: 'lk = :list',
      ExpressionAttributeValues: { ':list': text(list) },
    },
    scope: [list],
    positionOf: (item) => readText(item, 'ls'),
    keyAt: (position) => {
      const key = keyOf(position);
      return key === null ? null : { ...key, lk: text(list), ls: text(position) };
    },
  };
}
