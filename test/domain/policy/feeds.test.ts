import { describe, expect, test } from 'vitest';
import { FEED_MAX_CHARS } from '../../../lib/domain/policy/document.ts';
import { parseDenyFeed } from '../../../lib/domain/policy/index.ts';
import { toEpochMs } from '../../../lib/domain/time.ts';
import { feedOf, PAYEE } from './support.ts';

const SOLANA = '7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV';

function refusalOf(text: string) {
  const feed = parseDenyFeed('f', text, toEpochMs(0));
  if (feed.ok) throw new Error('it is a feed');
  return feed.error;
}

describe('a feed', () => {
  test('is refused whole at the first line that is no entry', () => {
    expect(parseDenyFeed('f', 'good.example\nhttps://bad.example/', toEpochMs(0))).toMatchObject({
      ok: false,
      error: { line: 2 },
    });
    for (const text of ['*.example.com', '0x12', 'localhost', 'exa mple.com', '127.1', 'bücher.example', 'a.b.'])
      expect(parseDenyFeed('f', text, toEpochMs(0)).ok, text).toBe(false);
  });

  test('takes no address with something before or after it', () => {
    for (const address of [PAYEE, SOLANA])
      for (const text of [`-${address}`, `${address}-`, `${address}/`])
        expect(refusalOf(text), text).toEqual({
          line: 1,
          expected: expect.stringMatching(/^an address, a host such as/),
        });
    expect(refusalOf(SOLANA.padEnd(45, 'V')).line).toBe(1);
    expect(refusalOf(SOLANA.slice(0, 31)).line).toBe(1);
  });

  test('is as long as a request holds, and says so when it is longer', () => {
    expect(parseDenyFeed('f', '#'.repeat(FEED_MAX_CHARS), toEpochMs(0)).ok).toBe(true);
    expect(refusalOf('#'.repeat(FEED_MAX_CHARS + 1))).toEqual({
      line: 0,
      expected: 'a file of at most 49152 characters',
    });
  });

  test('takes addresses in any case of EVM, and in the one case of others', () => {
    const feed = feedOf(`${PAYEE}\r\n${SOLANA}\r\nBad.Example\r\n`);
    expect(feed).toMatchObject({ payees: 2, hosts: 1 });
    expect(feed.hasPayee(PAYEE.toUpperCase().replace('0X', '0x'))).toBe(true);
    expect(feed.hasPayee(SOLANA)).toBe(true);
    expect(feed.hasPayee(SOLANA.toLowerCase())).toBe(false);
    expect([feed.hasHost('bad.example'), feed.hasHost('a.bad.example'), feed.hasHost('example')]).toEqual([
      true,
      true,
      false,
    ]);
  });
});
