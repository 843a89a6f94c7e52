import { createAgent, tool as defineTool, ToolMessage, type BaseMessage } from 'langchain';
import { createPaymentsMiddleware } from '../../../lib/client/langchain/index.ts';
import { memberOf } from '../../../lib/json/record.ts';
import { scriptModel } from '../../support/scripted-models/langchain.ts';
import type { Framework, ProgramTool, ShopInput, Told } from './framework.ts';

export const TASK = { messages: [{ role: 'user', content: 'Buy what you need.' }] };

export const langchain: Framework = {
  name: 'LangChain',
  run: async (options, tool, script, signal) => {
    const middleware = [createPaymentsMiddleware(options)];
    const agent = createAgent({ model: scriptModel(script), tools: [toTool(tool)], middleware });
    const { messages } = await agent.invoke(TASK, signal && { signal });
    return { told: toldIn(messages), transcript: JSON.stringify(messages) };
  },
};

export const toTool = ({ name, run }: ProgramTool) =>
  defineTool(async (input: ShopInput) => run(input), {
    name,
    description: 'A tool of the program.',
    schema: { type: 'object', properties: { url: { type: 'string' } }, required: ['url'] },
  });

export function toldIn(messages: readonly BaseMessage[]): Told[] {
  return messages.filter(ToolMessage.isInstance).map(({ tool_call_id: toolCallId, content, artifact }) => ({
    toolCallId,
    text: String(content),
    refused: (memberOf(artifact, 'refused') ?? null) as Told['refused'],
  }));
}
