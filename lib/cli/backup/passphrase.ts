import type { Invocation } from '../program/command.ts';
import { CliError, EXIT, usageError } from '../terminal/outcome.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Bounds of a passphrase. It alone guards the money of all wallets of a connector once somebody finds the file. */
const PASSPHRASE_MIN_CHARS = 12;
const PASSPHRASE_MAX_CHARS = 1024;
const FILE_MAX_BYTES = 8 * 1024;
/** One that is too short, or not the same twice, is asked for again, so often in all. */
const ASKED_MAX = 3;

/** From a file that an option names, else typed at the terminal; never an argument, which every process of the machine can see. */
export async function askPassphrase(
  { deps: { files, terminal }, options }: Pick<Invocation, 'deps' | 'options'>,
  purpose: 'new' | 'known',
): Promise<string> {
  const name = options.text('passphrase-file');
  if (name !== undefined) {
    const bytes = await files.read(name, FILE_MAX_BYTES);
    if (bytes === null) throw usageError(`there is no file ${name}`);
    return checkLength(new TextDecoder().decode(bytes).replace(/\r?\n$/, ''), `the passphrase in ${name}`);
  }
  if (!terminal.interactive) {
    throw new CliError(EXIT.notConfirmed, 'nobody is there to ask for the passphrase', {
      hint: 'name a file that only you can read with --passphrase-file',
    });
  }
  for (let asked = 1; ; asked += 1) {
    const given = await terminal.askSecret('passphrase: ');
    if (given === null) throw new CliError(EXIT.notConfirmed, 'no passphrase was given', { hint: 'nothing was done' });
    const problem = await problemOf(terminal, given, purpose);
    if (problem === null) return given;
    if (asked === ASKED_MAX) throw problem;
    terminal.err(`${problem.message}; once more\n`);
  }
}

async function problemOf(terminal: Terminal, given: string, purpose: 'new' | 'known'): Promise<CliError | null> {
  try {
    checkLength(given, 'the passphrase');
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  if (purpose === 'known' || (await terminal.askSecret('the same again: ')) === given) return null;
  return new CliError(EXIT.notConfirmed, 'the two passphrases differ', { hint: 'nothing was written' });
}

function checkLength(passphrase: string, what: string): string {
  const fits = passphrase.length >= PASSPHRASE_MIN_CHARS && passphrase.length <= PASSPHRASE_MAX_CHARS;
  // A line break could not be typed at the prompt of `age --decrypt`.
  if (fits && !/[\r\n]/.test(passphrase)) return passphrase;
  throw usageError(
    `${what} must have ${PASSPHRASE_MIN_CHARS} to ${PASSPHRASE_MAX_CHARS} characters, on one line`,
    'five words drawn at random are good; nobody can open the file without it',
  );
}
