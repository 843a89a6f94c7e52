import { wrap } from './layout.ts';
import type { Options } from './options.ts';
import { CliError, EXIT } from './outcome.ts';
import type { Terminal } from './terminal.ts';

/** An answer that is neither yes nor no is asked for again, so often in all. */
const ASKED_MAX = 3;

export interface Question {
  /** Such as `pay USD 1.00?`. */
  readonly text: string;
  /** The error without a terminal to ask at, such as `nobody is there to confirm the price`. */
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
  for (let asked = 0; asked < ASKED_MAX; asked += 1) {
    const answer = (await terminal.ask(`${wrap(`${text} [y/N]`, terminal.columns)} `))?.trim().toLowerCase() ?? '';
    if (answer === 'y' || answer === 'yes') return;
    if (answer === '' || answer === 'n' || answer === 'no') break;
    terminal.err('please answer y or n\n');
  }
  throw new CliError(EXIT.notConfirmed, 'not confirmed', { hint: undone, ...told });
}
