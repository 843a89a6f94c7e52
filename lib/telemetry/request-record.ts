import type { SigningStep } from '../domain/ports/services.ts';
import type { InstrumentType } from '../domain/tenants/wallet-shapes.ts';
import type { MetricValues } from './emf.ts';
import type { LogFields } from './log-fields.ts';

export type PaymentPhase = 'reserve' | 'sign' | 'decide' | 'settle';

/** A part of a request's work, timed by a clock that never goes back and whose zero is anywhere. */
export interface TimedPhase {
  /** A step is a part of `sign`. */
  readonly phase: PaymentPhase | SigningStep;
  readonly startMs: number;
  readonly endMs: number;
  /** Of the phase in which a wallet was asked to sign. */
  readonly wallet?: InstrumentType | undefined;
}

/** What becomes known of one request while it is served: for its log line and its spans, however it ends. */
export interface RequestRecord {
  readonly fields: LogFields;
  readonly values: MetricValues;
  /** In the order in which they ended. */
  readonly phases: readonly TimedPhase[];
  /** Adds members, over those of the same name. */
  note(fields: LogFields): void;
  /** Adds values, over those of the same metric. */
  measure(values: MetricValues): void;
  addPhase(phase: TimedPhase): void;
}

export function createRequestRecord(): RequestRecord {
  const fields: LogFields = {};
  const values: MetricValues = {};
  const phases: TimedPhase[] = [];
  return {
    fields,
    values,
    phases,
    note: (more) => {
      Object.assign(fields, more);
    },
    measure: (more) => {
      Object.assign(values, more);
    },
    addPhase: (phase) => {
      phases.push(phase);
    },
  };
}
