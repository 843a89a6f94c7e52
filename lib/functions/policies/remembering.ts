import { createFeedReader } from '../../ledger/dynamodb/memory/feed-store.ts';
import { createPolicyMemory } from '../../ledger/dynamodb/memory/memory-store.ts';
import { createMemoryReader } from '../../ledger/dynamodb/memory/memory-reader.ts';
import type { StoreClient } from '../../ledger/dynamodb/store/client.ts';
import type { StoreTable } from '../../ledger/dynamodb/store/conditional-write.ts';
import type { Remembering } from '../../service/policing/recalling.ts';

// Loaded with the first policy that somebody has written.

/** What rules remember, where payments are made. */
export function composeRemembering(table: StoreTable & { readonly singleSendClient: StoreClient }): Remembering {
  const keeper = createPolicyMemory(table);
  return { reader: keeper, keeper, feeds: createFeedReader(table) };
}

/** The same where nothing is paid. */
export function composeRecalling(table: StoreTable): Remembering {
  return { reader: createMemoryReader(table), keeper: null, feeds: createFeedReader(table) };
}
