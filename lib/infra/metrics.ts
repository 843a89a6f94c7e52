import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS, type MetricDimension, type MetricName } from '../telemetry/metric-names.ts';

export type DimensionValues = Readonly<Partial<Record<MetricDimension, string>>>;

// Counted in logs by metric filters, which `lib/infra` alone makes and reads.
/** Tokens that could not be judged, for reasons of our own. */
export const AUTHORIZER_FAILURES = 'AuthorizerFailures';
/** Tokens that could not be judged because their issuer could not be asked. */
export const ISSUER_FAILURES = 'IssuerFailures';
/** Answers with 5xx, other than for tokens that could not be judged. */
export const SERVER_ERRORS = 'ServerErrors';

/** Metrics of one deployment, which are told from those of another by their namespace. */
export interface DeploymentMetrics {
  readonly namespace: string;
  readonly metric: (name: MetricName, dimensions: DimensionValues, options?: MetricOptions) => Metric;
  readonly search: (name: MetricName, dimensions: readonly MetricDimension[], by: SearchOptions) => MathExpression;
}

export interface SearchOptions {
  readonly statistic: string;
  readonly period: Duration;
}

/** @param namespace the deployment's prefix */
export function metricsOf(namespace: string): DeploymentMetrics {
  return {
    namespace,
    metric: (name, dimensions, options = {}) => createMetric(namespace, name, dimensions, options),
    search: (name, dimensions, by) => createSearch(namespace, name, dimensions, by),
  };
}

/**
 * A metric that the functions write, under one of the sets of dimensions that it is kept under. The unit is left out, since
 * an alarm that names a unit sees nothing that was written with another.
 *
 * @throws Error for dimensions under which nothing is written, which would be an alarm that never goes off
 */
function createMetric(
  namespace: string,
  name: MetricName,
  dimensions: DimensionValues,
  options: MetricOptions,
): Metric {
  assertKept(name, Object.keys(dimensions));
  return new Metric({
    namespace,
    metricName: name,
    dimensionsMap: { ...dimensions },
    period: Duration.minutes(1),
    ...options,
  });
}

/**
 * All metrics of a name, whatever values its dimensions have.
 *
 * @throws Error for dimensions under which nothing is written, which would be a graph that stays empty
 */
function createSearch(
  namespace: string,
  name: MetricName,
  dimensions: readonly MetricDimension[],
  { statistic, period }: SearchOptions,
): MathExpression {
  assertKept(name, dimensions);
  // A hyphen would end the name.
  const quoted = /^\w+$/.test(namespace) ? namespace : `"${namespace}"`;
  const set = [quoted, ...dimensions].join(',');
  return new MathExpression({
    label: '',
    expression: `SEARCH('{${set}} MetricName="${name}"', '${statistic}', ${period.toSeconds()})`,
    usingMetrics: {},
    period,
  });
}

function assertKept(name: MetricName, dimensions: readonly string[]): void {
  const given = dimensions.toSorted().join();
  const sets: readonly (readonly string[])[] = METRICS[name].dimensions;
  if (!sets.some((set) => set.toSorted().join() === given)) {
    throw new Error(
      `metric ${name} is not kept by ${given || 'no dimension'}: expected one of ${JSON.stringify(sets)}`,
    );
  }
}
