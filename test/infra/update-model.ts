import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import type { Property, PropertyType, SpecDatabase } from '@aws-cdk/service-spec-types';
import type { Template, TemplateResource } from './synthesis.ts';

/** What is deployed: the templates of both stacks, and the names that retained resources of earlier ones still hold. */
export interface Deployed {
  readonly data: StackTemplate;
  readonly service: StackTemplate;
  readonly left: ReadonlySet<string>;
}

export interface StackTemplate extends Template {
  readonly Outputs?: Readonly<
    Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: unknown } }>
  >;
}

type Resources = Template['Resources'];

/** Values that mean the same wherever a template says them in another way: an open region and a named one. */
const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'us-east-1',
  'AWS::AccountId': '000000000000',
  'AWS::URLSuffix': 'amazonaws.com',
};

/** By type, what no two resources of an account and region (or of their parent) can have in common. */
const UNIQUE: Readonly<Record<string, readonly string[]>> = {
  'AWS::ApiGateway::BasePathMapping': ['DomainName', 'BasePath'],
  'AWS::ApiGateway::DomainName': ['DomainName'],
  'AWS::ApiGateway::Stage': ['RestApiId', 'StageName'],
  'AWS::CloudWatch::Alarm': ['AlarmName'],
  'AWS::CloudWatch::Dashboard': ['DashboardName'],
  'AWS::CodeDeploy::DeploymentGroup': ['ApplicationName', 'DeploymentGroupName'],
  'AWS::DynamoDB::Table': ['TableName'],
  'AWS::Events::EventBus': ['Name'],
  'AWS::Events::Rule': ['Name'],
  'AWS::IAM::ManagedPolicy': ['ManagedPolicyName'],
  'AWS::IAM::Role': ['RoleName'],
  'AWS::KMS::Alias': ['AliasName'],
  'AWS::Lambda::Alias': ['FunctionName', 'Name'],
  'AWS::Lambda::EventInvokeConfig': ['FunctionName', 'Qualifier'],
  'AWS::Lambda::EventSourceMapping': ['EventSourceArn', 'FunctionName'],
  'AWS::Lambda::Function': ['FunctionName'],
  'AWS::Logs::LogGroup': ['LogGroupName'],
  'AWS::SNS::Topic': ['TopicName'],
  'AWS::SQS::Queue': ['QueueName'],
  'AWS::XRay::SamplingRule': ['SamplingRule'],
};

/** What changes of a function without a new version. */
const OUTSIDE_VERSIONS = new Set(['ReservedConcurrentExecutions', 'Tags']);
/** Retained so that nobody loses them, and still nothing that a deployment continues: a new one begins empty. */
const REPLACEABLE = new Set(['AWS::Logs::LogGroup']);

let specification: SpecDatabase | null = null;

/** What CloudFormation would refuse, or lose, in going from one deployment to another. */
export function updateProblems(from: Deployed, to: Omit<Deployed, 'left'>): string[] {
  return [
    ...stackProblems(from.data, to.data, from.left),
    ...stackProblems(from.service, to.service, from.left),
    ...exportProblems(from, to),
  ];
}

/** What is deployed after the update. */
export function afterUpdate(from: Deployed, to: Omit<Deployed, 'left'>): Deployed {
  const left = new Set(from.left);
  for (const stack of ['data', 'service'] as const) {
    for (const [id, resource] of Object.entries(from[stack].Resources)) {
      if (to[stack].Resources[id] === undefined && isRetained(resource))
        uniqueKeys(resource).forEach((key) => left.add(key));
    }
  }
  return { ...to, left };
}

function stackProblems(from: Template, to: Template, left: ReadonlySet<string>): string[] {
  const replaced = replacedIn(from.Resources, to.Resources);
  const taken = new Map<string, string>([...left].map((key) => [key, 'a resource that was retained']));
  for (const [id, resource] of Object.entries(from.Resources))
    for (const key of uniqueKeys(resource)) taken.set(key, id);
  return Object.entries(to.Resources).flatMap(([id, resource]) => {
    const before = from.Resources[id];
    if (before === undefined) return createdProblems(id, resource, { from, to, replaced, taken });
    if (before.Type !== resource.Type) return [`${id} was ${before.Type} and becomes ${resource.Type}`];
    return [...replacedProblems(id, { before, resource, replaced }), ...staleVersion(id, { from, to, replaced })];
  });
}

