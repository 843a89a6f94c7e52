import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { isForeignChain, isOwned, ownDataDir } from '../../lib/local/data-dir.ts';

const DATA_DIR_MODULE = new URL('../../lib/local/data-dir.ts', import.meta.url).href;
const scratch = mkdtempSync(join(tmpdir(), 'bursar-data-dir-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const freshDir = (): string => mkdtempSync(join(scratch, 'data-'));

/** A process that owns a directory until it is killed. */
async function ownElsewhere(dataDir: string) {
  const program = `
    const { ownDataDir } = await import(${JSON.stringify(DATA_DIR_MODULE)});
    globalThis.owned = await ownDataDir(${JSON.stringify(dataDir)}, 'keep');
    setInterval(() => {}, 60_000);
    process.stdout.write('owned');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    processId: child.pid,
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

describe('the owner of a data directory', () => {
  test('keeps a second one of the same process out, until it lets go', async () => {
    const dataDir = freshDir();
    const first = await ownDataDir(dataDir, 'keep');
    expect(isOwned(dataDir)).toBe(true);
    await expect(ownDataDir(dataDir, 'fresh')).rejects.toThrow(
      `is in use by another local stack (process ${process.pid})`,
    );
    expect(isOwned(dataDir)).toBe(true);
    await first.close();
    expect(isOwned(dataDir)).toBe(false);
    await (await ownDataDir(dataDir, 'keep')).close();
  });

  test('keeps another process out, and lets go when it is killed', async () => {
    const dataDir = freshDir();
    const other = await ownElsewhere(dataDir);
    expect(isOwned(dataDir)).toBe(true);
    await expect(ownDataDir(dataDir, 'keep')).rejects.toThrow(
      `(process ${other.processId}): stop it, or choose another`,
    );
    await other.kill();
    expect(isOwned(dataDir)).toBe(false);
    await (await ownDataDir(dataDir, 'keep')).close();
  });

  test('is waited for while it ends', async () => {
    const dataDir = freshDir();
    const first = await ownDataDir(dataDir, 'keep');
    const second = ownDataDir(dataDir, 'keep');
    await first.close();
    await (await second).close();
  });

  test('is nobody where no stack ever ran', () => {
    expect(isOwned(join(scratch, 'never'))).toBe(false);
  });

  test('loses nothing to one who is refused', async () => {
    const dataDir = freshDir();
    const first = await ownDataDir(dataDir, 'keep');
    writeFileSync(join(dataDir, 'tables.sqlite'), 'books');
    await expect(ownDataDir(dataDir, 'fresh')).rejects.toThrow('is in use');
    expect(existsSync(join(dataDir, 'tables.sqlite'))).toBe(true);
    await first.close();
  });
});

test('a fresh start deletes what a stack keeps, and nothing else', async () => {
  const dataDir = freshDir();
  for (const name of ['tables.sqlite', 'streams.json', 'mine.txt']) writeFileSync(join(dataDir, name), '');
  expect(isForeignChain(dataDir, '0x01')).toBe(false);
  const owned = await ownDataDir(dataDir, 'fresh');
  expect(['tables.sqlite', 'streams.json', 'mine.txt'].map((name) => existsSync(join(dataDir, name)))).toEqual([
    false,
    false,
    true,
  ]);
  expect(isForeignChain(dataDir, '0x02')).toBe(false);
  await owned.close();
});

test('another chain under the same books is told from their own', () => {
  const dataDir = freshDir();
  expect([isForeignChain(dataDir, '0x01'), isForeignChain(dataDir, '0x01'), isForeignChain(dataDir, '0x02')]).toEqual([
    false,
    false,
    true,
  ]);
});
