import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { InvariantViolated } from '../../../lib/domain/invariant.ts';
import type { FeedReader, StoredFeed } from '../../../lib/domain/ports/feeds.ts';
import { addMs, toEpochMs, type EpochMs } from '../../../lib/domain/time.ts';
import { createFeedSource, type FeedSource } from '../../../lib/service/policing/feed-source.ts';
import { NOW } from '../../support/payments.ts';

const PAYEE = '0x1111111111111111111111111111111111111111';
const OTHER = '0x2222222222222222222222222222222222222222';

let shelf: Map<string, { readonly stored: StoredFeed; readonly text: string }>;
let looked: string[];
let read: string[];
let source: FeedSource;

beforeEach(() => {
  shelf = new Map();
  looked = [];
  read = [];
  const reader: FeedReader = {
    findFeed: async (name) => {
      looked.push(name);
      return shelf.get(name)?.stored ?? null;
    },
    readFeedText: async ({ name }) => {
      read.push(name);
      return shelf.get(name)!.text;
    },
  };
  source = createFeedSource(reader);
});

function put(text: string, importedAt: EpochMs = NOW, hash = createHash('sha256').update(text).digest('hex')): void {
  const stored = { name: 'sanctions', hash, payees: 1, hosts: 0, importedAt, importedBy: 'grace' };
  shelf.set('sanctions', { stored, text });
}

const at = async (ms: number, name = 'sanctions') => (await source.read(new Set([name]), addMs(NOW, ms)))(name);

describe('an imported list', () => {
  test('is read once, and looked for again after ten seconds, and not before', async () => {
    put(`${PAYEE}\n`);
    expect((await at(0))?.hasPayee(PAYEE)).toBe(true);
    await at(9_999);
    expect([looked.length, read.length]).toEqual([1, 1]);
    await at(10_000);
    expect([looked.length, read.length]).toEqual([2, 1]);
    // Ten seconds from the last look.
    await at(19_999);
    expect(looked).toHaveLength(2);
  });

  test('that was imported anew is read anew; the same file again is not, and has its new date', async () => {
    put(`${PAYEE}\n`);
    await at(0);
    put(`${PAYEE}\n`, toEpochMs(NOW + 5));
    expect(await at(10_000)).toMatchObject({ importedAt: NOW + 5 });
    expect(read).toHaveLength(1);
    put(`${OTHER}\n`);
    const feed = await at(20_000);
    expect([feed?.hasPayee(PAYEE), feed?.hasPayee(OTHER), read.length]).toEqual([false, true, 2]);
  });

  test('that is not there is not looked for again for ten seconds, and is missing', async () => {
    expect(await at(0)).toBeNull();
    put(`${PAYEE}\n`);
    expect(await at(9_999)).toBeNull();
    expect(looked).toHaveLength(1);
    expect(await at(10_000)).not.toBeNull();
  });

  test('of another name is not the one that was asked for', async () => {
    put(`${PAYEE}\n`);
    const lookup = await source.read(new Set(['sanctions']), NOW);
    expect(lookup('another')).toBeNull();
  });

  test('whose file is not a list, or not the one that was imported, is a fault and never taken for empty', async () => {
    put('no list at all\n');
    await expect(at(0)).rejects.toThrow(InvariantViolated);
    put(`${PAYEE}\n`, NOW, '0'.repeat(64));
    await expect(at(0)).rejects.toThrow(InvariantViolated);
    put(`${PAYEE}\n`);
    expect((await at(0))?.hasPayee(PAYEE)).toBe(true);
  });
});
