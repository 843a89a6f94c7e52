import { Usage, type Model, type ModelResponse } from '@openai/agents';
import type { Script } from '../../../examples/workload/script.ts';

/** A model for OpenAI Agents that calls the tools of its script, one turn after the other, and then says `done`. */
export function scriptModel(script: Script): Model {
  let turn = 0;
  return {
    getResponse: async (): Promise<ModelResponse> => {
      const calls = script[turn++] ?? [];
      const output = calls.map(({ id, tool, input }): ModelResponse['output'][number] => ({
        type: 'function_call',
        callId: id,
        name: tool,
        arguments: JSON.stringify(input),
        status: 'completed',
      }));
      if (calls.length === 0) {
        const content = [{ type: 'output_text' as const, text: 'done' }];
        output.push({ type: 'message', role: 'assistant', status: 'completed', content });
      }
      return { usage: new Usage(), output };
    },
    getStreamedResponse: () => {
      throw new Error('the tests stream nothing');
    },
  };
}
