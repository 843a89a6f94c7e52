import { GLOBAL_OPTIONS } from './arguments.ts';
import type { Command } from './command.ts';
import type { OptionSpec } from '../terminal/options.ts';
import { formatTable } from '../terminal/layout.ts';

const indent = (text: string): string => text.replaceAll(/^/gm, '  ');

function formatOptions(specs: Readonly<Record<string, OptionSpec>>): string {
  const rows = Object.entries(specs).map(([name, { value, help }]) => [
    value === undefined ? `--${name}` : `--${name} ${value}`,
    help,
  ]);
  return indent(formatTable(rows));
}

/** The help of the whole tool. */
export function formatToolHelp(commands: readonly Command[]): string {
  return `bursar: spending authority for AI agents, from a terminal

usage: bursar COMMAND [options]        bursar COMMAND --help says more
       (bursar stands for: npm run --silent bursar --)

commands
${indent(formatTable(commands.map(({ name, operands, summary }) => [`${name} ${operands}`.trim(), summary])))}

options of every command
${formatOptions(GLOBAL_OPTIONS)}

from nothing to a payment, with the local stack of \`npm run local\`
  bursar init                               a wallet, and where to send its money
  bursar session create --budget 10.00      what may be spent, and until when
  bursar pay http://localhost:4021/data     asks before it pays
  bursar payments                           what was paid

BURSAR_TOKEN, if set, is sent as a bearer token in place of AWS signatures.`;
}

/** The help of one command. */
export function formatCommandHelp(command: Command): string {
  const { name, operands, summary, options, role, examples, notes = [] } = command;
  const parts = [
    `bursar ${name}: ${summary}`,
    `usage: ${`bursar ${name} ${operands}`.trim()} [options]`,
    `for example\n${indent(examples.map(([line, what]) => `# ${what}\n${line}`).join('\n'))}`,
    ...(Object.keys(options).length === 0 ? [] : [`options\n${formatOptions(options)}`]),
    `options of every command\n${formatOptions(GLOBAL_OPTIONS)}`,
    `needs: ${role}`,
    ...notes,
  ];
  return parts.join('\n\n');
}
