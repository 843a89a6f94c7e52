import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { readBounded } from '../domain/bounded-bytes.ts';
import type { SignedRequest } from './verification.ts';

/** What a request is signed with. */
export interface ForwardingCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Where a request goes on to. */
export interface Deployment {
  /** With its stage. */
  readonly endpoint: string;
  readonly region: string;
  readonly fetch: typeof fetch;
}

/** An answer to a client: the deployment's, or one in its place. */
export interface ForwardedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The path of a request, which has no stage in it, and its query. */
export interface RequestPath {
  readonly path: string;
  readonly query: Readonly<Record<string, string[]>>;
}

/** The name that API Gateway wants. */
const GATEWAY_SERVICE = 'execute-api';
const TARGET_MAX_CHARS = 8_192;
/** As the deployment's longest operation, and some way there and back. */
const UPSTREAM_TIMEOUT_MS = 35_000;
const ANSWER_MAX_BYTES = 10 * 1024 * 1024;

/** What goes on; everything else, above all the client's signature and the headers of its connection, stays here. */
const REQUEST_HEADERS =
  /^(?:accept|content-type|amz-sdk-invocation-id|amz-sdk-request|traceparent|tracestate|x-amzn-bedrock-agentcore-[a-z0-9-]+)$/;
const ANSWER_HEADERS = /^(?:content-type|date|retry-after|x-amzn-[a-z0-9-]+|x-amz-apigw-id)$/;

/** A path as it will be signed and sent: nothing in it may mean something else after a URL parser has read it. */
export function parseRequestPath(text: string): RequestPath | null {
  if (text.length > TARGET_MAX_CHARS || !text.startsWith('/') || text.startsWith('//')) return null;
  const url = URL.canParse(text, 'http://proxy.invalid') ? new URL(text, 'http://proxy.invalid') : null;
  const [path = ''] = text.split('?');
  if (url === null || url.pathname !== path || text.includes('#') || path.includes('//')) return null;
  const query: Record<string, string[]> = {};
  for (const [name, value] of url.searchParams) (query[name] ??= []).push(value);
  return { path, query };
}

/**
 * Sends a request to a deployment, signed with these credentials, and returns what it answers. It follows no redirect.
 * @throws Error where the deployment cannot be reached, or answers too much
 */
export async function forward(
  { endpoint, region, fetch: send }: Deployment,
  request: SignedRequest,
  { path, query }: RequestPath,
  credentials: ForwardingCredentials,
): Promise<ForwardedAnswer> {
  const url = new URL(endpoint + path);
  for (const [name, values] of Object.entries(query)) for (const value of values) url.searchParams.append(name, value);
  const hasBody = request.body.byteLength > 0;
  const headers = Object.fromEntries(
    request.headers
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => REQUEST_HEADERS.test(name)),
  );
  const signer = new SignatureV4({ service: GATEWAY_SERVICE, region, credentials, sha256: Sha256 });
  const signed = await signer.sign({
    method: request.method,
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    path: url.pathname,
    query: { ...query },
    headers: { ...headers, host: url.host },
    ...(hasBody ? { body: request.body } : {}),
  });
  const { host: _host, ...sent } = signed.headers;
  const response = await send(url, {
    method: request.method,
    headers: sent,
    redirect: 'manual',
    signal: AbortSignal.timeout(UPSTREAM_TIMEOUT_MS),
    ...(hasBody ? { body: Uint8Array.from(request.body) } : {}),
  });
  if (response.status >= 300 && response.status < 400) {
    await response.body?.cancel();
    return errorAnswer(
      500,
      'InternalServerException',
      'The deployment answered a redirect, which the proxy does not follow',
    );
  }
  const answered = await readBounded(response.body, ANSWER_MAX_BYTES);
  if (answered === null) throw new Error(`the answer is larger than ${ANSWER_MAX_BYTES} bytes`);
  return {
    status: response.status,
    headers: Object.fromEntries([...response.headers].filter(([name]) => ANSWER_HEADERS.test(name))),
    body: answered,
  };
}

/** An answer in the deployment's place, in the shape that AWS clients read. */
export function errorAnswer(status: number, name: string, message: string): ForwardedAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': name },
    body: Buffer.from(JSON.stringify({ __type: name, message })),
  };
}
