import type { Environment } from './environment.ts';
import { assertPattern } from '../triggers/stream-filter.ts';
import { parseFunctionArn } from './integration.ts';
import type { FindResources, ResolvedResource } from './resolved-resource.ts';

/** What stands between the stream of a table and a function. */
export interface StreamMapping {
  readonly logicalId: string;
  readonly streamArn: string;
  readonly tableName: string;
  readonly functionName: string;
  /** A change is handed over where one of them fits; none lets everything pass. */
  readonly filters: readonly object[];
  readonly batchRecordsMax: number;
  /** Invocations for the same records. */
  readonly attemptsMax: number;
  readonly halvesFailedBatches: boolean;
  readonly readsFailures: boolean;
}

const STREAM_ARN = /^arn:[\w-]+:dynamodb:[\w-]+:\d{12}:table\/([\w.-]+)\/stream\/[\w:.-]+$/;
/** Lambda's own where the template says nothing. */
const BATCH_RECORDS_DEFAULT = 100;
/** Lambda's own is for ever, which the local stack does not do. */
const RETRIES_DEFAULT = 10;

/**
 * The enabled mappings from streams of tables to functions.
 * @throws TemplateError for one of a table or to a function that no template defines
 */
export function readStreamMappings(find: FindResources, environment: Environment): StreamMapping[] {
  const tables = new Set(find('AWS::DynamoDB::Table').map(({ ref }) => ref));
  const functions = new Set(find('AWS::Lambda::Function').map(({ ref }) => ref));
  return find('AWS::Lambda::EventSourceMapping')
    .filter((resource) => resource.property('Enabled') !== false)
    .map((resource) => {
      const mapping = toMapping(resource, environment);
      if (!tables.has(mapping.tableName)) throw resource.error(`no table ${mapping.tableName}`);
      if (!functions.has(mapping.functionName)) throw resource.error(`no function ${mapping.functionName}`);
      return mapping;
    });
}

function toMapping(resource: ResolvedResource, environment: Environment): StreamMapping {
  const streamArn = resource.text('EventSourceArn');
  const tableName = STREAM_ARN.exec(streamArn)?.[1];
  if (tableName === undefined) throw resource.error(`expected the stream of a table, found ${streamArn}`);
  const target = resource.text('FunctionName');
  const retries = resource.property('MaximumRetryAttempts');
  return {
    logicalId: resource.logicalId,
    streamArn,
    tableName,
    // A name comes with its alias behind a colon.
    functionName: parseFunctionArn(target, environment)?.name ?? target.split(':', 1)[0]!,
    filters: readFilters(resource),
    batchRecordsMax: Number(resource.property('BatchSize') ?? BATCH_RECORDS_DEFAULT),
    attemptsMax: 1 + (typeof retries === 'number' && retries >= 0 ? retries : RETRIES_DEFAULT),
    halvesFailedBatches: resource.property('BisectBatchOnFunctionError') === true,
    readsFailures: JSON.stringify(resource.property('FunctionResponseTypes') ?? []).includes('ReportBatchItemFailures'),
  };
}

function readFilters(resource: ResolvedResource): object[] {
  const criteria = resource.property('FilterCriteria') as {
    readonly Filters?: readonly { readonly Pattern?: unknown }[];
  };
  return (criteria?.Filters ?? []).map(({ Pattern: pattern }) => {
    try {
      return assertPattern(JSON.parse(String(pattern)));
    } catch (error) {
      throw resource.error(`its filter ${String(pattern)} is not supported: ${String(error)}`);
    }
  });
}
