import { createAllowList } from '../agent/allow-list.ts';
import { toApprovalFloor } from '../agent/confirmation.ts';
import type { ToolPaymentEvent } from '../agent/tool-options.ts';
import { createPayer } from '../purchase/payer.ts';
import { toTeller } from '../purchase/terms-payer.ts';
import { cancelledIdOf, metaOf, toAnswer, toSent, toToolCall, withCancelledId, type McpTransport } from './messages.ts';
import { createPaidCalls } from './paid-call.ts';
import type { PayingTransportOptions } from './paying-options.ts';
import { PROOF_NAMES } from './proof-meta.ts';
import { createPurchaseNames, PURCHASE_ID_META } from './purchase-names.ts';

/**
 * A transport that pays for calls of tools: where a call is answered with a challenge (x402 version 1 or 2, MPP), it is paid through
 * Bursar, sent once more with the proof, and the client gets the answer to that. One purchase a call, named by the `_meta` member
 * `bursar/purchase-id` or else drawn anew; a second challenge is not paid. A refusal becomes the call's result, as one sentence, with
 * its code in `_meta`. Everything else passes as it is, and so does the call of a tool that is not named, and of a caller with a
 * proof of its own. Proofs go through this transport alone.
 *
 * Returns a stand-in for the transport, of the same type, which is to be used in its place. It fits the transports of both lines of
 * the official SDK. A server that answers with HTTP's own 402 needs a paying `fetch` in its transport instead.
 * Throws `TypeError` where session or instrument lack an id, where a price is none, and where `url` is no URL of the web.
 */
export function createPayingTransport<T extends McpTransport>(transport: T, options: PayingTransportOptions): T {
  const url = toWebUrl(options.url);
  const tools = createAllowList(options.tools ?? []);
  const { onEvent, ...paying } = options;
  const tell = toTeller<ToolPaymentEvent>(onEvent === undefined ? {} : { onEvent });
  toApprovalFloor(options);
  const listeners: Pick<McpTransport, 'onmessage' | 'onclose'> = {
    onmessage: transport.onmessage,
    onclose: transport.onclose,
  };
  const deliver = (message: object, extra?: object): void => listeners.onmessage?.(message, extra);
  const purchases = createPurchaseNames();
  const calls = createPaidCalls({
    payer: createPayer(paying),
    limits: options,
    url,
    send: (message, sendOptions) => transport.send(message, sendOptions),
    deliver,
    tell,
    fail: (error) => transport.onerror?.(error instanceof Error ? error : new Error(String(error))),
    onAnswer: ({ purchaseId }, result) => purchases.note(purchaseId, result),
  });

  transport.onmessage = (message, extra) => {
    const answer = toAnswer(message);
    if (answer === null || !calls.take(answer, message, extra)) deliver(message, extra);
  };
  transport.onclose = () => {
    calls.stop();
    listeners.onclose?.();
  };

  const send = async (message: object, sendOptions?: object): Promise<void> => {
    const cancelled = cancelledIdOf(message);
    if (cancelled !== null) {
      const requestId = calls.cancel(cancelled);
      return requestId === null ? undefined : transport.send(withCancelledId(message, requestId), sendOptions);
    }
    const call = toToolCall(message);
    const isOwn = PROOF_NAMES.some((name) => metaOf(call?.params, name) !== undefined);
    if (call === null || isOwn || !tools.allows(call.params.name)) return transport.send(message, sendOptions);
    const sent = toSent(call, [PURCHASE_ID_META]);
    return calls.begin({ asked: call, sent, sendOptions, purchaseId: purchases.nameOf(call) });
  };

  return new Proxy(transport, {
    get: (target, name) => {
      if (name === 'send') return send;
      if (name === 'onmessage' || name === 'onclose') return listeners[name];
      const value: unknown = Reflect.get(target, name, target);
      // Fields that are private to a class are there for its own instances only.
      return typeof value === 'function' && name !== 'constructor' ? value.bind(target) : value;
    },
    set: (target, name, value) =>
      name === 'onmessage' || name === 'onclose'
        ? Reflect.set(listeners, name, value)
        : Reflect.set(target, name, value, target),
  });
}

function toWebUrl(url: string | URL): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed !== null && /^https?:$/.test(parsed.protocol)) return parsed.href;
  throw new TypeError('url must begin with https:// or http://: that of the server, or one to name it by');
}
