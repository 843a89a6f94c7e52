import { readText, type Fetch } from '../../wallets/provider-call.ts';
import type { Sent } from './probes.ts';

/** More than a signature is in an answer that nobody reads. */
const ANSWER_MAX_BYTES = 64 * 1024;
const TIMEOUT_MS = 10_000;

/** Asks a signer once. Throws where no answer came. */
export async function callOnce(
  fetch: Fetch,
  uri: string,
  { method, body, headers }: Sent,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(uri, { method, body, headers, signal, redirect: 'manual' });
  return { status: response.status, body: parseJson(await readText(response, ANSWER_MAX_BYTES)) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
