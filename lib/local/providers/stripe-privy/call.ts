import type { ApiRequest, Answer, Route } from '../api-server.ts';
import type { App, KeyQuorum } from './app.ts';
import { invalid } from './api-error.ts';

export interface Call {
  readonly app: App;
  readonly nowMs: number;
  readonly request: ApiRequest<Route>;
  /** A JSON object; empty where the request has none. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The quorum whose signatures came with the request; `null` where none were asked for. */
  readonly signedBy: KeyQuorum | null;
}

export interface Operation extends Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** The key quorums of which one must sign the request. @default - nobody's signature is asked for */
  signers?(call: Pick<Call, 'app' | 'request'>): readonly string[];
  run(call: Call): Promise<Answer> | Answer;
}

export const ok = (body: object): Answer => ({ status: 200, body });

const PAGE_MAX = 100;

/** A page of a list, by the cursor that the page before it gave. */
export function toPage<Item extends { readonly id: string }>(
  { request }: Pick<Call, 'request'>,
  items: readonly Item[],
  show: (item: Item) => object,
): Answer {
  const { searchParams: query } = request.url;
  const limit = Number(query.get('limit') ?? PAGE_MAX);
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_MAX) throw invalid('limit');
  const cursor = query.get('cursor');
  const from = cursor === null ? 0 : items.findIndex(({ id }) => id === cursor);
  if (from < 0) throw invalid('cursor');
  const page = items.slice(from, from + limit);
  return ok({ data: page.map(show), next_cursor: items[from + limit]?.id ?? null });
}
