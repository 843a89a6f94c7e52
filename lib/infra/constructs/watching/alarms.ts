import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  AnomalyDetectionAlarm,
  ComparisonOperator,
  MathExpression,
  TreatMissingData,
  type AlarmProps,
  type IMetric,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { FilterPattern, MetricFilter, type LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { AUTHORIZER_FAILURES, ISSUER_FAILURES, SERVER_ERRORS, type DeploymentMetrics } from '../../metrics.ts';
import type { AlarmTopic } from './alarm-topic.ts';
import type { ServiceFunction } from '../functions/service-function.ts';

export interface AlarmsProps {
  /** `null`: nobody is told. */
  readonly topic: AlarmTopic | null;
  /** Whether the topic also hears of each update of a payment manager. */
  readonly managersAreWatched: boolean;
  readonly metrics: DeploymentMetrics;
  readonly accessLogs: LogGroup;
  /** `null` where nobody judges tokens. */
  readonly authorizerLogs: LogGroup | null;
  /** Whether the deployer named the issuers, and so has to know when one cannot be reached. */
  readonly issuersAreChosen: boolean;
  readonly sweeper: ServiceFunction;
  readonly deadLetters: IQueue;
  /** Symbols of the tokens that can be paid with. */
  readonly currencies: readonly string[];
  /** `null`: above what CloudWatch has learned to be usual. */
  readonly spendAlarmUsdPerHour: number | null;
}

type AlarmChoices = Omit<AlarmProps, 'alarmDescription' | 'treatMissingData'>;

/** What each alarm means and what to do stands under its name in this file. */
export const RUNBOOK = 'docs/operating.md';

const MINUTE = Duration.minutes(1);
const FIVE_MINUTES = Duration.minutes(5);
const HOUR = Duration.hours(1);
/** Twice the longest that a payment is held when all is well: a lease and two sweeps. */
const RESERVATION_AGE_MAX_SECONDS = 180;
const DENIED_MAX_PERCENT = 50;
/** Fewer requests than this in five minutes say nothing about a share of them. */
const DENIALS_COUNTED_FROM = 20;
/** Server errors in one minute: a few may be a moment of the store, and were retried. */
const SERVER_ERRORS_MAX = 3;
/** What a log line says of an issuer that cannot be asked (`lib/jwt`). */
export const ISSUER_FAILURE = '*the issuer of the token cannot be asked*';
/** Standard deviations above the usual. */
const SPEND_BAND_WIDTH = 4;

/** One alarm for each thing that somebody has to see to. None depends on an alias, so that deployments can watch them. */
export class Alarms extends Construct {
  readonly all: Alarm[] = [];
  /** Those that a bad version of a function sets off. */
  readonly ofDeployments: readonly Alarm[];
  private readonly topic: AlarmTopic | null;
  private readonly metrics: DeploymentMetrics;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.topic = props.topic;
    this.metrics = props.metrics;
    const invariant = this.invariantViolated();
    this.spentMismatch();
    const serverErrors = this.serverErrors(props);
    const { authorizerLogs } = props;
    const authorizer = authorizerLogs === null ? [] : [this.authorizerErrors(authorizerLogs)];
    this.ofDeployments = [invariant, serverErrors, ...authorizer];
    if (authorizerLogs !== null) this.issuerUnreachable(authorizerLogs, props.issuersAreChosen);
    this.oldestReservation();
    this.denialSpike();
    this.signerThrottled();
    this.sweeperStopped(props.sweeper);
    this.sweepFailures();
    this.frozen();
    this.partlyFrozen();
    this.deadLetters(props.deadLetters);
    this.spend(props);
    if (props.managersAreWatched) this.managerUpdated();
  }

  private invariantViolated(): Alarm {
    return this.add('InvariantViolated', 'The books of a session do not balance', TreatMissingData.NOT_BREACHING, {
      metric: this.metrics.metric('InvariantViolations', {}, { statistic: 'Sum' }),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      evaluationPeriods: 1,
    });
  }

  private spentMismatch(): Alarm {
    const what = 'A session has spent more or less than was signed';
    return this.add('SpentMismatch', what, TreatMissingData.NOT_BREACHING, {
      metric: this.metrics.metric('SpentMismatches', {}, { statistic: 'Sum' }),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      evaluationPeriods: 1,
    });
  }

  /** Counted in the access log, to leave out what happens before any function of the operations is asked. */
  private serverErrors({ accessLogs }: AlarmsProps): Alarm {
    const filter = new MetricFilter(this, 'ServerErrorFilter', {
      logGroup: accessLogs,
      metricNamespace: this.metrics.namespace,
      metricName: SERVER_ERRORS,
      filterPattern: FilterPattern.all(
        FilterPattern.stringValue('$.status', '=', '5*'),
        FilterPattern.stringValue('$.errorType', '!=', 'AUTHORIZER_FAILURE'),
      ),
    });
    return this.add('ApiServerErrors', 'Calls are answered with 5xx', TreatMissingData.NOT_BREACHING, {
      metric: filter.metric({ statistic: 'Sum', period: MINUTE }),
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      threshold: SERVER_ERRORS_MAX,
      evaluationPeriods: 3,
      datapointsToAlarm: 2,
    });
  }

  /** Failures of its own. Its error count would also count every bad token, which it answers by throwing. */
  private authorizerErrors(logs: LogGroup): Alarm {
    const filter = new MetricFilter(this, 'AuthorizerFailureFilter', {
      logGroup: logs,
      metricNamespace: this.metrics.namespace,
      metricName: AUTHORIZER_FAILURES,
      filterPattern: FilterPattern.literal(
        `{ ($.event = "token.judged" && $.level = "ERROR" && $.failure[0] != "${ISSUER_FAILURE}") || ($.record.status = "timeout") }`,
      ),
    });
    return this.add('AuthorizerErrors', 'Tokens cannot be judged', TreatMissingData.NOT_BREACHING, {
      metric: filter.metric({ statistic: 'Sum', period: MINUTE }),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      evaluationPeriods: 5,
      datapointsToAlarm: 2,
    });
  }

  /**
   * Anybody can send a token that names an issuer, so an issuer that cannot be asked rolls no deployment back, and notifies
   * nobody where managers may name any issuer.
   */
  private issuerUnreachable(logs: LogGroup, issuersAreChosen: boolean): void {
    const filter = new MetricFilter(this, 'IssuerFailureFilter', {
      logGroup: logs,
      metricNamespace: this.metrics.namespace,
      metricName: ISSUER_FAILURES,
      filterPattern: FilterPattern.literal(`{ $.event = "token.judged" && $.failure[0] = "${ISSUER_FAILURE}" }`),
    });
    const id = 'IssuerUnreachable';
    const alarm = new Alarm(this, id, {
      alarmDescription: describe(id, 'An issuer of tokens cannot be asked for its keys'),
      treatMissingData: TreatMissingData.NOT_BREACHING,
      metric: filter.metric({ statistic: 'Sum', period: FIVE_MINUTES }),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      evaluationPeriods: 3,
    });
    if (issuersAreChosen) this.announce(alarm);
    else this.all.push(alarm);
  }

  private oldestReservation(): Alarm {
    return this.add(
      'OldestReservationAge',
      'Budget is held by payments that nobody finishes',
      TreatMissingData.NOT_BREACHING,
      {
        metric: this.metrics.metric('OldestReservationAge', {}, { statistic: 'Maximum' }),
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        threshold: RESERVATION_AGE_MAX_SECONDS,
        evaluationPeriods: 5,
        datapointsToAlarm: 3,
      },
    );
  }

  private denialSpike(): Alarm {
    const sum = { statistic: 'Sum', period: FIVE_MINUTES };
    const requests = this.metrics.metric('PaymentRequestCount', {}, sum);
    const denials = this.metrics.metric('Denials', {}, sum);
    return this.add('DenialSpike', 'Most payments are denied', TreatMissingData.NOT_BREACHING, {
      metric: new MathExpression({
        label: 'Denied payments, percent',
        expression: `IF(requests >= ${DENIALS_COUNTED_FROM}, 100 * FILL(denials, 0) / requests, 0)`,
        usingMetrics: { requests, denials },
        period: FIVE_MINUTES,
      }),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: DENIED_MAX_PERCENT,
      evaluationPeriods: 2,
    });
  }

  private signerThrottled(): Alarm {
    return this.add('SignerThrottled', 'KMS refuses signatures for their rate', TreatMissingData.NOT_BREACHING, {
      metric: this.metrics.metric('SignerThrottles', {}, { statistic: 'Sum' }),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
    });
  }

  /** Where the sweeper does not run there is no data, so missing data sets off this alarm. */
  private sweeperStopped({ function: fn }: ServiceFunction): Alarm {
    const sum = { statistic: 'Sum', period: MINUTE };
    return this.add(
      'SweeperStopped',
      'No run of the sweeper has succeeded for five minutes',
      TreatMissingData.BREACHING,
      {
        metric: new MathExpression({
          label: 'Runs that succeeded',
          expression: 'runs - FILL(errors, 0)',
          usingMetrics: { runs: fn.metricInvocations(sum), errors: fn.metricErrors(sum) },
          period: MINUTE,
        }),
        comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
        threshold: 1,
        evaluationPeriods: 5,
      },
    );
  }

  private sweepFailures(): Alarm {
    return this.add('SweepFailures', 'The sweeper cannot finish a payment', TreatMissingData.NOT_BREACHING, {
      metric: this.metrics.metric('SweepFailures', {}, { statistic: 'Sum' }),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      // A visit may fail while the store is throttled; one that fails each time needs a person to look.
      evaluationPeriods: 15,
      datapointsToAlarm: 10,
    });
  }

  private frozen(): Alarm {
    return this.add('Frozen', 'Payments are frozen', TreatMissingData.NOT_BREACHING, {
      metric: this.metrics.metric('Frozen', {}, { statistic: 'Maximum' }),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      evaluationPeriods: 1,
    });
  }

  /** Of a part of the deployment. By itself, so that one user who stays frozen does not hide that everything is. */
  private partlyFrozen(): Alarm {
    const what = 'Payments of a manager, user, agent, session, wallet, payee or token are frozen';
    return this.add('PartlyFrozen', what, TreatMissingData.NOT_BREACHING, {
      metric: this.metrics.metric('Freezes', {}, { statistic: 'Maximum' }),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      evaluationPeriods: 1,
    });
  }

  /** Reports updates of managers, since a manager decides whose tokens pay. */
  private managerUpdated(): Alarm {
    const metric = this.metrics.metric('OperationSuccess', { Operation: 'UpdatePaymentManager' }, { statistic: 'Sum' });
    return this.add('ManagerUpdated', 'A payment manager was changed', TreatMissingData.NOT_BREACHING, {
      metric,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      evaluationPeriods: 1,
    });
  }

  private deadLetters(queue: IQueue): Alarm {
    // SQS stops counting an idle queue only once the queue is empty.
    return this.add(
      'DeadLetters',
      'Runs of the sweeper failed, or events could not be told',
      TreatMissingData.NOT_BREACHING,
      {
        metric: queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: FIVE_MINUTES }),
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        threshold: 0,
        evaluationPeriods: 1,
      },
    );
  }

  private spend({ currencies, spendAlarmUsdPerHour: limit }: AlarmsProps): Alarm {
    const metric = hourlySpend(this.metrics, currencies);
    const what = 'More is spent in an hour than usual';
    if (limit === null) {
      const alarm = new AnomalyDetectionAlarm(this, 'SpendAnomaly', {
        metric,
        stdDevs: SPEND_BAND_WIDTH,
        comparisonOperator: ComparisonOperator.GREATER_THAN_UPPER_THRESHOLD,
        evaluationPeriods: 1,
        treatMissingData: TreatMissingData.NOT_BREACHING,
        alarmDescription: describe('SpendAnomaly', what),
      });
      return this.announce(alarm);
    }
    return this.add('SpendAnomaly', `More than ${limit} US dollars in an hour`, TreatMissingData.NOT_BREACHING, {
      metric,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: limit,
      evaluationPeriods: 1,
    });
  }

  private add(id: string, what: string, treatMissingData: TreatMissingData, choices: AlarmChoices): Alarm {
    return this.announce(new Alarm(this, id, { ...choices, treatMissingData, alarmDescription: describe(id, what) }));
  }

  private announce(alarm: Alarm): Alarm {
    if (this.topic !== null) alarm.addAlarmAction(new SnsAction(this.topic.topic));
    this.all.push(alarm);
    return alarm;
  }
}

function describe(id: string, what: string): string {
  return `${what}. What to do: ${RUNBOOK}#${id.toLowerCase()}`;
}

/** The sum over all currencies, each of which stands for dollars. Its names are its own: an alarm by what is usual has an `m0` too. */
function hourlySpend(ofDeployment: DeploymentMetrics, currencies: readonly string[]): IMetric {
  const metrics = currencies.map((Currency) =>
    ofDeployment.metric('SpendAmount', { Currency }, { statistic: 'Sum', period: HOUR }),
  );
  const [only] = metrics;
  if (metrics.length === 1 && only !== undefined) return only;
  return new MathExpression({
    label: 'US dollars an hour',
    expression: metrics.map((_, index) => `FILL(spend${index}, 0)`).join(' + '),
    usingMetrics: Object.fromEntries(metrics.map((metric, index) => [`spend${index}`, metric])),
    period: HOUR,
  });
}
