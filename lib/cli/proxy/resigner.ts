import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { readBounded } from '../../domain/bounded-bytes.ts';
import { toEpochMs } from '../../domain/time.ts';
import { verifySignature, type SignedRequest } from '../../sigv4/verification.ts';
import type { Credentials } from '../target/aws.ts';

/** Whose keys sign a request of this method and path, which has no stage in it. */
export type RequestCredentials = (request: { readonly method: string; readonly path: string }) => Promise<Credentials>;

/** A pair of keys that opens the proxy, and nothing else. */
export interface ProxyKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface ResignerOptions {
  /** With its stage. */
  readonly endpoint: string;
  readonly region: string;
  readonly key: ProxyKey;
  readonly credentials: RequestCredentials;
  readonly fetch: typeof fetch;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** An answer of the proxy, its own or the deployment's. */
export interface ProxyAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The name that unmodified AWS clients sign for. */
const CLIENT_SERVICE = 'bedrock-agentcore';
/** The name that API Gateway wants. */
const GATEWAY_SERVICE = 'execute-api';
const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);
const TARGET_MAX_CHARS = 8_192;
/** As the deployment's longest operation, and some way there and back. */
const UPSTREAM_TIMEOUT_MS = 35_000;
const ANSWER_MAX_BYTES = 10 * 1024 * 1024;

/** What goes on; everything else, above all the client's signature and the headers of its connection, stays here. */
const REQUEST_HEADERS =
  /^(?:accept|content-type|amz-sdk-invocation-id|amz-sdk-request|traceparent|tracestate|x-amzn-bedrock-agentcore-[a-z0-9-]+)$/;
const ANSWER_HEADERS = /^(?:content-type|date|retry-after|x-amzn-[a-z0-9-]+|x-amz-apigw-id)$/;

/**
 * Takes a request that a client has signed with the proxy's own key, and sends it to the deployment signed with other
 * credentials. It answers by itself, in AWS's error shape, whatever is not such a request. It follows no redirect.
 */
export async function resign(options: ResignerOptions, request: SignedRequest): Promise<ProxyAnswer> {
  const asked = parseRequestPath(request.target);
  if (!METHODS.has(request.method) || asked === null) {
    return proxyError(
      400,
      'ValidationException',
      'The proxy takes requests of AWS clients: a method and an absolute path',
    );
  }
  const verified = verifySignature(request, {
    region: options.region,
    service: CLIENT_SERVICE,
    findCredential: (id) =>
      id === options.key.accessKeyId ? { secretAccessKey: options.key.secretAccessKey, sessionToken: null } : null,
    now: toEpochMs(options.now()),
  });
  if (!verified.ok) {
    const what = 'The proxy takes only requests that are signed with the keys that it printed';
    return proxyError(403, 'AccessDeniedException', `${what}: ${verified.error.message}`);
  }
  let credentials: Credentials;
  try {
    credentials = await options.credentials({ method: request.method, path: asked.path });
  } catch {
    return proxyError(500, 'InternalServerException', 'The proxy has no usable AWS credentials: see bursar doctor');
  }
  try {
    return await forward(options, request, asked, credentials);
  } catch {
    // What went wrong is the deployment's address and its network: the client retries, the user asks the doctor.
    return proxyError(500, 'InternalServerException', 'The proxy cannot reach the deployment: see bursar doctor');
  }
}

interface RequestPath {
  readonly path: string;
  readonly query: Readonly<Record<string, string[]>>;
}

/** A path as it will be signed and sent: nothing in it may mean something else after a URL parser has read it. */
function parseRequestPath(text: string): RequestPath | null {
  if (text.length > TARGET_MAX_CHARS || !text.startsWith('/') || text.startsWith('//')) return null;
  const url = URL.canParse(text, 'http://proxy.invalid') ? new URL(text, 'http://proxy.invalid') : null;
  const [path = ''] = text.split('?');
  if (url === null || url.pathname !== path || text.includes('#') || path.includes('//')) return null;
  const query: Record<string, string[]> = {};
  for (const [name, value] of url.searchParams) (query[name] ??= []).push(value);
  return { path, query };
}

async function forward(
  { endpoint, region, fetch: send }: ResignerOptions,
  request: SignedRequest,
  { path, query }: RequestPath,
  credentials: Credentials,
): Promise<ProxyAnswer> {
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
    return proxyError(
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

/** An answer of the proxy itself, in the shape that AWS clients read. */
export function proxyError(status: number, name: string, message: string): ProxyAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': name },
    body: Buffer.from(JSON.stringify({ __type: name, message })),
  };
}
