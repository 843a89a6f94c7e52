import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { untilChildEnds } from '../child-end.ts';

export interface ChildReport {
  readonly figures: Readonly<Record<string, number>>;
  /** What the program wrote to its log. */
  readonly logBytes: number;
}

const CHILD_TIMEOUT_MS = 60_000;

export interface ProgramOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Called with the process's id at its start; what it returns is called at its end. */
  readonly whileRunning?: (processId: number) => () => void;
}

/** Runs a bench program in a Node of its own to its end. Throws with what it wrote to standard error. */
export async function runProgram(
  path: string,
  { args = [], env = {}, whileRunning = () => () => {} }: ProgramOptions = {},
): Promise<ChildReport> {
  const child = spawn(process.execPath, [path, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    timeout: CHILD_TIMEOUT_MS,
  });
  const stop = whileRunning(child.pid!);
  child.once('close', stop);
  const [log, problems, report, { code }] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    text(child.stdio[3] as Readable),
    untilChildEnds(child),
  ]);
  if (code !== 0 || report === '')
    throw new Error(`${path} ended with ${code}: ${problems.slice(-2_000)}${log.slice(-1_000)}`);
  return { figures: JSON.parse(report) as Record<string, number>, logBytes: Buffer.byteLength(log) };
}

/** One named figure of a report. */
export function figureOf(report: ChildReport, name: string): number {
  const value = report.figures[name];
  if (value === undefined) throw new Error(`the program reported no ${name}`);
  return value;
}
