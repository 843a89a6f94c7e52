import { untilChildEnds } from '../child-end.ts';
import { spawn, type ChildProcess } from 'node:child_process';

export interface CommandOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly timeoutMs: number;
  /** Hears every line as it comes, without secrets. */
  readonly onLine?: (line: string) => void;
}

/** A command's end. */
export interface CommandResult {
  /** `null` where a signal ended it, such as at its timeout. */
  readonly code: number | null;
  /** The last lines of both streams, without secrets. */
  readonly output: string;
}

const LINES_MAX = 60;
const LINE_MAX_CHARS = 3_000;
const KILL_GRACE_MS = 5_000;
/** Long hexadecimal numbers are keys, seeds and signatures; words in a row are a mnemonic; the rest are tokens. */
const SECRETS: readonly RegExp[] = [
  /(?:0x)?[0-9a-f]{64,}/gi,
  /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g,
  /(?:\b[a-z]{3,8}\b[ ,"]*){12,}/g,
  /(?<=(?:SessionToken|SecretAccessKey|secret_access_key)\W{1,4})[\w+/=]{16,}/gi,
];

/** Replaces what looks like a key, a seed, a proof or a token. Digests look alike and go too. */
export function redact(line: string): string {
  return SECRETS.reduce((text, secret) => text.replaceAll(secret, '[redacted]'), line).slice(0, LINE_MAX_CHARS);
}

/** Keeps the last lines of what a process writes. */
export function tailOf(child: ChildProcess, onLine: (line: string) => void = () => {}): () => string {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = `${rest}${chunk}`.split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const line = redact(part.trimEnd());
        lines.push(line);
        if (lines.length > LINES_MAX) lines.shift();
        onLine(line);
      }
    });
  }
  return () => lines.filter((line) => line !== '').join('\n');
}

/** Runs a command to its end, at most until its timeout. Ends it when this process exits. Throws where it cannot start. */
export async function runCommand(options: CommandOptions): Promise<CommandResult> {
  const { command, args, env, cwd, timeoutMs, onLine } = options;
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
  const tail = tailOf(child, onLine);
  const { code } = await untilChildEnds(child);
  return { code, output: tail() };
}

/** Asks a process to end, and makes it where it does not. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), KILL_GRACE_MS);
  await ended;
  clearTimeout(force);
}
