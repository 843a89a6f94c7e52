import { once } from 'node:events';
import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { LOOPBACK } from '../../domain/loopback.ts';
import { toEpochMs } from '../../domain/time.ts';
import type { TableDefinition } from '../database/tables.ts';
import { readRequestBody } from '../loopback/request-body.ts';
import { close, listen } from '../loopback/server.ts';
import type { AccessPolicies } from './access-policies.ts';
import { ERROR_NAMES, toPairs } from './aws-hooks.ts';
import type { CredentialStore } from './credentials.ts';
import { readAccess } from './database-access.ts';
import type { Environment } from '../template/environment.ts';
import { verifySignature } from '../../sigv4/verification.ts';

export interface DatabaseGateOptions {
  /** The database behind the gate. */
  readonly databaseUrl: string;
  readonly tables: readonly TableDefinition[];
  readonly environment: Environment;
  readonly credentials: CredentialStore;
  readonly accessPolicies: AccessPolicies;
  readonly report: (problem: string) => void;
  /** Hears of writes that the database took. */
  readonly noteWrite?: () => void;
}

export interface DatabaseGate {
  readonly endpoint: string;
  close(): Promise<void>;
}

interface GateError {
  readonly name: string;
  readonly message: string;
}

/** DynamoDB's own limit of a request. */
const REQUEST_MAX_BYTES = 16 * 1024 * 1024;
const TARGET = /^DynamoDB_20120810\.(\w{1,64})$/;
const WRITE = /\.(?:Put|Update|Delete)Item$|\.(?:BatchWriteItem|TransactWriteItems)$/;
const SOCKETS_MAX = 64;

/**
 * Stands before the embedded database, which checks nothing, and lets through what the caller's role may do: so that a
 * permission that is missing from the templates is missed here and not after a deployment. A connection that the database
 * cuts is cut for the caller too, who then does not know whether the write happened, as with DynamoDB.
 */
export async function startDatabaseGate(options: DatabaseGateOptions): Promise<DatabaseGate> {
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX });
  const server = createServer((incoming, response) => {
    pass(options, agent, incoming, response).catch((error: unknown) => {
      options.report(`database gate: ${String(error)}`);
      response.destroy();
    });
  });
  const port = await listen(server, 0);
  return {
    endpoint: `http://${LOOPBACK}:${port}`,
    close: async () => {
      await close(server);
      agent.destroy();
    },
  };
}

async function pass(
  options: DatabaseGateOptions,
  agent: Agent,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readRequestBody(incoming, REQUEST_MAX_BYTES);
  if (body === null) throw new Error(`a request is larger than ${REQUEST_MAX_BYTES} bytes`);
  const problem = await check(options, incoming, body);
  if (problem !== null) {
    const text = JSON.stringify({ __type: `com.amazon.coral.service#${problem.name}`, message: problem.message });
    response.writeHead(400, {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
    return;
  }
  const outgoing = httpRequest(options.databaseUrl, {
    agent,
    method: incoming.method,
    path: incoming.url,
    headers: incoming.rawHeaders,
  });
  // Heard also after the answer has begun, when nobody waits for it any more.
  outgoing.on('error', () => response.destroy());
  outgoing.end(body);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  response.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
  if (answer.statusCode === 200 && WRITE.test(String(incoming.headers['x-amz-target']))) options.noteWrite?.();
  answer.pipe(response);
  answer.once('error', () => response.destroy());
}

async function check(
  { tables, environment, credentials, accessPolicies }: DatabaseGateOptions,
  incoming: IncomingMessage,
  body: Uint8Array,
): Promise<GateError | null> {
  const verified = verifySignature(
    { method: incoming.method ?? '', target: incoming.url ?? '', headers: toPairs(incoming.rawHeaders), body },
    {
      region: environment.region,
      service: 'dynamodb',
      findCredential: credentials.find,
      now: toEpochMs(Date.now()),
    },
  );
  if (!verified.ok) return { name: ERROR_NAMES[verified.error.reason], message: verified.error.message };
  const credential = credentials.find(verified.value.accessKeyId);
  if (credential === null) throw new Error('the key that was verified is gone');
  const caller = { roleName: credential.roleName, sessionName: credential.sessionName };

  const operation = TARGET.exec(String(incoming.headers['x-amz-target']))?.[1] ?? '';
  const accesses = readAccess(operation, parseJson(body), tables);
  const { partition, region, account } = environment;
  for (const { action, resource, leadingKeys, attributes } of accesses ?? []) {
    const allowed = await accessPolicies.isAllowed({
      caller,
      action: `dynamodb:${action}`,
      resource: `arn:${partition}:dynamodb:${region}:${account}:${resource}`,
      context: { 'dynamodb:LeadingKeys': leadingKeys, 'dynamodb:Attributes': attributes },
    });
    if (!allowed) return denied(caller.roleName, action, resource);
  }
  return accesses === null ? denied(caller.roleName, operation, '*') : null;
}

function denied(role: string, action: string, resource: string): GateError {
  const message = `Role: ${role} is not authorized to perform: dynamodb:${action} on resource: ${resource}`;
  return { name: 'AccessDeniedException', message };
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return null;
  }
}
