import type { MetricValues } from './emf.ts';
import type { LogFields } from './log-fields.ts';

/** What becomes known of one request while it is served: for its log line, however it ends. */
export interface RequestRecord {
  readonly fields: LogFields;
  readonly values: MetricValues;
  /** Adds members, over those of the same name. */
  note(fields: LogFields): void;
  /** Adds values, over those of the same metric. */
  measure(values: MetricValues): void;
}

export function createRequestRecord(): RequestRecord {
  const fields: LogFields = {};
  const values: MetricValues = {};
  return {
    fields,
    values,
    note: (more) => {
      Object.assign(fields, more);
    },
    measure: (more) => {
      Object.assign(values, more);
    },
  };
}
