import { createClient, custom, type Client } from 'viem';
import { EndpointFailure, type Ask } from '../rpc/call.ts';

/** A client of the library that asks one endpoint. Asks nothing twice. */
export function toViemClient(ask: Ask): Client {
  const request = async ({ method, params }: { readonly method: string; readonly params?: unknown }) => {
    try {
      return await ask(method, Array.isArray(params) ? params : []);
    } catch (error) {
      // By these the library tells what a node refuses a transaction for.
      if (error instanceof EndpointFailure && error.rpc !== null)
        throw Object.assign(new Error(error.rpc.message), error.rpc);
      throw error;
    }
  };
  return createClient({ transport: custom({ request }, { retryCount: 0 }) });
}
