import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const directory = mkdtempSync(join(tmpdir(), 'bursar-screen-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], TERM: 'xterm', AWS_EC2_METADATA_DISABLED: 'true' };

/** A program of the checkout in a terminal of 80 columns, ended by Ctrl-C once it has said `until`. */
function onScreen(until: string, program: string, ...argv: readonly string[]) {
  const command = [
    join(import.meta.dirname, 'screen.py'),
    until,
    process.execPath,
    join(ROOT, 'bin', program),
    ...argv,
  ];
  const { status, stdout } = spawnSync('python3', command, { cwd: directory, env, encoding: 'utf8' });
  // eslint-disable-next-line no-control-regex -- colours
  const said = stdout.replaceAll(/\u{1B}\[[0-9;]*m/gu, '');
  return { status, said, wide: said.split('\n').filter((line) => line.length > 80) };
}

describe('in a terminal of 80 columns', () => {
  test('the story tells people what they need, shows no key, and its lines fit', { timeout: 240_000 }, () => {
    const { status, said, wide } = onScreen('--fresh begins anew', 'local.ts', '--story', '--port', '0');
    expect([status, wide]).toEqual([0, []]);
    for (const told of ['SELLER', 'market-data', 'faucet', 'npx bursar payments', 'Ctrl-C ends it'])
      expect(said).toContain(told);
    expect(said).not.toContain('BURSAR_READY');
    const { credentials } = JSON.parse(readFileSync(join(directory, '.bursar', 'local.json'), 'utf8')) as {
      credentials: Record<string, { secretAccessKey: string }>;
    };
    for (const { secretAccessKey } of Object.values(credentials)) expect(said).not.toContain(secretAccessKey);
  });

  test('the help of the command line fits, and ends with 0', () => {
    const { status, said, wide } = onScreen('', 'bursar.mjs', '--help');
    expect([status, wide]).toEqual([0, []]);
    expect(said).toContain('bursar sellers');
  });
});

test('with --json a terminal gets the line that programs read', { timeout: 240_000 }, () => {
  const { status, said } = onScreen('"withdrawalAddresses":[', 'local.ts', '--json', '--port', '0');
  expect(status).toBe(0);
  const line = said.split('\n').find((each) => each.startsWith('BURSAR_READY ')) ?? '';
  expect(JSON.parse(line.slice('BURSAR_READY '.length))).toHaveProperty('credentials.processPayment.secretAccessKey');
});
