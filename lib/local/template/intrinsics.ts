import type { Environment } from './environment.ts';
import { physicalAttribute, physicalRef, type NamedResource } from './physical-names.ts';

export interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Parameters?: Readonly<Record<string, { readonly Default?: unknown }>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Mappings?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly Outputs?: Readonly<
    Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: unknown } }>
  >;
}

export interface Stack {
  readonly name: string;
  readonly template: Template;
}

/** A template that says something this resolver does not know, or that is wrong. Names the stack and the place. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

/** Gives a stack's values as CloudFormation would, with made-up but stable physical names. */
export interface Resolver {
  readonly environment: Environment;
  /** Every intrinsic function in the value replaced; `undefined` for `AWS::NoValue`. */
  resolve(stack: Stack, value: unknown, place: string): unknown;
  /** Whether a resource's condition, if it has one, holds. */
  holds(stack: Stack, condition: string | undefined): boolean;
}

/** Values nested deeper than this are a mistake or a loop of references. */
const DEPTH_MAX = 100;

interface Scope {
  readonly stacks: readonly Stack[];
  readonly environment: Environment;
  readonly stack: Stack;
  readonly place: string;
  readonly depth: number;
}

/** @param stacks all stacks that export values to one another */
export function createResolver(stacks: readonly Stack[], environment: Environment): Resolver {
  const scopeOf = (stack: Stack, place: string): Scope => ({ stacks, environment, stack, place, depth: 0 });
  return {
    environment,
    resolve: (stack, value, place) => evaluate(value, scopeOf(stack, place)),
    holds: (stack, condition) => condition === undefined || test(condition, scopeOf(stack, 'Conditions')),
  };
}

const FUNCTIONS: Readonly<Record<string, (argument: unknown, scope: Scope) => unknown>> = {
  Ref: (name, scope) => reference(toText(name, scope), scope),
  'Fn::GetAtt': (argument, scope) => {
    const parts = typeof argument === 'string' ? argument.split('.') : toList(argument, scope);
    return attribute(toText(parts[0], scope), parts.slice(1).map(String).join('.'), scope);
  },
  'Fn::Join': (argument, scope) => {
    const [separator, parts] = toList(argument, scope);
    return toList(evaluate(parts, scope), scope)
      .map((part) => toText(part, scope))
      .join(toText(separator, scope));
  },
  'Fn::Sub': (argument, scope) => substitute(argument, scope),
  'Fn::Select': (argument, scope) => {
    const [index, list] = toList(argument, scope);
    return toList(evaluate(list, scope), scope)[Number(evaluate(index, scope))];
  },
  'Fn::Split': (argument, scope) => {
    const [separator, text] = toList(argument, scope);
    return toText(evaluate(text, scope), scope).split(toText(separator, scope));
  },
  'Fn::ImportValue': (argument, scope) => importValue(toText(evaluate(argument, scope), scope), scope),
  'Fn::FindInMap': (argument, scope) => {
    const [map, first, second] = toList(argument, scope).map((key) => toText(evaluate(key, scope), scope));
    const found = scope.stack.template.Mappings?.[map!]?.[first!]?.[second!];
    return found ?? fail(scope, `no mapping ${map} ${first} ${second}`);
  },
  'Fn::If': (argument, scope) => {
    const [condition, yes, no] = toList(argument, scope);
    return evaluate(test(toText(condition, scope), scope) ? yes : no, scope);
  },
  'Fn::Equals': (argument, scope) => {
    const [a, b] = toList(argument, scope).map((side) => evaluate(side, scope));
    return a === b;
  },
  'Fn::Not': (argument, scope) => evaluate(toList(argument, scope)[0], scope) !== true,
  'Fn::And': (argument, scope) => toList(argument, scope).every((part) => evaluate(part, scope) === true),
  'Fn::Or': (argument, scope) => toList(argument, scope).some((part) => evaluate(part, scope) === true),
};

const PSEUDO_PARAMETERS: Readonly<Record<string, (scope: Scope) => string | undefined>> = {
  'AWS::Partition': ({ environment }) => environment.partition,
  'AWS::Region': ({ environment }) => environment.region,
  'AWS::AccountId': ({ environment }) => environment.account,
  'AWS::URLSuffix': () => 'amazonaws.com',
  'AWS::StackName': ({ stack }) => stack.name,
  'AWS::StackId': ({ stack, environment: { partition, region, account } }) =>
    `arn:${partition}:cloudformation:${region}:${account}:stack/${stack.name}/local`,
  'AWS::NoValue': () => undefined,
};

