/**
 * The metrics that functions write and dashboards and alarms read: AgentCore's names where it has them, in a namespace of
 * our own, since `AWS/*` is closed to others.
 */
export const METRIC_NAMESPACE = 'Bursar';

export interface MetricShape {
  readonly unit: 'Count' | 'Milliseconds' | 'None' | 'Seconds';
  /**
   * The sets of dimensions under which the metric is kept; an empty one is the sum of all. Each combination of values is a
   * metric of its own, and costs as one, so every dimension here has a bounded number of values.
   */
  readonly dimensions: readonly (readonly MetricDimension[])[];
}

/**
 * `Operation`: of the operations table. `AgentName`: registered names, else `other`. `Currency`: the token's symbol. `Reason`:
 * the code of a denial. `Phase`: of a payment.
 */
export type MetricDimension = 'Operation' | 'AgentName' | 'Currency' | 'Reason' | 'Phase';

export const METRICS = {
  OperationSuccess: { unit: 'Count', dimensions: [['Operation']] },
  OperationFailure: { unit: 'Count', dimensions: [['Operation']] },
  UserErrors: { unit: 'Count', dimensions: [['Operation']] },
  Throttles: { unit: 'Count', dimensions: [['Operation']] },
  OperationLatency: { unit: 'Milliseconds', dimensions: [['Operation']] },
  PaymentRequestCount: { unit: 'Count', dimensions: [[], ['AgentName']] },
  PaymentSuccessCount: { unit: 'Count', dimensions: [[], ['AgentName']] },
  PaymentFailureCount: { unit: 'Count', dimensions: [[], ['AgentName']] },
  PaymentLatency: { unit: 'Milliseconds', dimensions: [[]] },
  /** US dollars for a currency that stands for one, counted once per payment that was signed; a replay counts nothing. */
  SpendAmount: { unit: 'None', dimensions: [['Currency'], ['AgentName', 'Currency']] },
  Denials: { unit: 'Count', dimensions: [[], ['Reason']] },
  /** Milliseconds of `reserve`, `sign`, `decide` and `settle`. */
  PhaseLatency: { unit: 'Milliseconds', dimensions: [['Phase']] },
  SignerThrottles: { unit: 'Count', dimensions: [[]] },
  /** Books that do not balance, or an item that cannot be: never above zero. */
  InvariantViolations: { unit: 'Count', dimensions: [[]] },
  /** Of the sweeper, per run. */
  OldestReservationAge: { unit: 'Seconds', dimensions: [[]] },
  SweepFailures: { unit: 'Count', dimensions: [[]] },
  /** Sessions that are neither expired nor deleted and were seen by the sweeper's count. */
  ActiveSessions: { unit: 'Count', dimensions: [[]] },
} as const satisfies Readonly<Record<string, MetricShape>>;

export type MetricName = keyof typeof METRICS;
