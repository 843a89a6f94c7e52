import { JsonBlock, TextBlock, ToolResultBlock } from '@strands-agents/sdk';
import { isRecord } from '../../json/record.ts';
import type { Refusal } from '../agent/index.ts';

/** A tool's result as 402s are looked for in it: the members of its document, its text, and whether it is an error. */
export interface ResultView {
  readonly block: ToolResultBlock;
  readonly [member: string]: unknown;
}

export function toView(block: ToolResultBlock): ResultView {
  const { content, status } = block;
  const text = content.flatMap((each) => (each.type === 'textBlock' ? [{ type: 'text', text: each.text }] : []));
  const documents = content.flatMap((each) => (each.type === 'jsonBlock' && isRecord(each.json) ? [each.json] : []));
  return { content: text, isError: status === 'error', ...documents[0], block };
}

/** A refusal as the result of the tool that needed the payment: a sentence for the model, and the code for programs. */
export function toRefusedBlock(toolUseId: string, { code, message, processPaymentId }: Refusal): ToolResultBlock {
  const json = { refused: { code, processPaymentId } };
  return new ToolResultBlock({
    toolUseId,
    status: 'error',
    content: [new TextBlock(message), new JsonBlock({ json })],
  });
}