function evaluate(value: unknown, outer: Scope): unknown {
  if (outer.depth > DEPTH_MAX) fail(outer, `nested deeper than ${DEPTH_MAX}`);
  const scope = { ...outer, depth: outer.depth + 1 };
  if (Array.isArray(value)) return value.map((item) => evaluate(item, scope)).filter((item) => item !== undefined);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (first !== undefined && entries.length === 1) {
    const [name, argument] = first;
    if (name === 'Condition' && typeof argument === 'string') return test(argument, scope);
    if (Object.hasOwn(FUNCTIONS, name)) return FUNCTIONS[name]!(argument, scope);
    if (name.startsWith('Fn::')) fail(scope, `${name} is not supported`);
  }
  const resolved = entries
    .map(([key, item]) => [key, evaluate(item, { ...scope, place: `${scope.place}.${key}` })] as const)
    .filter(([, item]) => item !== undefined);
  return Object.fromEntries(resolved);
}

function reference(name: string, scope: Scope): unknown {
  if (Object.hasOwn(PSEUDO_PARAMETERS, name)) return PSEUDO_PARAMETERS[name]!(scope);
  const parameter = scope.stack.template.Parameters?.[name];
  if (parameter !== undefined) return parameter.Default ?? fail(scope, `parameter ${name} has no default`);
  const resource = scope.stack.template.Resources[name] ?? fail(scope, `Ref names ${name}, which does not exist`);
  return physicalRef(toNamed(name, resource, scope));
}

function attribute(name: string, attributeName: string, scope: Scope): unknown {
  const resource =
    scope.stack.template.Resources[name] ?? fail(scope, `Fn::GetAtt names ${name}, which does not exist`);
  return (
    physicalAttribute(toNamed(name, resource, scope), attributeName) ??
    fail(scope, `Fn::GetAtt ${name}.${attributeName} of ${resource.Type} is not supported`)
  );
}

function toNamed(logicalId: string, resource: Resource, scope: Scope): NamedResource {
  const property = (name: string): unknown =>
    evaluate(resource.Properties?.[name], { ...scope, place: `${logicalId}.${name}` });
  const { environment, stack } = scope;
  return { environment, stackName: stack.name, logicalId, type: resource.Type, property };
}

function substitute(argument: unknown, scope: Scope): string {
  const [text, variables] = Array.isArray(argument) ? [argument[0], toObject(argument[1], scope)] : [argument, {}];
  return toText(text, scope).replaceAll(/\$\{(!?)([^}]*)\}/g, (_, literal: string, name: string) => {
    if (literal === '!') return `\${${name}}`;
    if (Object.hasOwn(variables, name)) return toText(evaluate(variables[name], scope), scope);
    const [id, ...rest] = name.split('.');
    const value = rest.length === 0 ? reference(name, scope) : attribute(id!, rest.join('.'), scope);
    return toText(value, scope);
  });
}

function importValue(name: string, scope: Scope): unknown {
  for (const stack of scope.stacks) {
    for (const [id, output] of Object.entries(stack.template.Outputs ?? {})) {
      const inner = { ...scope, stack, place: `Outputs.${id}` };
      if (output.Export !== undefined && evaluate(output.Export.Name, inner) === name)
        return evaluate(output.Value, inner);
    }
  }
  return fail(scope, `nothing exports ${name}`);
}

function test(condition: string, scope: Scope): boolean {
  const definition = scope.stack.template.Conditions?.[condition] ?? fail(scope, `no condition ${condition}`);
  return evaluate(definition, scope) === true;
}

function fail(scope: Scope, problem: string): never {
  throw new TemplateError(`${scope.stack.name}, ${scope.place}: ${problem}`);
}

function toText(value: unknown, scope: Scope): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return fail(scope, `expected text, found ${JSON.stringify(value)}`);
}

function toList(value: unknown, scope: Scope): readonly unknown[] {
  return Array.isArray(value) ? value : fail(scope, `expected a list, found ${JSON.stringify(value)}`);
}

function toObject(value: unknown, scope: Scope): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  return fail(scope, `expected an object, found ${JSON.stringify(value)}`);
}
