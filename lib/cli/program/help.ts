import { CLI_VARIABLES, FOREIGN_VARIABLES } from '../target/environment.ts';
import { formatDefinitions, wrap } from '../terminal/layout.ts';
import type { OptionSpec } from '../terminal/options.ts';
import { GLOBAL_OPTIONS } from './arguments.ts';
import type { Command } from './command.ts';

const INDENT = 2;
const indent = (text: string): string => text.replaceAll(/^(?=.)/gm, ' '.repeat(INDENT));
const inside = (columns: number | null): number | null => (columns === null ? null : columns - INDENT);

function formatOptions(specs: Readonly<Record<string, OptionSpec>>, columns: number | null): string {
  const rows = Object.entries(specs).map(
    ([name, { value, help }]) => [value === undefined ? `--${name}` : `--${name} ${value}`, help] as const,
  );
  return indent(formatDefinitions(rows, inside(columns)));
}

function formatCommands(commands: readonly Command[], columns: number | null): string {
  const rows = commands.map(({ name, operands, summary }) => [`${name} ${operands}`.trim(), summary] as const);
  return indent(formatDefinitions(rows, inside(columns)));
}

/** The help of the whole tool. */
export function formatToolHelp(commands: readonly Command[], columns: number | null): string {
  return `bursar: spending authority for AI agents, from a terminal

usage: bursar COMMAND [options]
  bursar help COMMAND says more, with examples; bursar help environment lists
  the variables; in a checkout, bursar stands for: npx bursar

commands
${formatCommands(commands, columns)}

options of every command
${formatOptions(GLOBAL_OPTIONS, columns)}

from nothing to a payment, with the local stack of \`npm run local\`
  bursar init                              a wallet, and how to fund it
  bursar faucet                            test money for it
  bursar session create --budget 10.00     what may be spent, and until when
  bursar sellers                           what can be bought
  bursar pay URL                           asks before it pays
  bursar payments                          what was paid`;
}

/** The help of commands that share their first word. */
export function formatFamilyHelp(first: string, family: readonly Command[], columns: number | null): string {
  return `bursar ${first}: ${family.length} commands\n\n${formatCommands(family, columns)}\n\nbursar help ${family[0]!.name} says more`;
}

/** The help of one command. */
export function formatCommandHelp(command: Command, columns: number | null): string {
  const { name, operands, summary, options, role, examples, notes = [] } = command;
  const say = (text: string): string => wrap(text, columns, INDENT);
  const parts = [
    say(`bursar ${name}: ${summary}`),
    `usage: ${`bursar ${name} ${operands}`.trim()} [options]`,
    `for example\n${indent(examples.map(([line, what]) => `# ${what}\n${line}`).join('\n'))}`,
    ...(Object.keys(options).length === 0 ? [] : [`options\n${formatOptions(options, columns)}`]),
    `options of every command\n${formatOptions(GLOBAL_OPTIONS, columns)}`,
    say(`needs: ${role}`),
    ...notes.map(say),
  ];
  return parts.join('\n\n');
}

/** Every variable of the environment that the tool reads. */
export function formatEnvironmentHelp(columns: number | null): string {
  const list = (variables: Readonly<Record<string, string>>): string =>
    indent(formatDefinitions(Object.entries(variables), inside(columns)));
  return [
    wrap('An option comes before its variable, and a variable before the context.', columns),
    `variables of bursar\n${list(CLI_VARIABLES)}`,
    `variables of others\n${list(FOREIGN_VARIABLES)}`,
    wrap(
      'Every choice of a deployment has one too (docs/reference/settings.md). A further name that begins with BURSAR_ is refused.',
      columns,
    ),
  ].join('\n\n');
}
