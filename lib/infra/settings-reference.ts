import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONFIG_VARIABLES } from './config/source.ts';

const SOURCE = join(import.meta.dirname, 'config', 'config.ts');
const PROPERTY = /^ {2}\/\*\*\n?((?:(?!\*\/)[^])*?)\*\/\n {2}readonly (\w+):/gm;
const DEFAULT = /@default ([^]*)$/;

/** One choice of a deployer, as its docstring has it. */
interface Setting {
  readonly name: string;
  readonly variable: string;
  readonly standard: string;
  readonly meaning: string;
}

function readSettings(): readonly Setting[] {
  const text = readFileSync(SOURCE, 'utf8');
  const choices = text.slice(
    text.indexOf('export interface BursarConfig'),
    text.indexOf('export interface AssetChoice'),
  );
  return [...choices.matchAll(PROPERTY)].map(([, comment = '', name = '']) => {
    const plain = comment.replaceAll(/^\s*\* ?/gm, '').trim();
    const standard = DEFAULT.exec(plain)?.[1]?.replaceAll('\n', ' ').trim() ?? '';
    const meaning = plain
      .replace(DEFAULT, '')
      .replaceAll(/\s*\n\s*/g, ' ')
      .trim();
    return { name, variable: variableOf(name), standard, meaning };
  });
}

function variableOf(name: string): string {
  const wanted = name.toLowerCase();
  const variable = CONFIG_VARIABLES.find(
    (each) => each.replace('BURSAR_', '').replaceAll('_', '').toLowerCase() === wanted,
  );
  if (variable === undefined) throw new Error(`the choice ${name} has no variable`);
  return variable;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

/**
 * The reference of the settings as Markdown, made from the docstrings of `BursarConfig`.
 * @param others variables that are no choice of a deployment, with what they mean
 */
export function formatSettingsReference(others: Readonly<Record<string, string>>): string {
  const settings = readSettings();
  return [
    '# Settings',
    '',
    'Made from `lib/infra/config/config.ts` and the command line by `npm run reference`; a test keeps it current.',
    '',
    'A choice stands in the `context` of `cdk.json`, as `"bursar:alarmEmail": "ops@example.com"`, where it is kept and reviewed with the code; the variable in the environment is for a try. Where both are set and differ, synthesis refuses, as it does a `bursar:` key or a `BURSAR_` variable that does not exist. In a variable a list is JSON, or items with commas.',
    '',
    '## Of a deployment',
    '',
    '| choice | variable | default | |',
    '| --- | --- | --- | --- |',
    ...settings.map(
      ({ name, variable, standard, meaning }) =>
        `| \`${name}\` | \`${variable}\` | ${cell(standard)} | ${cell(meaning)} |`,
    ),
    '',
    '## Of the command line',
    '',
    '| variable | |',
    '| --- | --- |',
    ...Object.entries(others).map(([name, meaning]) => `| \`${name}\` | ${cell(meaning)} |`),
    '',
  ].join('\n');
}
