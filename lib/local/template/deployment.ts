import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TableDefinition } from '../database/tables.ts';
import { createResolver, TemplateError, type Stack, type Template } from './intrinsics.ts';
import type { Environment } from './environment.ts';
import { createFinder, type ResolvedResource } from './resolved-resource.ts';
import { readApi, type ApiDefinition } from './api.ts';
import { readRoles, type RoleDefinition } from './roles.ts';
import { readStreamMappings, type StreamMapping } from './stream-mapping.ts';
import { readSchedules, type ScheduleDefinition } from './schedules.ts';

/** What the local stack needs of the synthesized templates, with every reference resolved. */
export interface Deployment {
  readonly environment: Environment;
  readonly tables: readonly TableDefinition[];
  readonly functions: readonly FunctionDefinition[];
  readonly roles: readonly RoleDefinition[];
  /** `null` where no template has an API. */
  readonly api: ApiDefinition | null;
  readonly schedules: readonly ScheduleDefinition[];
  readonly streamMappings: readonly StreamMapping[];
  /** Names. */
  readonly eventBuses: readonly string[];
  /** The value of a stack's output. Throws TemplateError where there is none of that name, or more than one. */
  output(name: string): string;
}

export interface FunctionDefinition {
  readonly name: string;
  /** The name in the sources, such as `process-payment`: the logical id without what CDK adds to it. */
  readonly label: string;
  readonly arn: string;
  /** The unpacked asset. */
  readonly directory: string;
  /** As in `index.handler`. */
  readonly handler: string;
  /** As in `nodejs24.x`. */
  readonly runtime: string;
  readonly roleArn: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMib: number;
}

const DEFAULT_TIMEOUT_SECONDS = 3;
const DEFAULT_MEMORY_MIB = 128;
const ASSET_KEY = /^([0-9a-f]{64})\.zip$/;

/**
 * Reads the directory that `cdk synth` wrote: all stacks together, so that one may import what another exports.
 * @throws TemplateError that names stack and resource for whatever the local stack can't play
 */
export function readDeployment(templatesDir: string, environment: Environment): Deployment {
  const stacks = readStacks(templatesDir);
  const resolver = createResolver(stacks, environment);
  const find = createFinder(stacks, resolver);
  return {
    environment,
    tables: find('AWS::DynamoDB::Table').map(toTable),
    functions: find('AWS::Lambda::Function').map((resource) => toFunction(resource, templatesDir)),
    roles: readRoles(find),
    api: readApi(find, environment),
    schedules: readSchedules(find, environment),
    streamMappings: readStreamMappings(find, environment),
    eventBuses: find('AWS::Events::EventBus').map(({ ref }) => ref),
    output: (name) => {
      const [stack, ...others] = stacks.filter(({ template }) => Object.hasOwn(template.Outputs ?? {}, name));
      if (stack === undefined || others.length > 0)
        throw new TemplateError(`expected one output ${name} in ${templatesDir}`);
      return String(resolver.resolve(stack, stack.template.Outputs?.[name]?.Value, name));
    },
  };
}

function readStacks(templatesDir: string): Stack[] {
  const suffix = '.template.json';
  const files = readdirSync(templatesDir).filter((file) => file.endsWith(suffix));
  if (files.length === 0) throw new TemplateError(`no *${suffix} in ${templatesDir}: synthesize the app first`);
  return files.sort().map((file) => {
    const template = JSON.parse(readFileSync(join(templatesDir, file), 'utf8')) as Template;
    if (typeof template.Resources !== 'object') throw new TemplateError(`${file} has no Resources`);
    return { name: file.slice(0, -suffix.length), template };
  });
}

function toTable(resource: ResolvedResource): TableDefinition {
  const indexes = resource.property('GlobalSecondaryIndexes');
  const stream = resource.property('StreamSpecification');
  // The template's members are those of CreateTable; the database refuses what is not.
  return {
    TableName: resource.ref,
    AttributeDefinitions: resource.property('AttributeDefinitions') as TableDefinition['AttributeDefinitions'],
    KeySchema: resource.property('KeySchema') as TableDefinition['KeySchema'],
    ...(indexes === undefined ? {} : { GlobalSecondaryIndexes: indexes as TableDefinition['GlobalSecondaryIndexes'] }),
    // A template has no member that says whether: a stream that is specified is enabled.
    ...(stream === undefined ? {} : { StreamSpecification: { ...(stream as object), StreamEnabled: true } }),
  };
}

function toFunction(resource: ResolvedResource, templatesDir: string): FunctionDefinition {
  const environment = (resource.property('Environment') as { Variables?: Record<string, unknown> } | undefined)
    ?.Variables;
  const seconds = resource.property('Timeout') ?? DEFAULT_TIMEOUT_SECONDS;
  const memory = resource.property('MemorySize') ?? DEFAULT_MEMORY_MIB;
  if (typeof seconds !== 'number' || typeof memory !== 'number')
    throw resource.error('Timeout and MemorySize are numbers');
  return {
    name: resource.ref,
    label: toLabel(resource.logicalId),
    arn: resource.arn(),
    directory: findAsset(resource, templatesDir),
    handler: resource.text('Handler'),
    runtime: resource.text('Runtime'),
    roleArn: resource.text('Role'),
    environment: Object.fromEntries(Object.entries(environment ?? {}).map(([name, value]) => [name, String(value)])),
    timeoutMs: seconds * 1000,
    memoryMib: memory,
  };
}

/** `ProcessPaymentFunctionB17BE62D` is `process-payment`. */
function toLabel(logicalId: string): string {
  const id = logicalId.replace(/[0-9A-F]{8}$/, '').replace(/(?<=.)Function$/, '');
  return id.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
}

/** The asset manifest is there in every synthesis, unlike the `aws:asset:path` metadata, which only the CDK CLI asks for. */
function findAsset(resource: ResolvedResource, templatesDir: string): string {
  const code = resource.property('Code') as { S3Key?: unknown } | undefined;
  const hash = ASSET_KEY.exec(String(code?.S3Key))?.[1];
  const manifest = JSON.parse(readFileSync(join(templatesDir, `${resource.stack}.assets.json`), 'utf8')) as {
    readonly files?: Readonly<Record<string, { readonly source?: { readonly path?: unknown } }>>;
  };
  const path = hash === undefined ? undefined : manifest.files?.[hash]?.source?.path;
  if (typeof path !== 'string')
    throw resource.error(`its code is not an asset of this synthesis: ${JSON.stringify(code)}`);
  return resolve(templatesDir, path);
}
