import { toSha256 } from '../purchase/sha256.ts';
import type { ToolCall } from './tool-options.ts';

/**
 * The purchase of a call: one, however often it is run. Ids of calls are unique in their scope only, and a model's provider may count
 * them, so that what is bought is part of it.
 */
export async function toPurchaseId(
  { tool, toolCallId, input }: Pick<ToolCall, 'tool' | 'toolCallId' | 'input'>,
  scope: string,
): Promise<string> {
  if (toolCallId === undefined) return crypto.randomUUID();
  return toSha256(JSON.stringify(['bursar tool call', scope, tool, toolCallId, input]));
}
