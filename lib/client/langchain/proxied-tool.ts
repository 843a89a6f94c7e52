import type { ToolCallRequest } from 'langchain';

/** What runs a tool of LangChain once its arguments are read and told to those who trace. */
const RUN = '_call';

interface Callable {
  [RUN](input: unknown, ...rest: unknown[]): Promise<unknown>;
}

export interface Watched {
  readonly request: ToolCallRequest;
  /** What the tool returned, before the framework made a text of it; `undefined` where that cannot be seen. */
  readonly returned: () => unknown;
}

/**
 * A request whose tool is watched, with the headers of a proof where they are given. The tool alone gets to see these: past its schema, which
 * would drop what it does not know, and past the callbacks that trace its arguments. Tools of other kinds get them by the call.
 * @param args those of the call, or others in their place
 */
export function watch(request: ToolCallRequest, args: unknown): Watched {
  const { tool, toolCall } = request;
  const isChanged = args !== toolCall.args;
  if (!isCallable(tool)) {
    const changed = isChanged ? { ...request, toolCall: { ...toolCall, args: args as typeof toolCall.args } } : request;
    return { request: changed, returned: () => undefined };
  }
  let returned: unknown;
  const run: Callable[typeof RUN] = async (input, ...rest) => {
    returned = await tool[RUN](isChanged ? args : input, ...rest);
    return returned;
  };
  const watched = Object.assign(Object.create(tool) as typeof tool, { [RUN]: run });
  return { request: { ...request, tool: watched }, returned: () => returned };
}

function isCallable(tool: unknown): tool is Callable & NonNullable<ToolCallRequest['tool']> {
  return typeof (tool as Partial<Callable> | undefined)?.[RUN] === 'function';
}
