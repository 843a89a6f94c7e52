import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ownDataDir } from '../../lib/local/data-dir.ts';
import { keepInfo } from '../../lib/local/info-file.ts';
import type { LocalInfo } from '../../lib/local/info.ts';

const scratch = mkdtempSync(join(tmpdir(), 'bursar-info-'));
let path = '';
const stops: (() => void)[] = [];

beforeEach(() => {
  path = join(mkdtempSync(join(scratch, 'cwd-')), '.bursar', 'local.json');
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  vi.useRealTimers();
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A stack that owns a directory of its own and looks after the file. */
async function startKeeping(port: number) {
  const dataDir = mkdtempSync(join(scratch, 'data-'));
  const owned = await ownDataDir(dataDir, 'keep');
  // The part of it that the file's owner is known by.
  const info = { dataDir, endpoint: `http://127.0.0.1:${port}/v1` } as LocalInfo;
  const { ours, stop } = keepInfo(path, info);
  stops.push(stop);
  return { ours, end: () => (stop(), owned.close()) };
}

const endpoint = (): string => (JSON.parse(readFileSync(path, 'utf8')) as LocalInfo).endpoint;

test('the file stays with a stack that lives, and goes to the next one when that has ended', async () => {
  const first = await startKeeping(1);
  const second = await startKeeping(2);
  expect([first.ours, second.ours]).toEqual([true, false]);
  expect(endpoint()).toContain(':1/');
  vi.advanceTimersByTime(5_000);
  expect(endpoint()).toContain(':1/');
  await first.end();
  vi.advanceTimersByTime(1_000);
  expect(endpoint()).toContain(':2/');
  await second.end();
});

test('the file of a stack that is gone is replaced at once, whatever is in it', async () => {
  const first = await startKeeping(1);
  await first.end();
  const second = await startKeeping(2);
  expect([second.ours, endpoint()]).toEqual([true, 'http://127.0.0.1:2/v1']);
  await second.end();
  writeFileSync(path, 'half a fi');
  const third = await startKeeping(3);
  expect([third.ours, endpoint()]).toEqual([true, 'http://127.0.0.1:3/v1']);
  await third.end();
});

test('the file holds keys, so only its owner may read it', async () => {
  const stack = await startKeeping(1);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await stack.end();
});
