import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT_ROOT } from '../../lib/infra/build/source-hash.ts';

const ENTRY = join(PROJECT_ROOT, 'bin/app.mjs');

test('cdk.json starts the entry that every Node can read', () => {
  const { app } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'cdk.json'), 'utf8')) as { app: string };
  expect(app).toBe('node bin/app.mjs');
});

test('a Node that is too old is told what is needed, before anything is loaded', () => {
  const pretend = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.20.2'})`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', pretend, ENTRY], { encoding: 'utf8' });
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr.trimEnd().split('\n')).toEqual([
    expect.stringContaining("Bursar's CDK app needs Node 24 or later and was started with"),
    expect.stringContaining('`npx cdk ...`'),
  ]);
});

test('a Node that is new enough goes on to the app', () => {
  const env = { ...process.env, BURSAR_WAF: 'maybe' };
  const { stderr } = spawnSync(process.execPath, [ENTRY], { env, encoding: 'utf8' });
  expect(stderr).toContain('environment BURSAR_WAF is "maybe"');
});
