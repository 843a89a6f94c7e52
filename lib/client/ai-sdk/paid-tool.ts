import type { Tool, ToolExecutionOptions, ToolSet } from 'ai';
import type { ToolPayments } from '../agent/index.ts';
import { emitting } from '../frameworks/emitting.ts';
import { toOutput } from '../frameworks/output.ts';
import { approveBy } from './approval.ts';
import type { PaymentsOptions } from './options.ts';
import { toModelOutput, toRefusedOutput } from './output.ts';

interface Paying {
  readonly payments: ToolPayments;
  readonly options: PaymentsOptions;
}

type Execute = (input: unknown, told: ToolExecutionOptions<unknown>) => unknown;

/** A tool whose 402 is paid: it runs once more with the proof. Tools that the framework does not run are returned as they are. */
export function payFor(name: string, tool: ToolSet[string], paying: Paying): ToolSet[string] {
  const run = tool.execute as Execute | undefined;
  if (run === undefined) return tool;
  const execute: Execute = (input, told) => {
    const started = run(input, told);
    const again = (asked: unknown) => (asked === input ? started : run(asked, told));
    const call = { name, input, told };
    if (!isIterable(started)) return pay(paying, call, async (asked) => again(asked));
    // The last output of those that a tool tells is its result: it is held back until it is known not to be a 402.
    return emitting<unknown, void>(async (emit) => {
      await emit(await pay(paying, call, async (asked) => lastOf(again(asked) as AsyncIterable<unknown>, emit)));
    });
  };
  const own = tool.toModelOutput as Tool['toModelOutput'];
  const model: Tool['toModelOutput'] = (told) =>
    toRefusedOutput(told.output) ?? own?.(told) ?? toModelOutput(told.output);
  return { ...tool, execute, toModelOutput: model } as ToolSet[string];
}

interface Call {
  readonly name: string;
  readonly input: unknown;
  readonly told: ToolExecutionOptions<unknown>;
}

async function pay(
  { payments, options }: Paying,
  { name: tool, input, told }: Call,
  execute: (input: unknown) => Promise<unknown>,
): Promise<unknown> {
  const { toolCallId, abortSignal: signal } = told;
  const approve = approveBy(told, options);
  return toOutput(await payments.call({ tool, toolCallId, input, signal, approve }, execute));
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof (value as Partial<AsyncIterable<unknown>> | null)?.[Symbol.asyncIterator] === 'function';
}

async function lastOf(outputs: AsyncIterable<unknown>, emit: (output: unknown) => Promise<void>): Promise<unknown> {
  let last: { readonly output: unknown } | null = null;
  for await (const output of outputs) {
    if (last !== null) await emit(last.output);
    last = { output };
  }
  return last?.output;
}
