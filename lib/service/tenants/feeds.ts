import { parseDenyFeed } from '../../domain/policy/index.ts';
import type { FeedKeeper, StoredFeed } from '../../domain/ports/feeds.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { Clock } from '../../domain/time.ts';

export interface FeedsDeps {
  readonly feeds: FeedKeeper;
  readonly clock: Clock;
}

const missing = refuse({ reason: 'not_found', resource: 'feed' } as const);

/** Imports a list whole, or refuses it at the first line that is no entry. */
export async function putFeed(
  { feeds, clock }: FeedsDeps,
  { feedName: name, file, by }: { readonly feedName: string; readonly file: string; readonly by: string },
): Promise<Result<StoredFeed, Refusal>> {
  const read = parseDenyFeed(name, file, clock.now());
  if (!read.ok) {
    const { line, expected } = read.error;
    const message = `file ${line === 0 ? '' : `has in line ${line} something that is no entry: it `}must be ${expected}`;
    return refuse({ reason: 'invalid_request', problems: [{ name: 'file', message }] });
  }
  const { version: hash, payees, hosts, importedAt } = read.value;
  const feed = { name, hash, payees, hosts, importedAt, importedBy: by };
  await feeds.putFeed(feed, file);
  return ok(feed);
}

export async function getFeed(
  { feeds }: Pick<FeedsDeps, 'feeds'>,
  { feedName }: { readonly feedName: string },
): Promise<Result<StoredFeed, Refusal>> {
  const found = await feeds.findFeed(feedName);
  return found === null ? missing : ok(found);
}

export async function deleteFeed(
  { feeds }: Pick<FeedsDeps, 'feeds'>,
  { feedName }: { readonly feedName: string },
): Promise<Result<'deleted', Refusal>> {
  if ((await feeds.findFeed(feedName)) === null) return missing;
  await feeds.removeFeed(feedName);
  return ok('deleted');
}
