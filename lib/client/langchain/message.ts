import { ToolMessage } from 'langchain';
import { isRecord } from '../../json/record.ts';
import type { Refusal } from '../agent/index.ts';

/** What a tool came to, as 402s are looked for in it: members of its artifact, its content, and whether it is an error. */
export interface ResultView<R> {
  readonly original: R;
  readonly [member: string]: unknown;
}

/**
 * The artifact holds what tools of MCP answered in structure, which the content does not have.
 * @param returned by the tool itself, as far as it was seen
 */
export function toView<R>(original: R, returned: unknown): ResultView<R> {
  if (!ToolMessage.isInstance(original)) return { original };
  const { artifact, content, status } = original;
  const artifacts: readonly unknown[] = Array.isArray(artifact) ? artifact : [artifact];
  const document = [returned, ...artifacts].find((each) => isRecord(each) && !ToolMessage.isInstance(each));
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  return { content: blocks, isError: status === 'error', ...(document as object | undefined), original };
}

/** A refusal as the message of the tool that needed the payment: a sentence for the model, and the code for programs. */
export function toRefusedMessage(
  { name, toolCallId }: { readonly name: string; readonly toolCallId: string },
  { code, message, processPaymentId }: Refusal,
): ToolMessage {
  return new ToolMessage({
    name,
    tool_call_id: toolCallId,
    status: 'error',
    content: message,
    artifact: { refused: { code, processPaymentId } },
  });
}
