import { parseArgs } from 'node:util';
import { isSecureUrl } from '../../domain/loopback.ts';
import { parseUsd } from '../../domain/money.ts';
import type { Command } from './command.ts';
import { suggest } from './suggestion.ts';
import type { OptionSpec, Options } from '../terminal/options.ts';
import { usageError } from '../terminal/outcome.ts';

/** Understood by every command. */
export const GLOBAL_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  endpoint: { value: 'URL', help: 'the deployment with its stage; else BURSAR_ENDPOINT, the context, the local stack' },
  region: { value: 'REGION', help: 'of the signatures; read off a deployed endpoint' },
  profile: { value: 'NAME', help: 'a profile of the AWS configuration' },
  'role-arn': { value: 'ARN', help: 'a role to assume with these credentials' },
  context: { value: 'NAME', help: 'what init remembered under this name; else BURSAR_CONTEXT, `bursar context use`' },
  manager: { value: 'ARN', help: 'the payment manager; else BURSAR_MANAGER, the context' },
  user: { value: 'ID', help: 'for whom; else BURSAR_USER, the context, your login name' },
  json: { help: 'one JSON document on stdout, and nothing else' },
  help: { help: 'this text' },
};

/** Options of one command line. */
interface Parsed {
  readonly options: Options;
  readonly positionals: readonly string[];
}

/** What stands before the operands: the command's words, and options that stand before them. */
export interface CommandLine {
  /** `null`: no command was named. */
  readonly command: Command | null;
  readonly rest: readonly string[];
}

/** The first words of commands, each once, and those that the tool itself answers. */
function firstWords(commands: readonly Command[]): readonly string[] {
  return [...new Set([...commands.map(({ name }) => name.split(' ')[0]!), 'help'])];
}

/** The commands whose first word it is. */
export function familyOf(first: string, commands: readonly Command[]): readonly Command[] {
  return commands.filter(({ name }) => name.startsWith(`${first} `));
}

/** Finds the command in the words. Throws `CliError` for a word that is none. */
export function findCommand(argv: readonly string[], commands: readonly Command[]): CommandLine {
  const before: string[] = [];
  let at = 0;
  while (at < argv.length && argv[at]!.startsWith('-')) {
    const name = argv[at]!.replace(/^--?/, '').split('=')[0]!;
    const takesNext = GLOBAL_OPTIONS[name]?.value !== undefined && !argv[at]!.includes('=');
    before.push(...argv.slice(at, at + (takesNext ? 2 : 1)));
    at += takesNext ? 2 : 1;
  }
  const [first, second] = argv.slice(at);
  if (first === undefined) return { command: null, rest: before };
  const two = commands.find(({ name }) => name === `${first} ${second ?? ''}`);
  if (two !== undefined) return { command: two, rest: [...before, ...argv.slice(at + 2)] };
  const one = commands.find(({ name }) => name === first);
  if (one !== undefined) return { command: one, rest: [...before, ...argv.slice(at + 1)] };
  const family = familyOf(first, commands).map(({ name }) => name);
  if (family.length > 0) {
    const meant = second === undefined ? null : suggest(`${first} ${second}`, family);
    if (meant !== null) throw usageError(`there is no command ${first} ${second}: did you mean ${meant}?`);
    throw usageError(`${first} needs one more word: ${family.join(', ')}`, `bursar ${first} --help`);
  }
  const meant = suggest(first, firstWords(commands));
  throw usageError(
    `there is no command ${first}${meant === null ? '' : `: did you mean ${meant}?`}`,
    'bursar --help lists them',
  );
}

/** Reads options and operands of a command. Throws `CliError` for what it does not know. */
export function parseArguments(specs: Readonly<Record<string, OptionSpec>>, argv: readonly string[]): Parsed {
  const config = Object.fromEntries(
    Object.entries(specs).map(([name, { value, many }]) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        multiple: many ?? false,
        ...(name === 'help' ? { short: 'h' } : {}),
      },
    ]),
  );
  let parsed: { readonly values: Readonly<Record<string, unknown>>; readonly positionals: readonly string[] };
  try {
    parsed = parseArgs({ args: [...argv], options: config, allowPositionals: true, strict: true });
  } catch (error) {
    throw usageError(describeMistake(error as Error, Object.keys(specs)));
  }
  const { values, positionals } = parsed;
  return {
    positionals,
    options: {
      flag: (name) => values[name] === true,
      text: (name) => (typeof values[name] === 'string' ? values[name] : undefined),
      list: (name) => (Array.isArray(values[name]) ? (values[name] as string[]) : []),
    },
  };
}

const UNKNOWN_OPTION = /^Unknown option '(--?[^']*)'/;

function describeMistake({ message }: Error, names: readonly string[]): string {
  const unknown = UNKNOWN_OPTION.exec(message)?.[1];
  if (unknown === undefined) return message.split('. To specify')[0]!.replace(/\.$/, '');
  const meant = suggest(unknown.replace(/^--?/, ''), names);
  return `there is no option ${unknown}${meant === null ? '' : `: did you mean --${meant}?`}`;
}

/** Refuses too few and too many operands. */
export function checkOperands(command: Command, positionals: readonly string[]): void {
  const { operandsMin, operandsMax, name, operands } = command;
  const usage = `expected: bursar ${name} ${operands}`.trim();
  if (positionals.length < operandsMin) throw usageError(`${name} needs an operand`, usage);
  if (positionals.length > operandsMax) {
    throw usageError(`${name} does not know what to do with ${positionals[operandsMax]}`, usage);
  }
}

/** A whole number of an option within bounds; `undefined` where it is not given. */
export function wholeNumberOf(options: Options, name: string, min: number, max: number): number | undefined {
  const text = options.text(name);
  if (text === undefined) return undefined;
  const value = /^(?:0|[1-9][0-9]{0,8})$/.test(text) ? Number(text) : -1;
  if (value < min || value > max) {
    throw usageError(`--${name} must be a whole number from ${min} to ${max}. Received: ${text}`);
  }
  return value;
}

/** The amount of an option as the API wants it. Throws `CliError` for what is none. */
export function usdOf(options: Options, name: string): string | undefined {
  const text = options.text(name);
  if (text === undefined) return undefined;
  const parsed = parseUsd(text);
  if (!parsed.ok) throw usageError(`--${name} must be ${parsed.error.expected}. Received: ${text}`);
  return text;
}

/** A URL of an option that may hold a key: nobody may listen on the way. `undefined` where it is not given. */
export function secureUrlOf(options: Options, name: string): string | undefined {
  const text = options.text(name);
  return text === undefined ? undefined : parseSecureUrl(text, name);
}

/** Throws `CliError`, which does not repeat the URL. */
export function parseSecureUrl(text: string, name: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && isSecureUrl(url) && url.username === '' && url.password === '') return url.href;
  throw usageError(`--${name} must be an https URL without name and password (http on loopback only)`);
}
