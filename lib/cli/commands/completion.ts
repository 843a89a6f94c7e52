import { GLOBAL_OPTIONS } from '../program/arguments.ts';
import type { Command, Invocation } from '../program/command.ts';
import { done, usageError, type Outcome } from '../terminal/outcome.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

const optionsOf = ({ options }: Command): readonly string[] =>
  Object.keys({ ...options, ...GLOBAL_OPTIONS }).map((name) => `--${name}`);

/** The first words, and under each the second words that there are. */
function wordsOf(commands: readonly Command[]): ReadonlyMap<string, readonly string[]> {
  const words = new Map<string, readonly string[]>();
  for (const { name } of commands) {
    const [first = '', second] = name.split(' ');
    words.set(first, [...(words.get(first) ?? []), ...(second === undefined ? [] : [second])]);
  }
  return words;
}

function formatBash(commands: readonly Command[]): string {
  const words = wordsOf(commands);
  const seconds = [...words].filter(([, more]) => more.length > 0);
  const cases = [
    ...commands.map((command) => `    '${command.name}') options='${optionsOf(command).join(' ')}' ;;`),
    // The first word alone, or followed by an operand.
    ...commands
      .filter(({ name }) => !name.includes(' '))
      .map((command) => `    '${command.name} '*) options='${optionsOf(command).join(' ')}' ;;`),
  ];
  return `_bursar() {
  local current="\${COMP_WORDS[COMP_CWORD]}" first="\${COMP_WORDS[1]}" options='' words=''
  case "$first" in
${seconds.map(([first, more]) => `    ${first}) words='${more.join(' ')}' ;;`).join('\n')}
  esac
  if [[ $COMP_CWORD -eq 1 ]]; then words='help ${[...words.keys()].join(' ')}'
  elif [[ $COMP_CWORD -gt 2 ]]; then words=''; fi
  case "$first\${COMP_WORDS[2]:+ \${COMP_WORDS[2]}}" in
${cases.join('\n')}
  esac
  if [[ $current == -* ]]; then words="\${options:---help --version}"; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ \${#COMPREPLY[@]} -eq 0 && $current != -* ]]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -F _bursar bursar`;
}

const formatZsh = (commands: readonly Command[]): string =>
  `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${formatBash(commands)}`;

const quote = (text: string): string => `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;

function formatFish(commands: readonly Command[]): string {
  const words = wordsOf(commands);
  const lines = [...words].map(([first, more]) => {
    const { summary } = commands.find(({ name }) => name === first) ?? { summary: more.join(', ') };
    return `complete -c bursar -n __fish_use_subcommand -f -a ${first} -d ${quote(summary)}`;
  });
  for (const [first, more] of words) {
    if (more.length === 0) continue;
    const unfinished = `'__fish_seen_subcommand_from ${first}; and not __fish_seen_subcommand_from ${more.join(' ')}'`;
    lines.push(`complete -c bursar -n ${unfinished} -f -a '${more.join(' ')}'`);
  }
  for (const { name, options } of commands) {
    const seen = name.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
    for (const [option, { help, value }] of Object.entries({ ...options, ...GLOBAL_OPTIONS })) {
      const takes = value === undefined ? '' : ' -r';
      lines.push(`complete -c bursar -n '${seen.join('; and ')}' -l ${option}${takes} -d ${quote(help)}`);
    }
  }
  return lines.join('\n');
}

/** The command that prints what completes all of them, itself included. */
export function createCompletion(others: readonly Command[]): Command {
  const completion: Command = {
    name: 'completion',
    endpoint: 'none',
    summary: 'prints what lets a shell complete commands and options',
    operands: SHELLS.join('|'),
    operandsMin: 1,
    operandsMax: 1,
    options: {},
    role: 'nothing',
    examples: [
      ['eval "$(bursar completion bash)"', 'for bash, in ~/.bashrc; zsh alike'],
      ['bursar completion fish', 'for fish: into ~/.config/fish/completions/bursar.fish'],
    ],
    notes: ['It completes the program `bursar`: in a checkout, `alias bursar="npx bursar"` makes it one.'],
    run: async ({ positionals }: Invocation): Promise<Outcome> => {
      const commands = [...others, completion];
      const [shell] = positionals;
      const scripts: Readonly<Record<string, () => string>> = {
        bash: () => formatBash(commands),
        zsh: () => formatZsh(commands),
        fish: () => formatFish(commands),
      };
      const script = scripts[shell!]?.();
      if (script === undefined) throw usageError(`expected ${SHELLS.join(', ')}. Received: ${shell}`);
      return done({ shell, script }, script);
    },
  };
  return completion;
}
