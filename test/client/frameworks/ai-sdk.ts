import { generateText, isStepCount, jsonSchema, tool as defineTool, type ToolSet } from 'ai';
import { createPayments } from '../../../lib/client/ai-sdk/index.ts';
import { memberOf } from '../../../lib/json/record.ts';
import { scriptModel } from '../../support/scripted-models/ai-sdk.ts';
import type { Framework, ProgramTool, ShopInput, Told } from './framework.ts';

export const STEPS_MAX = 5;

export const aiSdk: Framework = {
  name: 'the AI SDK',
  run: async (options, tool, script, abortSignal) => {
    const payments = createPayments(options);
    const { steps, responseMessages } = await generateText({
      model: scriptModel(script),
      tools: { ...payments.tools, ...payments.withPayments(toTools(tool)) },
      prompt: 'Buy what you need.',
      stopWhen: isStepCount(STEPS_MAX),
      ...(abortSignal && { abortSignal }),
    });
    const outputs = steps.flatMap(({ toolResults }) => toolResults);
    return { told: toldIn(responseMessages, outputs), transcript: JSON.stringify([responseMessages, outputs]) };
  },
};

export const toTools = ({ name, run }: ProgramTool): ToolSet => ({
  [name]: defineTool({
    description: 'A tool of the program.',
    inputSchema: jsonSchema<ShopInput>({ type: 'object', properties: { url: { type: 'string' } }, required: ['url'] }),
    execute: async (input) => run(input),
  }),
});

type Messages = Awaited<ReturnType<typeof generateText>>['responseMessages'];

export function toldIn(
  messages: Messages,
  outputs: readonly { readonly toolCallId: string; readonly output: unknown }[],
): Told[] {
  const parts = messages.flatMap(({ role, content }) => (role === 'tool' ? content : []));
  return parts.flatMap((part) => {
    if (part.type !== 'tool-result') return [];
    const { toolCallId, output } = part;
    const text =
      'value' in output ? (typeof output.value === 'string' ? output.value : JSON.stringify(output.value)) : '';
    const own = outputs.find((each) => each.toolCallId === toolCallId)?.output;
    return [{ toolCallId, text, refused: (memberOf(own, 'refused') ?? null) as Told['refused'] }];
  });
}
