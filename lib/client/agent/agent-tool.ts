import type { Approve, Refusal } from './tool-options.ts';

/** What a framework knows of a call. */
export interface AgentToolContext {
  /** Names the call: see `ToolCall`. */
  readonly toolCallId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** In place of that of the options, where the framework asks people itself. */
  readonly approve?: Approve | undefined;
}

/** A tool as every framework can take it. */
export interface AgentTool<R = unknown> {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of its input. `execute` checks the input by itself. */
  readonly inputSchema: AgentToolSchema;
  /** Whether it only reads. */
  readonly isReadOnly: boolean;
  /** Returns plain JSON, or a refusal. Throws where the call was given up, and what `approve` throws. */
  readonly execute: (input: unknown, context?: AgentToolContext) => Promise<R | Refusal>;
}

export interface AgentToolSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly required: readonly string[];
  readonly additionalProperties: false;
}
