/** What the process ends with; the same table stands in docs/cli.md. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notConfirmed: 3,
  refused: 4,
  notDelivered: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What a command comes to. `text` is for people, `json` for programs; exactly one of them is printed. */
export interface Outcome {
  readonly exitCode: ExitCode;
  readonly json: unknown;
  /** Without a line break at the end. `null`: the command has printed for people already. */
  readonly text: string | null;
}

/** An expected end of a command that is not a success; its message goes to the user as it is. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;
  /** What to do about it. */
  readonly hint: string | null;
  /** Stable names for programs, such as `bursar:budget_exceeded`. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    exitCode: ExitCode,
    message: string,
    more: {
      readonly hint?: string;
      readonly details?: Readonly<Record<string, unknown>>;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.exitCode = exitCode;
    this.hint = more.hint ?? null;
    this.details = more.details ?? {};
  }
}

export function usageError(message: string, hint?: string): CliError {
  return new CliError(EXIT.usage, message, hint === undefined ? {} : { hint });
}

export function done(json: unknown, text: string | null): Outcome {
  return { exitCode: EXIT.ok, json, text };
}
