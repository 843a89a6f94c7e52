import { UnpayableError } from '../purchase/purchase-error.ts';

/** Redirects of one request; the fetch standard has 20. */
const REDIRECTS_MAX = 5;
/** What a request does not take along to another origin. */
const PRIVATE_HEADERS = ['authorization', 'cookie', 'proxy-authorization'];

/** A request as it reached the host that answered it, after redirects, and the answer. */
export interface Asked {
  readonly request: Request;
  readonly response: Response;
}

/**
 * Sends a request that may turn out to cost money. Redirects of a request that is no GET or HEAD are followed
 * one by one, since after a 303 it is a GET, and is paid as one. Throws `UnpayableError` where the answer's headers
 * are too long to be read, and where a redirect cannot be seen, as in browsers.
 */
export async function sendFirst(send: typeof fetch, request: Request): Promise<Asked> {
  if (request.method === 'GET' || request.method === 'HEAD' || request.redirect !== 'follow') {
    // What has no body can be sent as it is, and again.
    const response = await sendTo(send, request.body === null ? request : request.clone());
    const { url } = response;
    return { request: url === '' || url === request.url ? request : new Request(url, request), response };
  }
  return followRedirects((each) => sendTo(send, each), request);
}

/** Follows redirects one by one, as fetch would, and sends each hop by itself. Throws `UnpayableError` where it cannot. */
export async function followRedirects(sendHop: (hop: Request) => Promise<Response>, request: Request): Promise<Asked> {
  let current = request;
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects += 1) {
    const response = await sendHop(new Request(current.clone(), { redirect: 'manual' }));
    if (response.type === 'opaqueredirect') {
      throw new UnpayableError(`${current.url} redirects a ${current.method}, and nothing here can see where to`);
    }
    const next = redirectOf(current, response);
    if (next === null) return { request: current, response };
    await response.body?.cancel();
    current = next;
  }
  throw new UnpayableError(`${request.url} redirects more than ${REDIRECTS_MAX} times`);
}

/** @see https://fetch.spec.whatwg.org/#http-redirect-fetch */
function redirectOf(request: Request, response: Response): Request | null {
  const { status } = response;
  const location = response.headers.get('location');
  if (location === null || ![301, 302, 303, 307, 308].includes(status) || !URL.canParse(location, request.url))
    return null;
  const url = new URL(location, request.url);
  const isQuestion = status === 303 ? request.method !== 'HEAD' : status < 307 && request.method === 'POST';
  const next = isQuestion ? toQuestion(url, request) : new Request(url, request.clone());
  if (url.origin !== new URL(request.url).origin) for (const name of PRIVATE_HEADERS) next.headers.delete(name);
  return next;
}

function toQuestion(url: URL, { headers, signal, redirect }: Request): Request {
  const question = new Request(url, { headers, signal, redirect });
  for (const name of headers.keys()) if (name.startsWith('content-')) question.headers.delete(name);
  return question;
}

async function sendTo(send: typeof fetch, request: Request): Promise<Response> {
  try {
    return await send(request);
  } catch (error) {
    if (!hasLongHeaders(error)) throw error;
    throw new UnpayableError(`${new URL(request.url).origin} answered with more headers than this process reads`, {
      cause: error,
    });
  }
}

/** Causes of causes that are looked at. */
const CAUSES_MAX = 4;

/** As undici names what it does not read any more, and as Node's own parser does. */
const OVERFLOWS: ReadonlySet<unknown> = new Set(['UND_ERR_HEADERS_OVERFLOW', 'HPE_HEADER_OVERFLOW']);

/** Whether a seller was reached, and its answer had more headers than are read. */
export function hasLongHeaders(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < CAUSES_MAX; at = at.cause, depth += 1) {
    if ('code' in at && OVERFLOWS.has(at.code)) return true;
  }
  return false;
}
