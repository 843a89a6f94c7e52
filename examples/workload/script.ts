/** One call that a model makes. */
export interface ScriptedCall {
  /** As the model numbers it. */
  readonly id: string;
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** What a model says, turn by turn: the tools that it calls at once. After the last turn it says that it is done. */
export type Script = readonly (readonly ScriptedCall[])[];
