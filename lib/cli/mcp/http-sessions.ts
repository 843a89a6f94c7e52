import { randomUUID } from 'node:crypto';
import type { McpTransport } from '../../client/mcp/index.ts';
import { relay } from './relay.ts';

/** Clients at once. Each may have a process of its own. */
const SESSIONS_MAX = 64;
const BODY_MAX_BYTES = 16 * 1024 * 1024;

export interface HttpSessions {
  handle(request: Request): Promise<Response>;
  close(): Promise<void>;
}

export interface HttpSessionsOptions {
  /** Makes a started transport to the server; each client has one of its own. */
  readonly connect: () => Promise<McpTransport>;
  readonly onError: (error: unknown) => void;
}

/** Serves MCP's streamable HTTP in sessions, each with a connection to the server. */
export async function createHttpSessions({ connect, onError }: HttpSessionsOptions): Promise<HttpSessions> {
  const { isInitializeRequest, readRequestBody, WebStandardStreamableHTTPServerTransport } =
    await import('@modelcontextprotocol/server');
  const sessions = new Map<string, InstanceType<typeof WebStandardStreamableHTTPServerTransport>>();

  const begin = async (request: Request, parsedBody: unknown): Promise<Response> => {
    if (sessions.size >= SESSIONS_MAX) return refuse(503, `there are ${SESSIONS_MAX} clients already`);
    const sessionId = randomUUID();
    const client = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: () => sessionId });
    sessions.set(sessionId, client);
    try {
      const server = await connect();
      relay({ client, server, onError }).then(() => sessions.delete(sessionId), onError);
    } catch (error) {
      sessions.delete(sessionId);
      onError(error);
      return refuse(502, 'the server cannot be reached');
    }
    return client.handleRequest(request, { parsedBody });
  };

  return {
    handle: async (request) => {
      const sessionId = request.headers.get('mcp-session-id');
      const session = sessionId === null ? undefined : sessions.get(sessionId);
      if (session === undefined && sessionId !== null) return refuse(404, 'the session has ended');
      if (request.method !== 'POST') {
        return session?.handleRequest(request) ?? refuse(400, 'the session is missing');
      }
      const body = await readRequestBody(request, BODY_MAX_BYTES);
      if (body.tooLarge) return refuse(413, `a message may have ${BODY_MAX_BYTES} bytes`);
      let parsedBody: unknown;
      try {
        parsedBody = JSON.parse(body.text);
      } catch {
        return refuse(400, 'the body is not JSON');
      }
      if (session !== undefined) return session.handleRequest(request, { parsedBody });
      return isInitializeRequest(parsedBody)
        ? begin(request, parsedBody)
        : refuse(400, 'a session begins with initialize');
    },
    close: async () => {
      await Promise.allSettled([...sessions.values()].map((session) => session.close()));
    },
  };
}

function refuse(status: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', id: null, error: { code: -32_000, message } }, { status });
}
