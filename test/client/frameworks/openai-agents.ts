import { Agent, Runner, tool as defineTool, type AgentInputItem } from '@openai/agents';
import { createPayments, type PaymentsOptions } from '../../../lib/client/openai-agents/index.ts';
import { memberOf } from '../../../lib/json/record.ts';
import { scriptModel } from '../../support/scripted-models/openai-agents.ts';
import type { Script } from '../../../examples/workload/script.ts';
import type { Framework, ProgramTool, ShopInput, Told } from './framework.ts';

// Traces would go to OpenAI.
export const runner = new Runner({ tracingDisabled: true });

export const openAiAgents: Framework = {
  name: 'OpenAI Agents',
  run: async (options, tool, script, signal) => {
    const { history } = await runner.run(
      createAgent(options, tool, script),
      'Buy what you need.',
      signal && { signal },
    );
    return { told: toldIn(history), transcript: JSON.stringify(history) };
  },
};

export function createAgent(options: PaymentsOptions, tool: ProgramTool, script: Script) {
  const payments = createPayments(options);
  return new Agent({
    name: 'Buyer',
    model: scriptModel(script),
    tools: [...payments.tools, ...payments.withPayments([toTool(tool)])],
  });
}

const toTool = ({ name, run }: ProgramTool) =>
  defineTool({
    name,
    description: 'A tool of the program.',
    strict: false,
    parameters: {
      type: 'object',
      properties: { url: { type: 'string' } },
      required: ['url'],
      additionalProperties: true,
    },
    execute: async (input) => run(input as ShopInput),
  });

export function toldIn(history: readonly AgentInputItem[]): Told[] {
  return history.flatMap((item) => {
    if (item.type !== 'function_call_result') return [];
    const { callId: toolCallId, output } = item;
    const text = String(typeof output === 'string' ? output : memberOf(output, 'text'));
    return [{ toolCallId, text, refused: (memberOf(parsed(text), 'refused') ?? null) as Told['refused'] }];
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
