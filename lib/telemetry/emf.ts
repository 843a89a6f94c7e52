import type { EpochMs } from '../domain/time.ts';
import { METRICS, type MetricDimension, type MetricName, type MetricShape } from './metric-names.ts';

// Own code: `@aws-lambda-powertools/metrics` 2.36.0 adds 15 kB to a bundle where this adds one, reads the clock and the
// environment by itself, and writes a line of its own beside the log line of the request.

/** One value per metric; Count, Milliseconds, Seconds or dollars as `METRICS` says. */
export type MetricValues = Readonly<Partial<Record<MetricName, number>>>;

/** One line holds one value of each dimension: the format refers to it by the name of the member. */
export type DimensionValues = Readonly<Partial<Record<MetricDimension, string>>>;

interface MetricDirective {
  readonly Namespace: string;
  readonly Dimensions: readonly (readonly MetricDimension[])[];
  readonly Metrics: { readonly Name: MetricName; readonly Unit: MetricShape['unit'] }[];
}

// CloudWatch takes printable ASCII only, and drops the whole line for anything else.
const DIMENSION_VALUE = /^[\x21-\x7e][\x20-\x7e]{0,254}$/;

/**
 * The members that make a JSON log line a line of CloudWatch's embedded metric format as well; none where there is nothing to
 * count. Leaves out, rather than throw in the middle of a request, what CloudWatch would not take: values that are not finite,
 * dimensions with other values than printable ASCII, and metrics whose dimensions are not given.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function emfMembers(
  { namespace, at }: { readonly namespace: string; readonly at: EpochMs },
  values: MetricValues,
  dimensions: DimensionValues = {},
): object {
  const directives = new Map<string, MetricDirective>();
  const members: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(values) as [MetricName, number][]) {
    const { unit, dimensions: all }: MetricShape = METRICS[name];
    const sets = all.filter((set) => set.every((dimension) => DIMENSION_VALUE.test(dimensions[dimension] ?? '')));
    if (!Number.isFinite(value) || sets.length === 0) continue;
    members[name] = value;
    for (const dimension of sets.flat()) members[dimension] = dimensions[dimension] ?? '';
    const key = sets.join('|');
    const directive = directives.get(key) ?? { Namespace: namespace, Dimensions: sets, Metrics: [] };
    directive.Metrics.push({ Name: name, Unit: unit });
    directives.set(key, directive);
  }
  if (directives.size === 0) return {};
  return { _aws: { Timestamp: at, CloudWatchMetrics: [...directives.values()] }, ...members };
}
