import type { IncomingMessage } from 'node:http';

/** A request is cut after this many times what it may have. */
const DISCARDED_TIMES_MAX = 8;

/**
 * The body of a request. Reads on for a while where it is too long, so that the client is there to hear the refusal, and keeps
 * nothing of what it reads then.
 * @returns `null` where there are more than `maxBytes`
 */
export async function readRequestBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
    if (bytes > DISCARDED_TIMES_MAX * maxBytes) request.destroy();
  }
  return bytes > maxBytes ? null : Buffer.concat(chunks);
}
