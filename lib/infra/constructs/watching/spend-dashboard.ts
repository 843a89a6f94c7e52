import { Duration } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  LogQueryVisualizationType,
  LogQueryWidget,
  MathExpression,
  Metric,
  PeriodOverride,
  type Alarm,
  type IMetric,
  type IWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { MetricName } from '../../../telemetry/metric-names.ts';
import type { DeploymentMetrics } from '../../metrics.ts';
import type { ServiceFunction } from '../functions/service-function.ts';

export interface SpendDashboardProps {
  readonly metrics: DeploymentMetrics;
  readonly apiName: string;
  readonly stageName: string;
  readonly paying: ServiceFunction;
  readonly sweeper: ServiceFunction;
  readonly publisher: ServiceFunction;
  readonly deadLetters: IQueue;
  readonly alarms: readonly Alarm[];
}

const FIVE_MINUTES = Duration.minutes(5);
const HOUR = Duration.hours(1);
const HALF = { width: 12, height: 6 };
const THIRD = { width: 8, height: 6 };
const ROWS_SHOWN = 20;
const PHASES = {
  reserve: 'ReserveLatency',
  sign: 'SignLatency',
  decide: 'DecideLatency',
  settle: 'SettleLatency',
} as const satisfies Readonly<Record<string, MetricName>>;
const PERCENTILES = ['p50', 'p99'] as const;

/**
 * What agents spend, and how the service does. What has too many values to be a dimension of a metric (merchants, sessions,
 * tasks) is read from the log of the paying function when somebody looks.
 */
export class SpendDashboard extends Construct {
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, props: SpendDashboardProps) {
    super(scope, id);
    this.dashboard = new Dashboard(this, 'Dashboard', {
      periodOverride: PeriodOverride.INHERIT,
      defaultInterval: Duration.days(1),
      widgets: [
        [new AlarmStatusWidget({ title: 'Alarms', width: 24, height: 3, alarms: [...props.alarms] })],
        spendRow(props.metrics),
        logRow(props.paying),
        paymentRow(props.metrics),
        policyRow(props),
        latencyRow(props.metrics),
        serviceRow(props),
        sweeperRow(props),
      ],
    });
  }
}

function spendRow(metrics: DeploymentMetrics): IWidget[] {
  return [
    graph(
      'Spend by agent, US dollars',
      [metrics.search('SpendAmount', ['AgentName', 'Currency'], { statistic: 'Sum', period: HOUR })],
      HALF,
    ),
    graph(
      'Spend by token, US dollars',
      [metrics.search('SpendAmount', ['Currency'], { statistic: 'Sum', period: HOUR })],
      HALF,
    ),
  ];
}

const OF_PAYMENTS = '(operation = "ProcessPayment" or operation = "PayChallenge")';
/** A replay is served like its first answer and spends nothing. */
const PAID = [`filter ${OF_PAYMENTS} and status < 300 and not ispresent(replayed)`];

function logRow(paying: ServiceFunction): IWidget[] {
  return [
    query(paying, 'Spend by merchant, US dollars', [
      'fields payee, amountUsd',
      ...PAID,
      'stats sum(amountUsd) as usd, count(*) as payments by payee',
      'sort usd desc',
    ]),
    query(paying, 'Budgets that run out', [
      'fields sessionId, agentName, remainingUsd',
      `filter ${OF_PAYMENTS} and ispresent(remainingUsd)`,
      'stats latest(remainingUsd) as usdLeft, latest(agentName) as agent by sessionId',
      'sort usdLeft asc',
    ]),
    query(paying, 'Cost of a task (a session), US dollars', [
      'fields sessionId, agentName, amountUsd, payee',
      ...PAID,
      'stats sum(amountUsd) as usd, count(*) as payments, count_distinct(payee) as merchants by sessionId, agentName',
      'sort usd desc',
    ]),
  ];
}

function paymentRow(metrics: DeploymentMetrics): IWidget[] {
  const sum = { statistic: 'Sum', period: FIVE_MINUTES };
  const rate = new MathExpression({
    label: 'Payments that were signed, percent',
    expression: '100 * FILL(successes, 0) / requests',
    usingMetrics: {
      successes: metrics.metric('PaymentSuccessCount', {}, sum),
      requests: metrics.metric('PaymentRequestCount', {}, sum),
    },
    period: FIVE_MINUTES,
  });
  return [
    graph('Success rate', [rate], THIRD),
    graph(
      'Denials by reason',
      [metrics.search('Denials', ['Reason'], { statistic: 'Sum', period: FIVE_MINUTES })],
      THIRD,
    ),
    graph(
      'Payments by agent',
      [metrics.search('PaymentRequestCount', ['AgentName'], { statistic: 'Sum', period: FIVE_MINUTES })],
      THIRD,
    ),
  ];
}

