import { request as requestPlain, type IncomingMessage } from 'node:http';
import { request as requestSecure } from 'node:https';
import { Readable } from 'node:stream';
import { followRedirects } from '../../fetch/seller-request.ts';
import { createAddressCheck, type AddressCheck } from './address-check.ts';
import type { GuardOptions } from './guard-options.ts';

// Loaded where a tool asks for it: it runs in Node and its likes alone.

/** More than the terms of a 402 may be long, which stand in one header. */
const HEADERS_MAX_BYTES = 128 * 1024;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const WITHOUT_BODY = new Set([204, 205, 304]);

/**
 * Makes the `fetch` of `createGuardedFetch`. Each hop is looked at by itself, redirects
 * included, and its connection goes to the address that was looked at, so that a name which resolves to another one by then gains
 * nothing. It keeps no connection and asks for no compression.
 */
export function guardFetch(options: GuardOptions): typeof fetch {
  const check = createAddressCheck(options);
  return async (input, init) => {
    const request = new Request(input, init);
    if (request.redirect !== 'follow') {
      const response = await sendHop(request, check);
      if (request.redirect !== 'error' || !REDIRECTS.has(response.status)) return response;
      await response.body?.cancel();
      throw new TypeError(`${new URL(request.url).origin} redirects`);
    }
    const { request: last, response } = await followRedirects((hop) => sendHop(hop, check), request);
    // As of a response of the platform: where it came from.
    return Object.defineProperty(response, 'url', { value: last.url });
  };
}

async function sendHop(request: Request, check: AddressCheck): Promise<Response> {
  const url = new URL(request.url);
  check.checkUrl(url);
  request.signal.throwIfAborted();
  const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
  const send = url.protocol === 'https:' ? requestSecure : requestPlain;
  return new Promise((answered, failed) => {
    const sent = send(
      url,
      {
        method: request.method,
        headers: { ...Object.fromEntries(request.headers), 'accept-encoding': 'identity' },
        signal: request.signal,
        lookup: check.lookupFor(url),
        agent: false,
        maxHeaderSize: HEADERS_MAX_BYTES,
      },
      (message) => {
        try {
          answered(toResponse(message));
        } catch (error) {
          message.destroy();
          failed(error as Error);
        }
      },
    );
    sent.on('error', failed);
    sent.end(body);
  });
}

/** Throws for a status or a header that no response can have. */
function toResponse(message: IncomingMessage): Response {
  const { statusCode: status = 0, rawHeaders } = message;
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) headers.append(rawHeaders[at]!, rawHeaders[at + 1]!);
  if (WITHOUT_BODY.has(status)) {
    message.resume();
    return new Response(null, { status, headers });
  }
  const stream = Readable.toWeb(message) as ReadableStream<Uint8Array<ArrayBuffer>>;
  const body = decoded(stream, headers);
  return new Response(body, { status, headers });
}

/** What a host compressed all the same. Its length is bounded by whoever reads it. */
function decoded(stream: ReadableStream<Uint8Array<ArrayBuffer>>, headers: Headers): ReadableStream {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase();
  if (encoding !== 'gzip' && encoding !== 'x-gzip' && encoding !== 'deflate') return stream;
  headers.delete('content-encoding');
  headers.delete('content-length');
  return stream.pipeThrough(new DecompressionStream(encoding === 'deflate' ? 'deflate' : 'gzip'));
}
