import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';

interface Schema {
  readonly $id?: string;
  readonly $defs: Readonly<Record<string, { readonly properties?: Readonly<Record<string, object>> }>>;
}

const read = (path: string): Schema => JSON.parse(readFileSync(join(import.meta.dirname, path), 'utf8')) as Schema;

/** What docs/reference publishes. */
export const LOG_SCHEMA = read('../../docs/reference/log-schema.json');

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
ajv.addSchema(LOG_SCHEMA, 'log');
const isEmf = ajv.compile(read('emf-schema.json'));
const isLogLine = ajv.getSchema('log') as ValidateFunction;

export type Line = Readonly<Record<string, unknown>>;

interface Directive {
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
}

/** What is wrong with a printed line; nothing where it is as published. */
export function problemsOf(text: string): readonly string[] {
  if (!/^[^\n\r]*\n?$/.test(text)) return ['more than one line'];
  const line = JSON.parse(text) as Line;
  const event = String(line['event']);
  // The schema of its own event tells more than that none of all fits.
  const check = ajv.getSchema(`log#/$defs/${event}`) ?? isLogLine;
  const known =
    check(line) === true
      ? []
      : (check.errors ?? []).map((each) => `${each.instancePath} ${each.message} ${JSON.stringify(each.params)}`);
  const all = isLogLine(line) === true || known.length > 0 ? known : ['no event of this name'];
  return [...all, ...('_aws' in line ? emfProblemsOf(line) : [])];
}

/** What CloudWatch would not take of a line, beyond what a schema can say: every reference must have its target. */
export function emfProblemsOf(line: Line): readonly string[] {
  if (isEmf(line) !== true) return (isEmf.errors ?? []).map((each) => `${each.instancePath} ${each.message}`);
  return directivesOf(line).flatMap(({ Dimensions, Metrics }) => [
    ...Dimensions.flat().flatMap((name) =>
      /^[\x20-\x7e]{1,255}$/.test(typeof line[name] === 'string' ? line[name] : '')
        ? []
        : [`dimension ${name} has no value`],
    ),
    ...Metrics.flatMap(({ Name }) => (Number.isFinite(line[Name]) ? [] : [`metric ${Name} has no value`])),
  ]);
}

export function directivesOf(line: Line): readonly Directive[] {
  return (line['_aws'] as { readonly CloudWatchMetrics: readonly Directive[] } | undefined)?.CloudWatchMetrics ?? [];
}

/** What CloudWatch makes of lines: `Name{Dimension=value}` and the sum of the values. */
export function metricsOf(lines: readonly string[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const line of lines.map((text) => JSON.parse(text) as Line)) {
    for (const { Dimensions, Metrics } of directivesOf(line)) {
      for (const { Name } of Metrics) {
        for (const set of Dimensions) {
          const key = `${Name}{${set.map((name) => `${name}=${String(line[name])}`).join()}}`;
          sums[key] = (sums[key] ?? 0) + Number(line[Name]);
        }
      }
    }
  }
  return sums;
}

/** Checks that lines are as published; returns them parsed. */
export function expectPublished(lines: readonly string[]): readonly Line[] {
  expect(lines.flatMap((line) => problemsOf(line).map((problem) => `${problem} in ${line}`))).toEqual([]);
  return lines.map((line) => JSON.parse(line) as Line);
}
