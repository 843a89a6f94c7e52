import { beforeAll, expect, test } from 'vitest';
import { createFeedKeeper, createFeedReader } from '../../../lib/ledger/dynamodb/memory/feed-store.ts';
import { createStoreClient } from '../../../lib/ledger/dynamodb/store/sdk-client.ts';
import type { StoreTable } from '../../../lib/ledger/dynamodb/store/conditional-write.ts';
import { FEED_MAX_CHARS } from '../../../lib/domain/policy/index.ts';
import { NotNow } from '../../../lib/domain/ports/services.ts';
import { deleteFeed, getFeed, putFeed } from '../../../lib/service/tenants/feeds.ts';
import { withDatabase } from '../../support/database.ts';
import { createTestClock } from '../../support/paying.ts';

const database = withDatabase();
const clock = createTestClock();
let table: StoreTable;
beforeAll(() => {
  Object.assign(process.env, database.environment);
  table = { tableName: database.registryTable, client: createStoreClient({ maxAttempts: 3 }) };
});
const deps = () => ({ feeds: createFeedKeeper(table, clock), clock });
const put = (feedName: string, file: string) => putFeed(deps(), { feedName, file, by: 'grace' });

test('a list is imported whole, and read as its file was; importing it again changes nothing but the date', async () => {
  const file = '0x1111111111111111111111111111111111111111 # known\nbad.example.com\n';
  const first = await put('sanctions', file);
  expect(first).toMatchObject({ value: { payees: 1, hosts: 1, importedBy: 'grace' } });
  if (!first.ok) return;
  expect(await createFeedReader(table).readFeedText(first.value)).toBe(file);
  clock.advance(1_000);
  const again = await put('sanctions', file);
  expect(again).toMatchObject({ value: { hash: first.value.hash, importedAt: first.value.importedAt + 1_000 } });
  expect(await getFeed(deps(), { feedName: 'sanctions' })).toEqual(again);
});

test('a list is refused whole for one wrong line, and the one before stays', async () => {
  await put('bad', 'bad.example\n');
  const refused = await put('bad', 'worse.example\n\nhttps://x.example/\n');
  expect(refused).toMatchObject({
    error: {
      reason: 'invalid_request',
      problems: [{ name: 'file', message: expect.stringContaining('line 3') as string }],
    },
  });
  expect((await put('bad', `# ${'x'.repeat(FEED_MAX_CHARS)}`)).ok).toBe(false);
  expect(await getFeed(deps(), { feedName: 'bad' })).toMatchObject({ value: { hosts: 1 } });
});

test('whoever has found a list still reads its file after another took its place, or it was removed', async () => {
  const first = await put('moving', 'a.example\n');
  const second = await put('moving', 'b.example\n');
  if (!first.ok || !second.ok) throw new Error('it was refused');
  const reader = createFeedReader(table);
  expect(await reader.readFeedText(first.value)).toBe('a.example\n');
  expect(await deleteFeed(deps(), { feedName: 'moving' })).toMatchObject({ ok: true });
  expect(await reader.readFeedText(second.value)).toBe('b.example\n');
  expect(await getFeed(deps(), { feedName: 'moving' })).toMatchObject({ error: { reason: 'not_found' } });
  expect(await deleteFeed(deps(), { feedName: 'moving' })).toMatchObject({ error: { reason: 'not_found' } });
});

test('of two imports at once one is told to come again, and the list is a file that stays', async () => {
  await put('raced', 'old.example\n');
  const results = await Promise.allSettled(['one', 'two'].map((host) => put('raced', `${host}.example\n`)));
  for (const result of results) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(NotNow);
  expect(results.some(({ status }) => status === 'fulfilled')).toBe(true);
  const found = await getFeed(deps(), { feedName: 'raced' });
  if (!found.ok) throw new Error('there is none');
  expect(await createFeedReader(table).readFeedText(found.value)).toMatch(/^(?:one|two)\.example\n$/);
});
