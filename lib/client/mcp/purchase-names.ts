import { MCP_CALLS_MAX } from '../../domain/limits.ts';
import { memberOf } from '../../json/record.ts';
import { metaOf, type ToolCall } from './messages.ts';

/** The member of a call's `_meta` by which its caller names the purchase. It is not sent to the server. */
export const PURCHASE_ID_META = 'bursar/purchase-id';
const PURCHASE_ID = /^[\x21-\x7e]{8,128}$/;

export interface PurchaseNames {
  /** Throws `TypeError` where the caller's name is none. */
  nameOf(call: ToolCall): string;
  /** Keeps the name of a call whose server wants to know more before it answers: what follows is the same purchase. */
  note(purchaseId: string, result: unknown): void;
}

/** Names the purchases of one connection. */
export function createPurchaseNames(): PurchaseNames {
  const unfinished = new Map<string, string>();
  return {
    nameOf: ({ params }) => {
      const given = metaOf(params, PURCHASE_ID_META);
      if (given === undefined) {
        const state = memberOf(params, 'requestState');
        return (typeof state === 'string' ? unfinished.get(state) : undefined) ?? crypto.randomUUID();
      }
      if (typeof given === 'string' && PURCHASE_ID.test(given)) return given;
      throw new TypeError(`_meta['${PURCHASE_ID_META}'] must be 8 to 128 visible ASCII characters`);
    },
    note: (purchaseId, result) => {
      const state = memberOf(result, 'requestState');
      if (memberOf(result, 'resultType') !== 'input_required' || typeof state !== 'string') return;
      const [oldest] = unfinished.keys();
      if (unfinished.size >= MCP_CALLS_MAX && oldest !== undefined) unfinished.delete(oldest);
      unfinished.set(state, purchaseId);
    },
  };
}
