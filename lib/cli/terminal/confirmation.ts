import type { Options } from './options.ts';
import { CliError, EXIT } from './outcome.ts';
import type { Terminal } from './terminal.ts';

export interface Question {
  /** Such as `pay USD 1.00?`. */
  readonly text: string;
  /** What is not done where nobody is there to be asked, such as `nobody is there to confirm the price`. */
  readonly unasked: string;
  /** What did not happen, such as `nothing was paid`. */
  readonly undone: string;
  /** What to give instead of an answer, beside `--yes`. @default - nothing more */
  readonly advice?: string;
  /** What a program is told. */
  readonly details?: object;
}

/** Has a step confirmed: by `--yes`, else by somebody at the terminal. @throws CliError where it is not */
export async function confirm(
  { terminal }: { readonly terminal: Terminal },
  options: Options,
  { text, unasked, undone, advice = '', details = {} }: Question,
): Promise<void> {
  if (options.flag('yes')) return;
  const told = { details: { code: 'cli:not_confirmed', ...details } };
  if (!terminal.interactive) {
    throw new CliError(EXIT.notConfirmed, unasked, { hint: `${undone}; confirm it with --yes${advice}`, ...told });
  }
  if (isYes(await terminal.ask(`${text} [y/N] `))) return;
  throw new CliError(EXIT.notConfirmed, 'not confirmed', { hint: undone, ...told });
}

function isYes(answer: string | null): boolean {
  return answer !== null && /^\s*y(?:es)?\s*$/i.test(answer);
}