function createdProblems(
  id: string,
  resource: TemplateResource,
  of: {
    readonly from: Template;
    readonly to: Template;
    readonly replaced: ReadonlySet<string>;
    readonly taken: ReadonlyMap<string, string>;
  },
): string[] {
  const names = uniqueKeys(resource).flatMap((key) => {
    const holder = of.taken.get(key);
    return holder === undefined ? [] : [`${id} takes ${key}, which ${holder} holds`];
  });
  if (resource.Type !== 'AWS::Lambda::Version') return names;
  const fn = functionOf(resource);
  const [before, after] = [of.from.Resources[fn], of.to.Resources[fn]];
  if (before === undefined || after === undefined) return names;
  return functionChanges({ before, after, replaced: of.replaced })
    ? names
    : [...names, `${id}: a version for ${fn} exists`];
}

function replacedProblems(
  id: string,
  of: {
    readonly before: TemplateResource;
    readonly resource: TemplateResource;
    readonly replaced: ReadonlySet<string>;
  },
): string[] {
  if (!of.replaced.has(id)) return [];
  const same = uniqueKeys(of.before).filter((key) => uniqueKeys(of.resource).includes(key));
  return [
    ...same.map((key) => `${id} is replaced and keeps ${key}`),
    ...(isRetained(of.before) && !REPLACEABLE.has(of.before.Type)
      ? [`${id} is replaced, and what it holds is left behind`]
      : []),
  ];
}

/** A function that changes under a version that stays: callers would never get the change. */
function staleVersion(
  id: string,
  { from, to, replaced }: { readonly from: Template; readonly to: Template; readonly replaced: ReadonlySet<string> },
): string[] {
  const [before, after] = [from.Resources[id]!, to.Resources[id]!];
  if (after.Type !== 'AWS::Lambda::Function' || !functionChanges({ before, after, replaced })) return [];
  const stays = Object.entries(to.Resources).filter(
    ([version, { Type }]) => Type === 'AWS::Lambda::Version' && from.Resources[version] !== undefined,
  );
  return stays
    .filter(([, version]) => functionOf(version) === id)
    .map(([version]) => `${id} changes and ${version} stays`);
}

/** What the deployed service stack imports must stay as it is, since the data stack is updated first. */
function exportProblems(from: Omit<Deployed, 'left'>, to: Omit<Deployed, 'left'>): string[] {
  const replaced = replacedIn(from.data.Resources, to.data.Resources);
  const [before, after] = [exportsOf(from.data), exportsOf(to.data)];
  return [...new Set(importsOf(from.service))].flatMap((name) => {
    const value = after.get(name);
    if (value === undefined) return [`export ${name} goes while the service stack imports it`];
    const changes = before.get(name) !== value || [...replaced].some((id) => value.includes(`"${id}"`));
    return changes ? [`export ${name} changes while the service stack imports it`] : [];
  });
}

function exportsOf({ Outputs: outputs = {} }: StackTemplate): Map<string, string> {
  const entries = Object.values(outputs).flatMap(({ Value: value, Export: exported }) =>
    exported === undefined ? [] : [[String(exported.Name), textOf(value)] as const],
  );
  return new Map(entries);
}

function importsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === 'Fn::ImportValue' ? [String(member)] : importsOf(member),
  );
}

/** Those that CloudFormation makes anew: an immutable member changes, itself or by what it refers to. */
function replacedIn(from: Resources, to: Resources): ReadonlySet<string> {
  const replaced = new Set<string>();
  for (let before = -1; before !== replaced.size;) {
    before = replaced.size;
    for (const [id, resource] of Object.entries(to)) {
      const old = from[id];
      if (old === undefined || old.Type !== resource.Type || replaced.has(id)) continue;
      const found = spec().lookup('resource', 'cloudFormationType', 'equals', resource.Type)[0];
      if (found !== undefined && immutableChanges(found.properties, old.Properties, resource.Properties, replaced)) {
        replaced.add(id);
      }
    }
  }
  return replaced;
}

