import { checkOperands, findCommand, GLOBAL_OPTIONS, parseArguments } from './program/arguments.ts';
import type { CliDeps, Command } from './program/command.ts';
import { COMMANDS } from './commands.ts';
import { toCliError } from './program/failures.ts';
import { formatCommandHelp, formatToolHelp } from './program/help.ts';
import { CliError, EXIT, usageError, type ExitCode, type Outcome } from './terminal/outcome.ts';
import { resolveTarget, type Target } from './target/target.ts';
import { paint } from './terminal/terminal.ts';

/** What a command may take to tidy up after an interruption. */
const CLEAN_UP_MS = 300;

/**
 * Runs one command line and prints what it comes to: results on stdout, everything else on stderr; with `--json` exactly one
 * JSON document on stdout, also for a failure. Never throws; returns the exit code.
 */
export async function runCli(argv: readonly string[], deps: CliDeps): Promise<ExitCode> {
  const json = argv.includes('--json');
  let target: Target | null = null;
  const work = async (): Promise<Outcome> => {
    const { command, rest } = findCommand(argv, COMMANDS);
    if (command === null) return withoutCommand(rest);
    const { options, positionals } = parseArguments({ ...command.options, ...GLOBAL_OPTIONS }, rest);
    if (options.flag('help')) return helpOf(command);
    checkOperands(command, positionals);
    target = await resolveTarget(deps, options, command.endpoint ?? 'required');
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

function withoutCommand(rest: readonly string[]): Outcome {
  const { options } = parseArguments(GLOBAL_OPTIONS, rest);
  if (!options.flag('help') && rest.length > 0) throw usageError('there is no command', 'bursar --help lists them');
  const text = formatToolHelp(COMMANDS);
  return { exitCode: options.flag('help') ? EXIT.ok : EXIT.usage, json: { help: text }, text };
}

function helpOf(command: Command): Outcome {
  const text = formatCommandHelp(command);
  return { exitCode: EXIT.ok, json: { help: text }, text };
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
  terminal.err(`${paint(terminal, 'red', 'bursar:')} ${error.message}\n`);
  if (error.hint !== null) terminal.err(`        ${error.hint}\n`);
  const requestId = error.details['requestId'];
  if (typeof requestId === 'string') terminal.err(`        request ${requestId}\n`);
  if (json) {
    const { message, hint, exitCode, details } = error;
    await terminal.out(`${JSON.stringify({ error: { message, hint, exitCode, ...details } })}\n`);
  }
  return error.exitCode;
}
