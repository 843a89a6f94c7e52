import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { findFreePort, PortTaken } from './server.ts';

/** A program of an npm package that serves a port of this machine. */
export interface EmbeddedProgram {
  /** As a sentence begins: `the chain`. */
  readonly what: string;
  readonly binary: string;
  readonly options: (port: number) => readonly string[];
  /** Whether it listens by now. An answer on the port would not tell ours from somebody else's. */
  readonly isListening: (output: string) => boolean;
  /** What it gets when this process ends, however that ends: `TERM` for one that has something to save. */
  readonly atOurEnd: 'TERM' | 'KILL';
  /** A file that is there while the program runs, and holds the id of the process that will delete it. @default - none */
  readonly lock?: string;
}

export interface RunningProgram {
  readonly port: number;
  /** Ends it after what it is doing. */
  close(): Promise<void>;
  /** Ends it the way a power cut does. */
  kill(): Promise<void>;
}

const START_TIMEOUT_MS = 10_000;
const START_POLL_MS = 5;
const STOP_TIMEOUT_MS = 3_000;
/** Another process may take the free port between our asking for it and the program's listening on it. */
const START_ATTEMPTS_MAX = 5;
const OUTPUT_MAX_CHARS = 2_000;

// Hands on the names of signals that it reads, and at the end of its input, which is our end, one more: without it a stack ended
// by `kill -9` would leave programs behind that hold its files. The lock lasts until the program has ended.
const WATCHDOG = `
exec 3<&0
lock=$1; last=$2; shift 2
[ -z "$lock" ] || echo "$$" >"$lock"
"$0" "$@" </dev/null 3<&- & program=$!
{ while read -r signal; do kill -"$signal" "$program"; done; kill -"$last" "$program"; } <&3 2>/dev/null & watcher=$!
wait "$program"; code=$?
[ -z "$lock" ] || rm -f "$lock"
kill "$watcher" 2>/dev/null
exit "$code"`;

/**
 * Starts a program and waits until it listens.
 * @param asked the port; where it is left out, a free one
 * @throws PortTaken for a port that was asked for, Error with the program's own words where it does not start
 */
export async function startProgram(program: EmbeddedProgram, asked?: number): Promise<RunningProgram> {
  for (let attempt = 1; ; attempt += 1) {
    const port = asked ?? (await findFreePort());
    try {
      return { port, ...(await launch(program, port)) };
    } catch (error) {
      if (asked !== undefined || attempt === START_ATTEMPTS_MAX || !(error instanceof PortTaken)) throw error;
    }
  }
}

async function launch(program: EmbeddedProgram, port: number): Promise<Omit<RunningProgram, 'port'>> {
  const { what, binary, options, isListening, atOurEnd, lock = '' } = program;
  // In a session of its own, so that Ctrl-C reaches us alone and we decide the order of the ends.
  const child = spawn('/bin/sh', ['-c', WATCHDOG, binary, lock, atOurEnd, ...options(port)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const exited = once(child, 'close');
  // Writing to a program that has just ended is no failure of ours.
  child.stdin.on('error', () => {});
  let output = '';
  const read = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-OUTPUT_MAX_CHARS);
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);

  const end = async (signal: 'TERM' | 'KILL'): Promise<void> => {
    child.stdin.write(`${signal}\n`);
    const timer = setTimeout(() => child.stdin.write('KILL\n'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  };
  try {
    await untilListening(child, () => isListening(output));
  } catch (cause) {
    await end('KILL');
    if (output.includes('already in use')) throw new PortTaken(`port ${port} is already in use`, { cause });
    throw new Error(`${what} did not start: ${output.trim() || 'it said nothing'}`, { cause });
  }
  return { close: () => end('TERM'), kill: () => end('KILL') };
}

async function untilListening(child: ChildProcess, isListening: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + START_TIMEOUT_MS;
  while (!isListening()) {
    if (child.exitCode !== null) throw new Error(`it ended with exit code ${child.exitCode}`);
    if (performance.now() > giveUpAt) throw new Error(`it did not listen within ${START_TIMEOUT_MS} ms`);
    await wait(START_POLL_MS);
  }
}
