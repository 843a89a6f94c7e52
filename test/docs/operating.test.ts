import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { synthesize, type Synthesis } from '../infra/synthesis.ts';

const TEXT = readFileSync(join(import.meta.dirname, '../../docs/operating.md'), 'utf8');
const BLOCKS = [...TEXT.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);

let app: Synthesis;
beforeAll(async () => {
  app = await synthesize({ alarmEmail: 'ops@example.com', waf: true });
});

/** What is behind a word in the commands, without the definition of the word. */
function namesAfter(word: 'output' | 'resource'): string[] {
  const calls = BLOCKS.flatMap((block) => [...block.matchAll(new RegExp(`\\$\\(${word} (\\w+)`, 'g'))]);
  return [...new Set(calls.map(([, name = '']) => name))];
}

describe('the commands of docs/operating.md', () => {
  test('are shell', () => {
    expect(BLOCKS.length).toBeGreaterThan(8);
    for (const block of BLOCKS) {
      const { stderr } = spawnSync('bash', ['-n'], { input: block, encoding: 'utf8' });
      expect([stderr, block]).toEqual(['', block]);
    }
  });

  test('name outputs that the service has', () => {
    expect(namesAfter('output')).toContain('Endpoint');
    for (const name of namesAfter('output')) expect(Object.keys(app.service.Outputs ?? {})).toContain(name);
  });

  test('name one resource each', () => {
    const ids = [app.service, app.data].flatMap(({ Resources }) => Object.keys(Resources));
    expect(namesAfter('resource').length).toBeGreaterThan(8);
    for (const name of namesAfter('resource')) {
      const found = ids.filter((id) => id.startsWith(name) && id.length === name.length + 8);
      expect([name, found.length]).toEqual([name, 1]);
    }
  });
});
