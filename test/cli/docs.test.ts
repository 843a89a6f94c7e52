import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkOperands, findCommand, GLOBAL_OPTIONS, parseArguments } from '../../lib/cli/program/arguments.ts';
import { COMMANDS } from '../../lib/cli/commands.ts';
import { EXIT } from '../../lib/cli/terminal/outcome.ts';

const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'cli.md'), 'utf8');
const lines = [...text.matchAll(/^npx bursar (.+)$/gm)].map(([, line = '']) => line.split(' '));

test('every command line of docs/cli.md is understood, and every command stands there', () => {
  expect(lines.length).toBeGreaterThan(8);
  for (const argv of lines) {
    if (argv[0] === '--help' || argv[0] === '--version' || argv[0] === 'help') continue;
    const { command, rest } = findCommand(argv, COMMANDS);
    const { positionals } = parseArguments({ ...command!.options, ...GLOBAL_OPTIONS }, rest);
    expect(() => checkOperands(command!, positionals)).not.toThrow();
  }
  for (const { name } of COMMANDS) expect(text).toContain(`\`${name.split(' ')[0]}`);
});

test('every exit code stands in docs/cli.md', () => {
  for (const code of Object.values(EXIT)) expect(text).toContain(`\n| ${code} | `);
});

test('every example in the help is understood', () => {
  for (const { examples } of COMMANDS) {
    for (const [line] of examples.filter(([each]) => each.startsWith('bursar '))) {
      const words = [...line.matchAll(/'[^']*'|\S+/g)].map(([word]) => word.replaceAll("'", ''));
      const { command, rest } = findCommand(words.slice(1), COMMANDS);
      const { positionals } = parseArguments({ ...command!.options, ...GLOBAL_OPTIONS }, rest);
      expect(() => checkOperands(command!, positionals)).not.toThrow();
    }
  }
});
