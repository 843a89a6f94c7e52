import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { ACCOUNT_READER } from '../lib/cli/target/account.ts';
import { chainCredentials, readCallerIdentity, readRecentMetrics } from '../lib/cli/target/aws.ts';
import { createFileStore } from '../lib/cli/terminal/files.ts';
import { runCli } from '../lib/cli/run.ts';
import type { Terminal } from '../lib/cli/terminal/terminal.ts';
import { loginName } from './login-name.ts';

const NODE_MAJOR_MIN = 22;

/** Asks for one line. The line editor echoes to `output`; the question itself goes to stderr. */
async function askLine(question: string, output: Writable, interrupted: AbortSignal): Promise<string | null> {
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  // The line editor takes Ctrl-C for itself: it is handed on.
  lines.on('SIGINT', () => process.emit('SIGINT'));
  const ended = new Promise<null>((resolve) => {
    lines.once('close', () => resolve(null));
  });
  try {
    const answer = await Promise.race([lines.question(question, { signal: interrupted }), ended]);
    if (answer === null) process.stderr.write('\n');
    return answer;
  } finally {
    lines.close();
  }
}

function createTerminal(interrupted: AbortSignal): Terminal {
  const { stdin, stdout, stderr, env } = process;
  const nowhere = new Writable({ write: (_chunk, _encoding, written) => written() });
  return {
    out: (data) =>
      new Promise((resolve, reject) => {
        stdout.write(data, (error) => (error ? reject(error) : resolve()));
      }),
    err: (text) => {
      stderr.write(text);
    },
    interactive: Boolean(stdin.isTTY && stderr.isTTY),
    screen: Boolean(stdout.isTTY),
    columns: stdout.isTTY ? stdout.columns : null,
    color: Boolean(stdout.isTTY && stderr.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb'),
    ask: (question) => askLine(question, stderr, interrupted),
    askSecret: async (question) => {
      stderr.write(question);
      const answer = await askLine('', nowhere, interrupted);
      if (answer !== null) stderr.write('\n');
      return answer;
    },
  };
}

/** `npm run` changes to the directory of its package; what the command line names is of the one that npm was called in. */
function callerDirectory(): string {
  const { npm_lifecycle_event: script, INIT_CWD: calledIn } = process.env;
  return script === 'bursar' && calledIn ? calledIn : process.cwd();
}

/** Of the manifest beside this folder, in a checkout as in the package. */
function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

async function main(): Promise<number> {
  if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
    process.stderr.write(
      `bursar needs Node ${NODE_MAJOR_MIN} or newer, this is ${process.versions.node}; in a checkout, npm run bursar brings a Node of its own\n`,
    );
    return 1;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // The first asks, the second insists.
      if (stop.signal.aborted) process.exit(130);
      stop.abort();
    });
  }
  // The reader of the output, such as `head`, may close it early.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  return runCli(process.argv.slice(2), {
    terminal: createTerminal(stop.signal),
    env: process.env,
    state: createFileStore(process.cwd()),
    files: createFileStore(callerDirectory()),
    version: readVersion(),
    userName: loginName(),
    fetch,
    now: Date.now,
    randomBytes,
    interrupted: stop.signal,
    awsCredentials: chainCredentials,
    callerIdentity: readCallerIdentity,
    recentMetrics: readRecentMetrics,
    account: ACCOUNT_READER,
    pipes: { input: process.stdin, output: process.stdout },
  });
}

process.exit(await main());
