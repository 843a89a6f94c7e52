import type { Model } from '@strands-agents/sdk';
import type { Script } from './script.ts';
import { ScriptedModel } from './scripted-model.ts';

/** A model of Amazon Bedrock by its id in place of the script, with credentials of its own. */
const MODEL_VARIABLE = 'BURSAR_EXAMPLE_MODEL';

/** The model that follows the script, unless the environment names a real one. */
export function chooseModel(script: Script, lastWord?: string): Model | string {
  return process.env[MODEL_VARIABLE] ?? new ScriptedModel(script, lastWord);
}
