import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { LOOPBACK } from '../../domain/loopback.ts';
import { readRequestBody } from '../loopback/request-body.ts';
import { close, listen } from '../loopback/server.ts';
import type { Fault, Faults } from './faults.ts';

/** What an operation of a provider's API is known by. */
export interface Route {
  readonly id: string;
  readonly method: string;
  /** With `{name}` for a member of the path. */
  readonly path: string;
}

export interface Answer {
  readonly status: number;
  readonly body: object | null;
}

/** A request whose operation is known. */
export interface ApiRequest<Operation extends Route> {
  readonly operation: Operation;
  /** Of the path, by name. */
  readonly names: Readonly<Record<string, string>>;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A request and what it was answered, as they went over the wire. */
export interface Exchange<Operation extends Route> {
  readonly operation: Operation;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly status: number;
  readonly answer: string;
}

export interface ApiServerOptions<Operation extends Route, ErrorType extends string> {
  readonly operations: readonly Operation[];
  /** Before the path of every operation. */
  readonly base: string;
  readonly faults: Faults<Operation['id'], ErrorType>;
  /** What is served outside of the API: pages for people, by path. */
  readonly pages: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => Promise<void>>>;
  /** May throw; `toErrorAnswer` says what becomes of it. */
  answer(request: ApiRequest<Operation>): Promise<Answer>;
  /** What an error is answered with, one of the provider's own or any other. */
  toErrorAnswer(error: unknown): Answer;
  /** What a planned status is answered with. */
  toPlannedAnswer(fault: { readonly status: number; readonly errorType?: ErrorType }): Answer;
  /** What is answered where there is no such operation. */
  readonly notFound: Answer;
  readonly onExchange?: ((exchange: Exchange<Operation>) => void) | undefined;
}

export interface ApiServer {
  /** Without a path. */
  readonly origin: string;
  close(): Promise<void>;
}

const BODY_MAX_BYTES = 256 * 1024;
const TOO_LARGE = 413;

/** Serves a provider's API on a free port of this machine, with faults where they are planned. */
export async function startApiServer<Operation extends Route, ErrorType extends string>(
  options: ApiServerOptions<Operation, ErrorType>,
): Promise<ApiServer> {
  const { pages, faults } = options;
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    const work = (Object.hasOwn(pages, path) ? pages[path]! : serve)(request, response);
    work.catch(() => response.destroy());
  });

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { headers } = request;
    const url = new URL(request.url ?? '/', `http://${headers.host}`);
    const found = findOperation(options, request.method ?? '', url.pathname);
    const read = await readRequestBody(request, BODY_MAX_BYTES);
    if (found === null) return send(response, options.notFound.status, JSON.stringify(options.notFound.body), null);
    if (read === null) return send(response, TOO_LARGE, '', null);
    const { operation, names } = found;
    const body = Buffer.from(read).toString('utf8');
    const fault = faults.take(operation.id);
    if (fault?.kind === 'drop') return void response.destroy();
    if (fault?.kind === 'silent') return;
    const answer =
      fault?.kind === 'status'
        ? options.toPlannedAnswer(fault)
        : await options.answer({ operation, names, url, headers, body }).catch(options.toErrorAnswer);
    const text = fault?.kind === 'body' ? fault.body : answer.body === null ? '' : JSON.stringify(answer.body);
    const { pathname: path, search: query } = url;
    options.onExchange?.({ operation, path, query, headers, body, status: answer.status, answer: text });
    if (fault?.kind === 'late') await fault.until;
    send(response, answer.status, text, fault);
  };

  const port = await listen(server, 0);
  return { origin: `http://${LOOPBACK}:${port}`, close: () => close(server) };
}

function findOperation<Operation extends Route>(
  { base, operations }: { readonly base: string; readonly operations: readonly Operation[] },
  method: string,
  path: string,
): Pick<ApiRequest<Operation>, 'operation' | 'names'> | null {
  for (const operation of operations) {
    const names = operation.method === method ? matchPath(`${base}${operation.path}`, path) : null;
    if (names !== null) return { operation, names };
  }
  return null;
}

function matchPath(template: string, path: string): Readonly<Record<string, string>> | null {
  const [parts, given] = [template.split('/'), path.split('/')];
  if (parts.length !== given.length) return null;
  const names: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    const value = name === undefined ? null : decode(given[index]!);
    if (name !== undefined && value !== null) names[name] = value;
    else if (part !== given[index]) return null;
  }
  return names;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** The body as an object, empty where there is none; `null` for anything else. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function send(response: ServerResponse, status: number, text: string, fault: Fault | null): void {
  if (fault?.kind === 'answer_lost') return void response.destroy();
  response.writeHead(
    status,
    text === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
  );
  if (fault?.kind === 'slow_body') return void response.write(text.slice(0, 1));
  if (fault?.kind === 'cut') return void response.write(text.slice(0, text.length / 2), () => response.destroy());
  response.end(text);
}
