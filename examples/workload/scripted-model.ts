import { Model, type BaseModelConfig, type ModelStreamEvent } from '@strands-agents/sdk';
import type { Script } from './script.ts';

/** A model for Strands that calls the tools of its script, one turn after the other, and then says its last word. */
export class ScriptedModel extends Model {
  readonly #script: Script;
  readonly #lastWord: string;
  #turn = 0;

  constructor(script: Script, lastWord = 'done') {
    super();
    this.#script = script;
    this.#lastWord = lastWord;
  }

  override updateConfig(): void {}

  override getConfig(): BaseModelConfig {
    return { modelId: 'scripted', contextWindowLimit: 100_000 };
  }

  override async *stream(): AsyncIterable<ModelStreamEvent> {
    const calls = this.#script[this.#turn++] ?? [];
    yield { type: 'modelMessageStartEvent', role: 'assistant' };
    for (const { id, tool, input } of calls) {
      yield { type: 'modelContentBlockStartEvent', start: { type: 'toolUseStart', name: tool, toolUseId: id } };
      yield {
        type: 'modelContentBlockDeltaEvent',
        delta: { type: 'toolUseInputDelta', input: JSON.stringify(input) },
      };
      yield { type: 'modelContentBlockStopEvent' };
    }
    if (calls.length === 0) {
      yield { type: 'modelContentBlockStartEvent' };
      yield { type: 'modelContentBlockDeltaEvent', delta: { type: 'textDelta', text: this.#lastWord } };
      yield { type: 'modelContentBlockStopEvent' };
    }
    yield { type: 'modelMessageStopEvent', stopReason: calls.length === 0 ? 'endTurn' : 'toolUse' };
  }
}
