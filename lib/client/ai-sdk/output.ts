import type { JSONValue, ToolResultPart } from 'ai';
import { memberOf } from '../../json/record.ts';

type ModelOutput = ToolResultPart['output'];

/** What the model gets to read of a refusal: its sentence. `null` for any other output. */
export function toRefusedOutput(output: unknown): ModelOutput | null {
  const message = memberOf(memberOf(output, 'refused'), 'message');
  return typeof message === 'string' ? { type: 'error-text', value: message } : null;
}

/** As the framework makes it where a tool does not say. */
export function toModelOutput(output: unknown): ModelOutput {
  const refused = toRefusedOutput(output);
  if (refused !== null) return refused;
  if (typeof output === 'string') return { type: 'text', value: output };
  return { type: 'json', value: (output ?? null) as JSONValue };
}