function immutableChanges(
  known: Readonly<Record<string, Property>>,
  before: Readonly<Record<string, unknown>> = {},
  after: Readonly<Record<string, unknown>> = {},
  replaced: ReadonlySet<string> = new Set(),
): boolean {
  return Object.entries(known).some(([name, { causesReplacement, type }]) => {
    if (!differs(before[name], after[name], replaced)) return false;
    if (causesReplacement === 'yes') return true;
    const nested = definitionOf(type);
    if (nested === null || !isObject(before[name]) || !isObject(after[name])) return false;
    return immutableChanges(nested, before[name], after[name], replaced);
  });
}

function definitionOf(type: PropertyType): Readonly<Record<string, Property>> | null {
  return type.type === 'ref' ? spec().get('typeDefinition', type.reference.$ref).properties : null;
}

function functionChanges(of: {
  readonly before: TemplateResource;
  readonly after: TemplateResource;
  readonly replaced: ReadonlySet<string>;
}): boolean {
  const kept = ({ Properties: properties }: TemplateResource) =>
    Object.fromEntries(Object.entries(properties).filter(([name]) => !OUTSIDE_VERSIONS.has(name)));
  return differs(kept(of.before), kept(of.after), of.replaced);
}

function differs(before: unknown, after: unknown, replaced: ReadonlySet<string>): boolean {
  const text = textOf(after);
  return (
    textOf(before) !== text || [...replaced].some((id) => text.includes(`"Ref":"${id}"`) || text.includes(`:["${id}"`))
  );
}

function functionOf({ Properties: { FunctionName: name } }: TemplateResource): string {
  return (name as { readonly Ref: string }).Ref;
}

/** As text, one for each thing that no other resource may have; none where CloudFormation makes the name up. */
function uniqueKeys({ Type: type, Properties: properties }: TemplateResource): string[] {
  const members = UNIQUE[type];
  if (members === undefined || members.some((member) => properties[member] === undefined)) return [];
  const values = members.map((member) => {
    const value = properties[member];
    return isObject(value) && 'RuleName' in value ? value['RuleName'] : value;
  });
  return [`${type} ${values.map(textOf).join(' ')}`];
}

function isRetained({ DeletionPolicy: policy = 'Delete' }: TemplateResource): boolean {
  return policy.startsWith('Retain');
}

function textOf(value: unknown): string {
  return JSON.stringify(normalize(value)) ?? '';
}

/** Replaces what the environment decides, and joins texts. */
function normalize(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalize);
  if (!isObject(value)) return value;
  const { Ref: name, 'Fn::Join': join, 'Fn::Sub': substituted } = value;
  if (typeof substituted === 'string') {
    const text = substituted.replaceAll(/\$\{(AWS::\w+)\}/g, (whole, pseudo: string) => PSEUDO[pseudo] ?? whole);
    return text.includes('${') ? { 'Fn::Sub': text } : text;
  }
  if (typeof name === 'string' && Object.hasOwn(PSEUDO, name)) return PSEUDO[name];
  const entries = Object.entries(value).map(([key, member]) => [key, normalize(member)] as const);
  if (!Array.isArray(join)) return Object.fromEntries(entries);
  const [separator, parts] = normalize(join) as [string, readonly unknown[]];
  if (parts.every((part) => typeof part === 'string')) return parts.join(separator);
  return { 'Fn::Join': [separator, mergeTexts(separator, parts)] };
}

function mergeTexts(separator: string, parts: readonly unknown[]): unknown[] {
  const merged: unknown[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (typeof part === 'string' && typeof last === 'string') merged[merged.length - 1] = `${last}${separator}${part}`;
    else merged.push(part);
  }
  return merged;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function spec(): SpecDatabase {
  return (specification ??= loadAwsServiceSpecSync());
}
