import type { Sent } from './probes.ts';

/** More than a signature is in an answer that nobody reads. */
const ANSWER_MAX_BYTES = 64 * 1024;
const TIMEOUT_MS = 10_000;

/** Asks a signer once. Throws where no answer came. */
export async function callOnce(
  fetch: typeof globalThis.fetch,
  url: string,
  { method, body, headers }: Sent,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { method, body, headers, signal, redirect: 'manual' });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > ANSWER_MAX_BYTES) throw new RangeError(`the signer's answer has more than ${ANSWER_MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return { status: response.status, body: parseJson(Buffer.concat(chunks).toString('utf8')) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
