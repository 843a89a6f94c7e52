import { Agent, FunctionTool, type JSONValue, type Message } from '@strands-agents/sdk';
import { createPaymentsPlugin, type PaymentsPluginOptions } from '../../../lib/client/strands/index.ts';
import { memberOf } from '../../../lib/json/record.ts';
import { ScriptedModel } from '../../../examples/workload/scripted-model.ts';
import type { Script } from '../../../examples/workload/script.ts';
import type { Framework, ProgramTool, ShopInput, Told } from './framework.ts';

export const strands: Framework = {
  name: 'Strands',
  run: async ({ session, instrument, tools, networks, ...options }, tool, script, cancelSignal) => {
    const { paymentManagerArn, paymentSessionId, userId } = session;
    const { agent } = createAgent(
      {
        ...options,
        paymentManagerArn,
        paymentSessionId,
        userId,
        paymentInstrumentId: instrument.paymentInstrumentId,
        paymentToolAllowlist: tools,
        networkPreferencesConfig: networks,
      },
      tool,
      script,
    );
    await agent.invoke('Buy what you need.', cancelSignal && { cancelSignal });
    return { told: toldIn(agent.messages), transcript: JSON.stringify(agent.messages) };
  },
};

export function createAgent(options: PaymentsPluginOptions, tool: ProgramTool, script: Script) {
  const plugin = createPaymentsPlugin(options);
  return {
    agent: new Agent({ model: new ScriptedModel(script), tools: [toTool(tool)], plugins: [plugin], printer: false }),
    plugin,
  };
}

const toTool = ({ name, run }: ProgramTool) =>
  new FunctionTool({
    name,
    description: 'A tool of the program.',
    inputSchema: { type: 'object', properties: { url: { type: 'string' } }, required: ['url'] },
    callback: async (input) => (await run(input as ShopInput)) as JSONValue,
  });

export function toldIn(messages: readonly Message[]): Told[] {
  const blocks = messages.flatMap(({ content }) => content);
  return blocks.flatMap((block) => {
    if (block.type !== 'toolResultBlock') return [];
    const texts = block.content.flatMap((each) => (each.type === 'textBlock' ? [each.text] : []));
    const documents = block.content.flatMap((each) => (each.type === 'jsonBlock' ? [each.json] : []));
    const refused = documents.map((each) => memberOf(each, 'refused')).find((each) => each !== undefined) ?? null;
    const text = texts.length > 0 ? texts.join('\n') : JSON.stringify(documents[0]);
    return [{ toolCallId: block.toolUseId, text, refused: refused as Told['refused'] }];
  });
}
