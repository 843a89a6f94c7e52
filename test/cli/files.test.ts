import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createFileStore } from '../../lib/cli/terminal/files.ts';

test('a file is new or not written, readable by its owner only, and a link to nowhere counts as one', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'bursar-files-'));
  try {
    const files = createFileStore(directory);
    expect(await files.exists('wallets.age')).toBe(false);
    expect(await files.writeNew('wallets.age', 'first')).toBe(true);
    expect(await files.writeNew('wallets.age', 'second')).toBe(false);
    expect(readFileSync(join(directory, 'wallets.age'), 'utf8')).toBe('first');
    expect(statSync(join(directory, 'wallets.age')).mode & 0o777).toBe(0o600);
    symlinkSync(join(directory, 'nowhere'), join(directory, 'link.age'));
    expect([await files.exists('link.age'), await files.writeNew('link.age', 'third')]).toEqual([true, false]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
