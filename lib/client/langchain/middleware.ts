import { createMiddleware, type AgentMiddleware } from 'langchain';
import { createToolPayments } from '../agent/index.ts';
import { createFetching, createReading, rememberPayments } from '../frameworks/own-tools.ts';
import { approveBy } from './asking.ts';
import { toRefusedMessage, toView } from './message.ts';
import type { PaymentsMiddlewareOptions } from './options.ts';
import { toLangChainTool } from './own-tools.ts';
import { watch } from './proxied-tool.ts';

/**
 * Middleware for LangChain agents: tools that meet a 402 are paid for and run once more with the proof, within the session that the
 * application opened. It gives the agent a tool that fetches and pays, and tools that read session, balance, wallets and payments.
 * A refusal is the message of the tool that needed the payment, of status `error`, with the code in its artifact; none is thrown.
 * Proofs stand in no message and no trace. It may stand inside a middleware that repeats tools, or around one: a call is one purchase.
 * Throws `TypeError` where an id is missing, and where a price is none.
 */
export function createPaymentsMiddleware(given: PaymentsMiddlewareOptions): AgentMiddleware {
  const { options, payments: paid } = rememberPayments(given);
  const payments = createToolPayments(options);
  const fetching = createFetching(options);
  const own = [...(fetching === null ? [] : [fetching]), ...createReading(options, paid)];
  const names = new Set(own.map(({ name }) => name));
  return createMiddleware({
    name: 'BursarPayments',
    tools: own.map((tool) => toLangChainTool(tool, options)),
    wrapToolCall: async (request, handler) => {
      const { toolCall, runtime } = request;
      const { name, id: toolCallId = '', args: input } = toolCall;
      if (names.has(name)) return handler(request);
      const outcome = await payments.call(
        {
          tool: name,
          toolCallId,
          input,
          signal: runtime.signal,
          approve: approveBy(runtime.interrupt, options),
        },
        async (asked) => {
          const watched = watch(request, asked);
          return toView(await handler({ ...request, ...watched.request }), watched.returned());
        },
      );
      return outcome.kind === 'refused' ? toRefusedMessage({ name, toolCallId }, outcome) : outcome.result.original;
    },
  });
}
