import { formatHex } from '../../domain/hex.ts';
import { createPayingFetch } from '../fetch/paying-fetch.ts';
import type { PaymentsOptions } from './options.ts';

/** Requests whose purchase is remembered because they failed; of more the oldest is forgotten. */
const FAILED_MAX = 100;
const SERVER_ERROR_MIN = 500;

/**
 * A `fetch` for providers of models. The framework sends a request again that failed, without saying that it is the same: here what
 * failed after it was paid is remembered, and the same request presents the same proof.
 */
export function createProviderFetch(options: PaymentsOptions): typeof fetch {
  const { onEvent: _, ...rest } = options;
  const pay = createPayingFetch(rest);
  const failed = new Map<string, string>();
  return async (input, init) => {
    const request = new Request(input, init);
    const key = await keyOf(request.clone());
    const purchaseId = failed.get(key) ?? crypto.randomUUID();
    failed.delete(key);
    const remember = (): void => {
      if (failed.size >= FAILED_MAX) for (const oldest of failed.keys()) if (failed.delete(oldest)) break;
      failed.set(key, purchaseId);
    };
    try {
      const response = await pay(request, { purchaseId });
      if (response.status >= SERVER_ERROR_MIN && response.payment !== null) remember();
      return response;
    } catch (error) {
      remember();
      throw error;
    }
  };
}

async function keyOf(request: Request): Promise<string> {
  const body = new Uint8Array(await crypto.subtle.digest('SHA-256', await request.arrayBuffer()));
  return `${request.method} ${request.url} ${formatHex(body)}`;
}
