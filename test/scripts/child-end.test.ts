import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { untilChildEnds } from '../../scripts/child-end.ts';
import { untilGone } from '../../scripts/process-tree.ts';

const HELPER = pathToFileURL(join(import.meta.dirname, '../../scripts/child-end.ts')).href;

function startNode(program: string) {
  return spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

test('tells the code with which a child ends', async () => {
  expect(await untilChildEnds(startNode('process.exit(3)'))).toEqual({ code: 3, signal: null });
});

test('tells the signal that ended a child', async () => {
  const child = startNode('setInterval(() => {}, 1_000)');
  const ended = untilChildEnds(child);
  child.kill('SIGTERM');
  expect(await ended).toEqual({ code: null, signal: 'SIGTERM' });
});

test('rejects for a program that is not there', async () => {
  await expect(untilChildEnds(spawn('/no/such/program'))).rejects.toThrow('ENOENT');
});

test('kills a child that would outlive this process', async () => {
  const parent = startNode(`
    import { spawn } from 'node:child_process';
    import { untilChildEnds } from ${JSON.stringify(HELPER)};
    const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { stdio: 'ignore', detached: true });
    void untilChildEnds(child);
    process.stdout.write(String(child.pid), () => process.exit(0));
  `);
  const id = Number(await text(parent.stdout));
  expect(id).toBeGreaterThan(0);
  await untilGone([id]);
});
