import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { LOOPBACK } from '../../domain/loopback.ts';
import { readRequestBody } from '../loopback/request-body.ts';
import { close, listen } from '../loopback/server.ts';
import { splitLines } from './log-sink.ts';

/** What a worker is given to do. */
export interface Invocation {
  readonly requestId: string;
  readonly payload: string;
  readonly functionArn: string;
  readonly deadlineMs: number;
  readonly traceId: string;
}

export interface InvocationFailure {
  readonly errorType: string;
  readonly errorMessage: string;
}

export type InvocationOutcome =
  | { readonly ok: true; readonly payload: string }
  | { readonly ok: false; readonly failure: InvocationFailure };

export interface WorkerEvents {
  /** It asks for something to do: at its start and after each answer. */
  ready(): void;
  answered(requestId: string, outcome: InvocationOutcome): void;
  /** Its process is gone. `failure` says why it never became ready, if it said so. */
  ended(how: string, failure: InvocationFailure | null): void;
  log(line: string): void;
}

export interface RuntimeWorker {
  readonly processId: number | undefined;
  /** Gives it an invocation; it must have asked for one. */
  give(invocation: Invocation): void;
  /** Ends its process at once. */
  kill(): void;
}

export interface WorkerProcess {
  /** The unpacked bundle. */
  readonly directory: string;
  /** All of it: nothing of this process's environment is handed on. */
  readonly env: Readonly<Record<string, string>>;
  readonly memoryMib: number;
}

/** As Lambda's for synchronous invocations. */
const RESPONSE_MAX_BYTES = 6 * 1024 * 1024;
const WORKER_FILE = join(import.meta.dirname, 'worker.ts');
const ROUTE = /^\/2018-06-01\/runtime\/(?:invocation\/next|init\/error|invocation\/([\w-]{1,64})\/(response|error))$/;

/**
 * Starts one process and serves the Lambda Runtime API to it, on a port of its own, since the API itself does not tell
 * processes apart. Takes no decisions: when to give, to wait and to kill is the pool's.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export async function startWorker(options: WorkerProcess, events: WorkerEvents): Promise<RuntimeWorker> {
  let waiting: ServerResponse | null = null;
  let initFailure: InvocationFailure | null = null;

  const server = createServer((request, response) => {
    void serve(request, response).catch(() => response.destroy());
  });
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [path = '', requestId, kind] = ROUTE.exec(request.url ?? '') ?? [];
    if (path.endsWith('/next')) {
      waiting = response;
      events.ready();
      return;
    }
    const bytes = await readRequestBody(request, RESPONSE_MAX_BYTES);
    const body = bytes === null ? null : Buffer.from(bytes).toString('utf8');
    response.writeHead(path === '' ? 404 : 202, { 'content-length': 0 }).end();
    if (path.endsWith('/init/error')) initFailure = parseFailure(body);
    else if (requestId !== undefined) events.answered(requestId, toOutcome(kind === 'error', body));
  };

  const port = await listen(server, 0);
  const child = spawn(process.execPath, [`--max-old-space-size=${options.memoryMib}`, WORKER_FILE], {
    cwd: options.directory,
    env: { ...options.env, AWS_LAMBDA_RUNTIME_API: `${LOOPBACK}:${port}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  splitLines(child.stdout, events.log);
  splitLines(child.stderr, events.log);
  const end = (how: string): void => {
    void close(server);
    waiting = null;
    events.ended(how, initFailure);
  };
  child.once('error', (error) => end(`could not start: ${error.message}`));
  child.once('exit', (code, signal) => end(signal === null ? `exit status ${code}` : `signal: ${signal}`));

  return {
    processId: child.pid,
    give: (invocation) => {
      if (waiting === null) throw new Error('the worker did not ask for an invocation');
      waiting.writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': invocation.requestId,
        'lambda-runtime-deadline-ms': invocation.deadlineMs,
        'lambda-runtime-invoked-function-arn': invocation.functionArn,
        'lambda-runtime-trace-id': invocation.traceId,
      });
      waiting.end(invocation.payload);
      waiting = null;
    },
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}

function toOutcome(failed: boolean, body: string | null): InvocationOutcome {
  if (failed) return { ok: false, failure: parseFailure(body) };
  if (body !== null) return { ok: true, payload: body };
  const errorMessage = `Response payload size exceeded maximum allowed payload size (${RESPONSE_MAX_BYTES} bytes).`;
  return { ok: false, failure: { errorType: 'Function.ResponseSizeTooLarge', errorMessage } };
}

function parseFailure(body: string | null): InvocationFailure {
  try {
    const { errorType, errorMessage } = JSON.parse(body ?? '') as Record<string, unknown>;
    return { errorType: String(errorType), errorMessage: String(errorMessage) };
  } catch {
    return { errorType: 'Runtime.Unknown', errorMessage: 'The function failed without a readable error.' };
  }
}
