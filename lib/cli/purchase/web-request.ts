import type { CliDeps } from '../program/command.ts';
import type { Options } from '../terminal/options.ts';
import { usageError } from '../terminal/outcome.ts';

const DATA_MAX_BYTES = 10 * 1024 * 1024;
/** Until a seller begins to answer; settling on chain takes it some seconds. */
const ANSWER_TIMEOUT_MS = 60_000;
/** Until it has answered whole. */
const BODY_TIMEOUT_MS = 30 * 60 * 1000;
const METHOD = /^[A-Z]{1,16}$/;
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}):[ \t]*([\x20-\x7e\t]*)$/;

/** Options that say what is asked of a seller; `readWebRequest` reads them. */
export const WEB_REQUEST_OPTIONS = {
  method: { value: 'NAME', help: 'of the request (default GET, with --data POST)' },
  data: { value: 'TEXT', help: 'the body; @FILE reads a file' },
  header: { value: "'NAME: VALUE'", many: true, help: 'may be repeated' },
} as const;

/** A request of the user's own making. */
export interface WebRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer> | null;
}

/** Reads URL and options as curl would, as far as they go. Throws `CliError` for what cannot be sent. */
export async function readWebRequest(deps: CliDeps, text: string, options: Options): Promise<WebRequest> {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw usageError(`URL must begin with https:// or http://. Received: ${text}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw usageError('URL must not carry a name and password: send them with --header');
  }
  const body = await readData(deps, options.text('data'));
  const method = options.text('method')?.toUpperCase() ?? (body === null ? 'GET' : 'POST');
  if (!METHOD.test(method)) throw usageError(`--method must be a method such as POST. Received: ${method}`);
  if (body !== null && (method === 'GET' || method === 'HEAD')) throw usageError(`${method} carries no --data`);
  return { url, method, headers: readHeaders(options.list('header')), body };
}

/** Reads `--header`. Repeated headers are joined, as the protocol has it. Throws `CliError` for what is none. */
export function readHeaders(lines: readonly string[]): Readonly<Record<string, string>> {
  const headers = new Headers();
  for (const line of lines) {
    const match = HEADER.exec(line);
    // The value is not repeated: it may be a password.
    if (match === null) throw usageError(`--header must be 'Name: value'. Received: ${line.split(':')[0]}`);
    headers.append(match[1]!, match[2]!);
  }
  return Object.fromEntries(headers);
}

async function readData({ files }: CliDeps, data: string | undefined): Promise<Uint8Array<ArrayBuffer> | null> {
  if (data === undefined) return null;
  if (!data.startsWith('@')) return new TextEncoder().encode(data);
  const bytes = await files.read(data.slice(1), DATA_MAX_BYTES);
  if (bytes === null) throw usageError(`--data: there is no file ${data.slice(1)}`);
  return Uint8Array.from(bytes);
}

/**
 * A fetch for sellers. The time for an answer counts from each request, so that a user who thinks before confirming loses
 * nothing; an interruption ends it.
 */
export function sellerFetch(deps: CliDeps): typeof fetch {
  return async (input, init) => {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new DOMException('no answer', 'TimeoutError')), ANSWER_TIMEOUT_MS);
    const own = input instanceof Request ? [input.signal] : [];
    const signal = AbortSignal.any([...own, late.signal, AbortSignal.timeout(BODY_TIMEOUT_MS), deps.interrupted]);
    try {
      return await deps.fetch(input, { ...init, signal });
    } finally {
      clearTimeout(timer);
    }
  };
}
