import { AIMessage, fakeModel } from 'langchain';
import type { Script } from '../../../examples/workload/script.ts';

/** A model for LangChain that calls the tools of its script, one turn after the other, and then says `done`. */
export function scriptModel(script: Script): ReturnType<typeof fakeModel> {
  const model = fakeModel();
  for (const calls of script)
    model.respondWithTools(calls.map(({ id, tool, input }) => ({ id, name: tool, args: input })));
  return model.respond(new AIMessage('done'));
}
