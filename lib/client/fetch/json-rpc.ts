import { memberOf } from '../../json/record.ts';
import type { JsonRpc } from '../../protocols/challenge.ts';

export interface RpcAccess {
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
}

/** A read of a chain that takes longer is given up, as one without an answer. */
const RPC_TIMEOUT_MS = 4_000;

/** Asks an endpoint by JSON-RPC. What it throws of its own names no URL, which often holds a key. */
export function createJsonRpc(url: string, { fetch: send, signal }: RpcAccess): JsonRpc {
  return async (method, params) => {
    const response = await send(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      // Workers know no `error`, and a redirect has no result.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(RPC_TIMEOUT_MS)]),
    });
    const result = memberOf(await response.json(), 'result');
    if (response.ok && result !== undefined && result !== null) return result;
    throw new Error(`the endpoint of the chain did not answer ${method}`);
  };
}
