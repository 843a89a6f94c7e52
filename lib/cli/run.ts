import { checkOperands, familyOf, findCommand, GLOBAL_OPTIONS, parseArguments } from './program/arguments.ts';
import type { CliDeps, Command } from './program/command.ts';
import { COMMANDS } from './commands.ts';
import { toCliError } from './program/failures.ts';
import { formatCommandHelp, formatEnvironmentHelp, formatFamilyHelp, formatToolHelp } from './program/help.ts';
import { checkVariables } from './target/environment.ts';
import { nowhere, resolveTarget, type Target } from './target/target.ts';
import { wrap } from './terminal/layout.ts';
import type { Options } from './terminal/options.ts';
import { CliError, done, EXIT, usageError, type ExitCode, type Outcome } from './terminal/outcome.ts';
import { paint } from './terminal/terminal.ts';

const ERROR_INDENT = 8;

/** Users of the command line name purchases and never see the client token of a request. */
function inWordsOfUsers(text: string): string {
  return text.replaceAll(/\b(?:a new |the )?clientToken\b/g, (words) => words.replace('clientToken', 'purchase'));
}

/** What a command may take to tidy up after an interruption. */
const CLEAN_UP_MS = 300;

/**
 * Runs one command line and prints what it comes to: results on stdout, everything else on stderr; with `--json` exactly one
 * JSON document on stdout, also for a failure. Never throws; returns the exit code.
 */
export async function runCli(argv: readonly string[], deps: CliDeps): Promise<ExitCode> {
  // What stands behind `--` is a command of somebody else's.
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const json = own.includes('--json');
  let target: Target | null = null;
  const work = async (): Promise<Outcome> => {
    const asked = helpFor(own, deps);
    if (asked !== null) return asked;
    const { command, rest } = findCommand(argv, COMMANDS);
    if (command === null) return withoutCommand(rest, deps);
    const { options, positionals } = parseArguments({ ...command.options, ...GLOBAL_OPTIONS }, rest);
    if (options.flag('help')) return helpOf(formatCommandHelp(command, deps.terminal.columns));
    checkOperands(command, positionals);
    checkVariables(deps.env);
    target = await findTarget(deps, command, options);
    return command.run({ deps, options, positionals, target });
  };
  try {
    const working = work();
    const outcome = await Promise.race([working, whenInterrupted(deps.interrupted, working)]);
    if (json && outcome.json !== undefined) await deps.terminal.out(`${JSON.stringify(outcome.json)}\n`);
    else if (!json && outcome.text !== null) await deps.terminal.out(`${outcome.text}\n`);
    return outcome.exitCode;
  } catch (error) {
    const failure = deps.interrupted.aborted
      ? new CliError(EXIT.interrupted, 'interrupted')
      : toCliError(error, target);
    return report(deps, failure, json);
  }
}

function findTarget(deps: CliDeps, command: Command, options: Options): Promise<Target> {
  const { endpoint = 'required', context = 'found' } = command;
  return endpoint === 'none' ? nowhere(deps, options) : resolveTarget(deps, options, { endpoint, context });
}

function withoutCommand(rest: readonly string[], { terminal, version }: CliDeps): Outcome {
  const { options } = parseArguments({ ...GLOBAL_OPTIONS, version: { help: '' } }, rest);
  if (options.flag('version')) return done({ version }, `bursar ${version}`);
  if (!options.flag('help') && rest.length > 0) throw usageError('there is no command', 'bursar --help lists them');
  const text = formatToolHelp(COMMANDS, terminal.columns);
  return { exitCode: options.flag('help') ? EXIT.ok : EXIT.usage, json: { help: text }, text };
}

/** `help`, `help COMMAND`, `help environment`, and `--help` of the first word of several commands; `null` for what is none. */
function helpFor(argv: readonly string[], { terminal: { columns } }: CliDeps): Outcome | null {
  const words = argv.filter((word) => !word.startsWith('-'));
  const asks = words[0] === 'help' || argv.includes('--help') || argv.includes('-h');
  if (!asks) return null;
  const named = words[0] === 'help' ? words.slice(1) : words;
  if (words[0] === 'help' && named.length === 0) return helpOf(formatToolHelp(COMMANDS, columns));
  if (named[0] === 'environment') return helpOf(formatEnvironmentHelp(columns));
  const family = named.length === 1 ? familyOf(named[0]!, COMMANDS) : [];
  const alone = COMMANDS.find(({ name }) => name === named[0]);
  if (family.length > 0 && alone === undefined) return helpOf(formatFamilyHelp(named[0]!, family, columns));
  if (words[0] !== 'help') return null;
  const { command } = findCommand(named, COMMANDS);
  return command === null ? null : helpOf(formatCommandHelp(command, columns));
}

function helpOf(text: string): Outcome {
  return done({ help: text }, text);
}

/** Fails once the user has interrupted and the command has had a moment to end by itself. */
function whenInterrupted(signal: AbortSignal, working: Promise<unknown>): Promise<never> {
  return new Promise((_, reject) => {
    const interrupted = (): void => reject(new CliError(EXIT.interrupted, 'interrupted'));
    const stop = (): void => {
      const timer = setTimeout(interrupted, CLEAN_UP_MS);
      // A command that ends well after an interruption has won the race by then.
      working.then(
        () => clearTimeout(timer),
        () => interrupted(),
      );
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

async function report(deps: CliDeps, error: CliError, json: boolean): Promise<ExitCode> {
  const { terminal } = deps;
  const say = (text: string): void => terminal.err(`${wrap(text, terminal.columns, ERROR_INDENT)}\n`);
  say(`bursar: ${inWordsOfUsers(error.message)}`.replace(/^bursar:/, paint(terminal, 'red', 'bursar:')));
  if (error.hint !== null) say(' '.repeat(ERROR_INDENT) + inWordsOfUsers(error.hint));
  const requestId = error.details['requestId'];
  if (typeof requestId === 'string') terminal.err(`        request ${requestId}\n`);
  if (json) {
    const { message, hint, exitCode, details } = error;
    await terminal.out(`${JSON.stringify({ error: { message, hint, exitCode, ...details } })}\n`);
  }
  return error.exitCode;
}
