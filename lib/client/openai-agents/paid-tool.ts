import type { FunctionTool, Tool } from '@openai/agents';
import { isRecord, memberOf } from '../../json/record.ts';
import type { ToolHandler, ToolPayments } from '../agent/index.ts';
import { toOutput } from '../frameworks/output.ts';
import type { Approvals } from './approvals.ts';

interface Paying {
  readonly payments: ToolPayments;
  readonly approvals: Approvals;
}

type Details = Parameters<FunctionTool['invoke']>[2];

/** A tool whose 402 is paid: it runs once more with the proof among the headers of its input. */
export function payFor(tool: FunctionTool, { payments, approvals }: Paying): FunctionTool {
  const { name } = tool;
  const invoke: FunctionTool['invoke'] = async (context, text, details) => {
    const toolCallId = details?.toolCall?.callId;
    const input = readInput(text);
    const approve = approvals.approveBy(context, { tool: name, callId: toolCallId ?? '' });
    const outcome = await payments.call(
      { tool: name, toolCallId, input, signal: details?.signal, approve },
      async (asked) =>
        asked === input
          ? tool.invoke(context, text, details)
          : tool.invoke(context, JSON.stringify(asked), withoutListeners(details)),
    );
    return toOutput(outcome) as string;
  };
  const needsApproval: FunctionTool['needsApproval'] = async (context, input, callId = '') =>
    (await tool.needsApproval(context, input, callId)) ||
    (payments.allows(name) && approvals.isNeeded(context, { tool: name, callId }));
  return { ...tool, invoke, needsApproval };
}

/** What else a runner hangs on a call would hear its input, which has a proof in it. */
function withoutListeners(details: Details): Details {
  const { toolCall, resumeState, signal } = details ?? {};
  return { ...(toolCall && { toolCall }), ...(resumeState && { resumeState }), ...(signal && { signal }) };
}

function readInput(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The tool says by itself what is wrong with it.
    return text;
  }
}

/** Tools whose schema has no place for a proof: the framework drops what a schema does not name, and a proof would be paid in vain. */
export function placesOf(tools: readonly Tool[]): Readonly<Record<string, ToolHandler>> {
  const closed = tools.flatMap((tool) => (tool.type === 'function' && !isOpen(tool.parameters) ? [tool.name] : []));
  return Object.fromEntries(closed.map((name) => [name, { present: () => null }]));
}

function isOpen(schema: unknown): boolean {
  const properties = memberOf(schema, 'properties');
  const isNamed = isRecord(properties) && ('headers' in properties || 'parameters' in properties);
  return isNamed || memberOf(schema, 'additionalProperties') === true;
}
