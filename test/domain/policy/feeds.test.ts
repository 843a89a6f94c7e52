import { describe, expect, test } from 'vitest';
import { parseDenyFeed } from '../../../lib/domain/policy/index.ts';
import { toEpochMs } from '../../../lib/domain/time.ts';
import { feedOf, PAYEE } from './support.ts';

describe('a feed', () => {
  test('is refused whole at the first line that is no entry', () => {
    expect(parseDenyFeed('f', 'good.example\nhttps://bad.example/', toEpochMs(0))).toMatchObject({
      ok: false,
      error: { line: 2 },
    });
    for (const text of ['*.example.com', '0x12', 'localhost', 'exa mple.com', '127.1', 'bücher.example', 'a.b.'])
      expect(parseDenyFeed('f', text, toEpochMs(0)).ok, text).toBe(false);
  });

  test('takes addresses in any case of EVM, and in the one case of others', () => {
    const solana = '7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV';
    const feed = feedOf(`${PAYEE}\r\n${solana}\r\nBad.Example\r\n`);
    expect(feed).toMatchObject({ payees: 2, hosts: 1 });
    expect(feed.hasPayee(PAYEE.toUpperCase().replace('0X', '0x'))).toBe(true);
    expect(feed.hasPayee(solana)).toBe(true);
    expect(feed.hasPayee(solana.toLowerCase())).toBe(false);
    expect([feed.hasHost('bad.example'), feed.hasHost('a.bad.example'), feed.hasHost('example')]).toEqual([
      true,
      true,
      false,
    ]);
  });
});
