import { appendFileSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

export interface LogLine {
  readonly functionName: string;
  readonly line: string;
}

/** Takes what functions print, in place of CloudWatch Logs. */
export interface LogSink {
  write(entry: LogLine): void;
}

/** As one event of CloudWatch Logs; the rest of a longer line becomes further lines. */
const LINE_MAX_CHARS = 256 * 1024;
/** A file that has grown to this is set aside, and the one set aside before it is lost. */
const FILE_MAX_BYTES = 16 * 1024 * 1024;

/**
 * Writes each function's lines to `<directory>/<function>.log`.
 * @param directory `null` keeps no files
 * @param listener hears every line as well
 */
export function createLogSink(directory: string | null, listener?: (entry: LogLine) => void): LogSink {
  const sizes = new Map<string, number>();
  const append = (directoryPath: string, { functionName, line }: LogLine): void => {
    const path = join(directoryPath, `${functionName}.log`);
    const text = `${line}\n`;
    const size = sizes.get(path) ?? (existsSync(path) ? statSync(path).size : 0);
    const full = size > FILE_MAX_BYTES;
    if (full) renameSync(path, `${path}.1`);
    appendFileSync(path, text);
    sizes.set(path, (full ? 0 : size) + Buffer.byteLength(text));
  };
  if (directory !== null) mkdirSync(directory, { recursive: true });
  return {
    write: (entry) => {
      if (directory !== null) append(directory, entry);
      listener?.(entry);
    },
  };
}

/** Calls back for each line of a stream, and for an unfinished last one. */
export function splitLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
    for (; rest.length > LINE_MAX_CHARS; rest = rest.slice(LINE_MAX_CHARS)) onLine(rest.slice(0, LINE_MAX_CHARS));
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
