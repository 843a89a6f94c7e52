import { createServer, type IncomingMessage, type Server } from 'node:http';
import { OPERATIONS, type OperationName } from '../../lib/contract/operations.ts';
import { AGENT_HEADER, USER_HEADER } from '../../lib/contract/headers.ts';
import { isRecord, memberOf } from '../../lib/json/record.ts';
import { close, listen } from '../../lib/local/loopback/server.ts';
import { findAwsOperation, pruneToModel } from './aws-model.ts';
import type { TestFunctions } from './functions.ts';

/** What a service was asked on the wire, and what it answered. */
export interface Exchange {
  readonly path: string;
  readonly status: number;
  readonly request: unknown;
  readonly answer: unknown;
}

export interface ServedFunctions {
  readonly endpoint: string;
  readonly exchanges: readonly Exchange[];
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** What came in. */
interface Incoming {
  readonly path: string;
  readonly query: Readonly<Record<string, readonly string[]>>;
  readonly body: unknown;
  readonly headers: IncomingMessage['headers'];
}

type Serve = (incoming: Incoming) => Promise<Answer>;

/** The functions that deploy, on a port of this machine. */
export function serveFunctions(functions: TestFunctions): Promise<ServedFunctions> {
  return serve((incoming) => ask(functions, incoming));
}

/**
 * The same as AWS's own service would be: without a path that AWS does not have; with no member that its model does not know in what it
 * reads, and none in what it answers, no header and no code either. What it decides is ours.
 */
export function serveAsAws(functions: TestFunctions): Promise<ServedFunctions> {
  return serve(async (incoming) => {
    const { path, body } = incoming;
    const operation = operationAt(path);
    const model = operation === undefined ? null : findAwsOperation(operation);
    if (model === null) {
      const errorHeaders = { 'x-amzn-errortype': 'UnknownOperationException' };
      return { status: 404, headers: errorHeaders, body: { message: `unknown path ${path}` } };
    }
    const answer = await ask(functions, { ...incoming, body: pruneToModel(body, model.input) });
    const { 'x-amzn-errortype': errorType, 'content-type': contentType } = answer.headers;
    const kept = { 'content-type': contentType, 'x-amzn-errortype': errorType };
    return {
      status: answer.status,
      headers: Object.fromEntries(
        Object.entries(kept).filter((each): each is [string, string] => each[1] !== undefined),
      ),
      body: answer.status < 300 ? pruneToModel(answer.body, model.output) : toAwsError(answer.body),
    };
  });
}

/** An exception has no members beyond AWS's, and names no field that is a code of ours. */
function toAwsError(body: unknown): unknown {
  const [message, reason, fieldList] = ['message', 'reason', 'fieldList'].map((name) => memberOf(body, name));
  const fields = Array.isArray(fieldList)
    ? fieldList.filter((field: unknown) => !String(memberOf(field, 'name')).startsWith('bursar:'))
    : undefined;
  return { message, reason, fieldList: fields };
}

function operationAt(path: string): OperationName | undefined {
  return (Object.keys(OPERATIONS) as OperationName[]).find((name) => OPERATIONS[name].path === path);
}

async function ask({ call }: TestFunctions, { path, query, body, headers }: Incoming): Promise<Answer> {
  const operation = operationAt(path);
  if (operation === undefined) return { status: 403, headers: {}, body: { message: 'Missing Authentication Token' } };
  const stated = {
    [USER_HEADER]: headers[USER_HEADER.toLowerCase()],
    [AGENT_HEADER]: headers[AGENT_HEADER.toLowerCase()],
  };
  const event = {
    body: JSON.stringify(body),
    multiValueQueryStringParameters: query,
    headers: Object.fromEntries(
      Object.entries(stated).filter((each): each is [string, string] => typeof each[1] === 'string'),
    ),
  };
  const answer = await call(operation, { event });
  return { status: answer.status, headers: answer.headers, body: answer.body };
}

async function serve(answer: Serve): Promise<ServedFunctions> {
  const exchanges: Exchange[] = [];
  const server: Server = createServer((request, response) => {
    const respond = async (): Promise<void> => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
      const path = pathname.replace('/v1', '');
      const query = Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]));
      const text = Buffer.concat(chunks).toString();
      const body: unknown = text === '' ? {} : JSON.parse(text);
      const { status, headers, body: answered } = await answer({ path, query, body, headers: request.headers });
      exchanges.push({ path, status, request: body, answer: answered });
      response.writeHead(status, headers).end(JSON.stringify(answered));
    };
    respond().catch((error: unknown) => response.destroy(error as Error));
  });
  const port = await listen(server, 0);
  return { endpoint: `http://127.0.0.1:${port}/v1`, exchanges, close: () => close(server) };
}

/** Names of members, however deep. */
export function memberNames(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(memberNames);
  return isRecord(value) ? Object.entries(value).flatMap(([name, each]) => [name, ...memberNames(each)]) : [];
}
