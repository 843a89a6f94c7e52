import type { AdapterOptions } from '../../../lib/client/frameworks/own-tools.ts';
import type { Script } from '../../../examples/workload/script.ts';

/** A tool of the program, which knows nothing of payments but that it may be given headers. */
export interface ProgramTool {
  readonly name: string;
  readonly run: (input: ShopInput) => Promise<unknown>;
}

export interface ShopInput {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** What a tool told its agent, in order. */
export interface Told {
  readonly toolCallId: string;
  /** As the model reads it. */
  readonly text: string;
  /** As programs read it; `null` where nothing was refused. */
  readonly refused: { readonly code: string } | null;
}

export interface Ran {
  readonly told: readonly Told[];
  /** All that was said, as the framework keeps it. */
  readonly transcript: string;
}

/** An agent of a framework with its adapter: its own loop runs, and only its model is scripted. */
export interface Framework {
  readonly name: string;
  run(options: AdapterOptions, tool: ProgramTool, script: Script, signal?: AbortSignal): Promise<Ran>;
}
