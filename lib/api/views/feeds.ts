import type { Answer } from '../../contract/client-types.ts';
import type { StoredFeed } from '../../domain/ports/feeds.ts';
import { formatInstant } from '../../domain/time.ts';

export function toFeedView({ name, hash, payees, hosts, importedAt, importedBy }: StoredFeed): Answer<'GetDenyFeed'> {
  return { denyFeed: { feedName: name, hash, payees, hosts, importedAt: formatInstant(importedAt), importedBy } };
}
