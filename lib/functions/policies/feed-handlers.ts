import { answerWith } from '../../api/function.ts';
import { toFeedView } from '../../api/views/feeds.ts';
import type { OperationInput } from '../../contract/requests.ts';
import { ok } from '../../domain/result.ts';
import { deleteFeed, getFeed, putFeed, type FeedsDeps } from '../../service/tenants/feeds.ts';

interface Asked<N extends 'PutDenyFeed' | 'GetDenyFeed' | 'DeleteDenyFeed'> {
  readonly input: OperationInput<N>;
  readonly caller: string;
}

/** The operations on imported lists. */
export function createFeedHandlers(deps: FeedsDeps) {
  return {
    PutDenyFeed: async ({ input, caller: by }: Asked<'PutDenyFeed'>) => {
      const feed = await putFeed(deps, { ...input, by });
      return feed.ok ? ok({ body: toFeedView(feed.value), log: { feedHash: feed.value.hash } }) : feed;
    },
    GetDenyFeed: async ({ input }: Asked<'GetDenyFeed'>) => answerWith(await getFeed(deps, input), toFeedView),
    DeleteDenyFeed: async ({ input }: Asked<'DeleteDenyFeed'>) =>
      answerWith(await deleteFeed(deps, input), () => ({ status: 'DELETED' }) as const),
  };
}
