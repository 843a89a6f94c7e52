import { untilChildEnds } from './child-end.ts';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { writeInfo } from '../lib/local/info-file.ts';
import { startStack, type LocalStack } from '../lib/local/stack.ts';
import { parseTarget, TARGET_VARIABLE } from '../test/conformance/target.ts';

const USAGE = `usage: npm run conformance -- [--target FILE] [FILTER...]

Checks with AWS's own clients that every operation and every error is as AWS's model says. Without a target it starts a local
stack. FILTER is a part of the name of a test file; without one all of them run.

  --target FILE  a deployment as JSON: endpoint, region, credentials (keys, or {"profile": "..."}) for each role, and jwt;
                 .bursar/local.json is one. The type is ConformanceTarget in test/conformance/target.ts. The suite makes
                 managers, connectors, wallets, sessions and identities there, and removes them; wallet keys stay.`;

const root = resolve(import.meta.dirname, '..');
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { target: { type: 'string' }, help: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const directory = mkdtempSync(join(tmpdir(), 'bursar-conformance-'));
  let stack: LocalStack | null = null;
  try {
    let target = values.target;
    if (target === undefined) {
      stack = await startStack({ port: 0, dataDir: null, fresh: 'keep', progress: say, timers: null });
      target = join(directory, 'target.json');
      writeInfo(target, stack.info);
    }
    parseTarget(JSON.parse(readFileSync(target, 'utf8')));
    return await runSuite(resolve(target), positionals);
  } finally {
    await stack?.close();
    // It holds the access keys of the local stack.
    rmSync(directory, { recursive: true, force: true });
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function runSuite(target: string, filters: readonly string[]): Promise<number> {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const child = spawn(
    process.execPath,
    [vitest, 'run', '--config', 'test/conformance/vitest.config.ts', ...filters.map((name) => `conformance/${name}`)],
    { cwd: root, stdio: 'inherit', env: { ...process.env, [TARGET_VARIABLE]: target } },
  );
  return (await untilChildEnds(child)).code ?? 1;
}

process.exitCode = await main();
