import { MockLanguageModelV4 } from 'ai/test';
import type { Script } from '../../../examples/workload/script.ts';

type Turn = Awaited<ReturnType<MockLanguageModelV4['doGenerate']>>;

const USAGE: Turn['usage'] = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

/** A model for the AI SDK that calls the tools of its script, one turn after the other, and then says `done`. */
export function scriptModel(script: Script): MockLanguageModelV4 {
  const turns = script.map((calls): Turn => ({
    content: calls.map(({ id, tool, input }) => ({
      type: 'tool-call',
      toolCallId: id,
      toolName: tool,
      input: JSON.stringify(input),
    })),
    finishReason: { unified: 'tool-calls', raw: undefined },
    usage: USAGE,
    warnings: [],
  }));
  const last: Turn = {
    content: [{ type: 'text', text: 'done' }],
    finishReason: { unified: 'stop', raw: undefined },
    usage: USAGE,
    warnings: [],
  };
  return new MockLanguageModelV4({ doGenerate: [...turns, last] });
}
