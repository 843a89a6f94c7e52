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
 * why a payment was refused.
 */
export type MetricDimension = 'Operation' | 'AgentName' | 'Currency' | 'Reason';

/**
 * The metrics that functions write and dashboards and alarms read: AgentCore's names where it has them. Their namespace is
 * the deployment's prefix (`AWS/*` is closed to others), so that two deployments of an account never count together.
 */
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
  // Of the phases of a payment. No dimension tells them apart: a line holds one value of each dimension, and a payment is one line.
  ReserveLatency: { unit: 'Milliseconds', dimensions: [[]] },
  SignLatency: { unit: 'Milliseconds', dimensions: [[]] },
  DecideLatency: { unit: 'Milliseconds', dimensions: [[]] },
  SettleLatency: { unit: 'Milliseconds', dimensions: [[]] },
  SignerThrottles: { unit: 'Count', dimensions: [[]] },
  /** Books that do not balance, or an item that cannot be: never above zero. */
  InvariantViolations: { unit: 'Count', dimensions: [[]] },
  /** Of the sweeper, per run. */
  OldestReservationAge: { unit: 'Seconds', dimensions: [[]] },
  SweepFailures: { unit: 'Count', dimensions: [[]] },
  /** 1 while the deployment is frozen. */
  Frozen: { unit: 'Count', dimensions: [[]] },
  /** Managers, users, agents, sessions, wallets, payees and tokens that are frozen; nothing is written where none is. */
  Freezes: { unit: 'Count', dimensions: [[]] },
  /** Sessions whose spending is not the sum of what was signed: never above zero. */
  SpentMismatches: { unit: 'Count', dimensions: [[]] },
} as const satisfies Readonly<Record<string, MetricShape>>;

export type MetricName = keyof typeof METRICS;

/** How an agent is named that has metrics of its own: what CloudWatch takes as a dimension, and every log reads well. */
export const REGISTERED_AGENT = /^[A-Za-z0-9._:/@-]{1,64}$/;
/** Each is a set of metrics of its own, and costs as one. */
export const REGISTERED_AGENTS_MAX = 50;
/** Stands for every agent that is not registered: anybody can make up names. */
export const UNREGISTERED_AGENT = 'other';
