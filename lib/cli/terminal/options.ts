export interface OptionSpec {
  /** What stands for the value in the help; without it, the option is a flag. */
  readonly value?: string;
  readonly many?: true;
  readonly help: string;
}

/** Options as given: flags are `true`, values text, repeated ones lists. */
export interface Options {
  flag(name: string): boolean;
  text(name: string): string | undefined;
  list(name: string): readonly string[];
}
