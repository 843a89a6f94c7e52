// Loaded into the local stack: gives every process that runs functions a clock of its own.
import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const SKEW_VARIABLE = 'NEMESIS_SKEW_MS';
/** One after the other: no two neighbours agree, and some are right. */
const SKEWS_MS = [2_000, -2_000, 0];
const CLOCK = pathToFileURL(join(import.meta.dirname, 'skewed-clock.ts')).href;
const WORKER_MARK = join('runtime', 'worker.ts');

const { spawn } = childProcess;
let workers = 0;

type Spawn = (command: string, args: readonly string[], options: { readonly env?: NodeJS.ProcessEnv }) => unknown;

const spawnSkewed: Spawn = (command, args, options) => {
  if (!args.some((arg) => arg.includes(WORKER_MARK))) return (spawn as Spawn)(command, args, options);
  const skewMs = SKEWS_MS[workers % SKEWS_MS.length]!;
  workers += 1;
  const env = { ...options.env, [SKEW_VARIABLE]: `${skewMs}` };
  return (spawn as Spawn)(command, ['--import', CLOCK, ...args], { ...options, env });
};

// A module that loads this file for the clock alone gets the constant and nothing else.
if (process.env[SKEW_VARIABLE] === undefined) {
  Object.assign(childProcess, { spawn: spawnSkewed });
  syncBuiltinESMExports();
}