/** What counts within a policy by itself, by the kind of the rule; what is frozen, by the sweeper's look each minute. */
function policyRow({ metrics, paying }: SpendDashboardProps): IWidget[] {
  const sum = { statistic: 'Sum', period: FIVE_MINUTES };
  const refused = (Reason: string, label: string) => metrics.metric('Denials', { Reason }, { ...sum, label });
  const most = { statistic: 'Maximum', period: FIVE_MINUTES };
  return [
    graph(
      'Windows, rates and caps that ran out',
      [
        refused('policy_window', 'windows'),
        refused('policy_rate', 'rates'),
        refused('policy_session_cap', 'caps of a session'),
        refused('policy_same_request', 'the same request'),
      ],
      THIRD,
    ),
    query(paying, 'Denials by rule', [
      'fields rule, tool, origin',
      `filter ${OF_PAYMENTS} and ispresent(rule)`,
      'stats count(*) as denials, latest(tool) as lastTool, latest(origin) as lastOrigin by rule',
      'sort denials desc',
    ]),
    graph(
      'Freezes',
      [
        metrics.metric('Frozen', {}, { ...most, label: 'the deployment' }),
        metrics.metric('Freezes', {}, { ...most, label: 'parts of it' }),
        refused('frozen', 'payments refused'),
      ],
      THIRD,
    ),
  ];
}

function latencyRow(metrics: DeploymentMetrics): IWidget[] {
  const phases = Object.entries(PHASES).flatMap(([phase, metric]) =>
    PERCENTILES.map((statistic) =>
      metrics.metric(metric, {}, { statistic, label: `${phase} ${statistic}`, period: FIVE_MINUTES }),
    ),
  );
  const whole = PERCENTILES.map((statistic) =>
    metrics.metric('PaymentLatency', {}, { statistic, label: `payment ${statistic}`, period: FIVE_MINUTES }),
  );
  return [
    graph('Latency of each phase, ms', phases, THIRD),
    graph('Latency of a payment, ms', whole, THIRD),
    graph(
      'Latency by operation, p99, ms',
      [metrics.search('OperationLatency', ['Operation'], { statistic: 'p99', period: FIVE_MINUTES })],
      THIRD,
    ),
  ];
}

function serviceRow({ metrics, apiName, stageName, paying }: SpendDashboardProps): IWidget[] {
  const sum = { statistic: 'Sum', period: FIVE_MINUTES };
  const ofApi = (metricName: string): Metric =>
    new Metric({
      namespace: 'AWS/ApiGateway',
      metricName,
      dimensionsMap: { ApiName: apiName, Stage: stageName },
      ...sum,
    });
  return [
    graph('Answers of the API', [ofApi('Count'), ofApi('4XXError'), ofApi('5XXError')], THIRD),
    graph(
      'Throttles',
      [
        metrics.search('Throttles', ['Operation'], { statistic: 'Sum', period: FIVE_MINUTES }),
        metrics.metric('SignerThrottles', {}, { ...sum, label: 'KMS' }),
        paying.function.metricThrottles({ ...sum, label: 'Lambda, paying function' }),
      ],
      THIRD,
    ),
    graph(
      'Errors by operation',
      [metrics.search('OperationFailure', ['Operation'], { statistic: 'Sum', period: FIVE_MINUTES })],
      THIRD,
    ),
  ];
}

function sweeperRow({ metrics, sweeper: { function: fn }, publisher, deadLetters }: SpendDashboardProps): IWidget[] {
  const sum = { statistic: 'Sum', period: FIVE_MINUTES };
  return [
    graph('Oldest reservation, and oldest event not told yet, seconds', [age(metrics), lagOf(publisher)], THIRD),
    graph(
      'Sweeper',
      [
        fn.metricInvocations({ ...sum, label: 'runs' }),
        fn.metricErrors({ ...sum, label: 'runs that failed' }),
        metrics.metric('SweepFailures', {}, { ...sum, label: 'visits that failed' }),
        deadLetters.metricApproximateNumberOfMessagesVisible({ period: FIVE_MINUTES, label: 'dead letters' }),
      ],
      THIRD,
    ),
    graph(
      'Sessions opened and revoked',
      [
        metrics.metric('OperationSuccess', { Operation: 'CreatePaymentSession' }, { ...sum, label: 'opened' }),
        metrics.metric('OperationSuccess', { Operation: 'DeletePaymentSession' }, { ...sum, label: 'revoked' }),
      ],
      THIRD,
    ),
  ];
}

function age(metrics: DeploymentMetrics): Metric {
  return metrics.metric(
    'OldestReservationAge',
    {},
    { statistic: 'Maximum', label: 'reservation', period: FIVE_MINUTES },
  );
}

/** Lambda counts it by the alias that the stream is mapped to, in milliseconds. */
function lagOf({ live }: ServiceFunction): IMetric {
  const lag = live.metric('IteratorAge', { statistic: 'Maximum', period: FIVE_MINUTES });
  return new MathExpression({ label: 'event', expression: 'lag / 1000', usingMetrics: { lag }, period: FIVE_MINUTES });
}

function graph(title: string, left: IMetric[], size: { readonly width: number; readonly height: number }): IWidget {
  return new GraphWidget({ title, left, leftYAxis: { min: 0 }, liveData: true, ...size });
}

function query({ logGroup }: ServiceFunction, title: string, queryLines: string[]): IWidget {
  return new LogQueryWidget({
    title,
    ...THIRD,
    view: LogQueryVisualizationType.TABLE,
    logGroupNames: [logGroup.logGroupName],
    queryLines: [...queryLines, `limit ${ROWS_SHOWN}`],
  });
}
