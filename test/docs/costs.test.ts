import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

test('the costs in docs/operating.md are what the script computes from the template and the counted units', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/cost.ts', '--check'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});
