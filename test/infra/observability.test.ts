import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import { beforeAll, describe, expect, test } from 'vitest';
import { formatDashboardPicture, readWidgets } from '../../lib/infra/dashboard-picture.ts';
import { ISSUER_FAILURE } from '../../lib/infra/constructs/watching/alarms.ts';
import { metricsOf } from '../../lib/infra/metrics.ts';
import { PROJECT_ROOT } from '../../lib/infra/build/source-hash.ts';
import { METRICS } from '../../lib/telemetry/metric-names.ts';
import { propertiesOf, resourcesOf, synthesize, type Synthesis } from './synthesis.ts';

interface AlarmMetric {
  readonly Expression?: string;
  readonly MetricStat?: { readonly Metric: Readonly<Record<string, unknown>>; readonly Period: number };
}

interface AlarmProperties {
  readonly AlarmDescription: string;
  readonly AlarmActions?: readonly unknown[];
  readonly Metrics?: readonly AlarmMetric[];
  readonly [name: string]: unknown;
}

let app: Synthesis;
let told: Synthesis;
beforeAll(async () => {
  app = await synthesize();
  told = await synthesize({ alarmEmail: 'ops@example.com', spendAlarmUsdPerHour: 50 });
});

function alarmsOf({ service }: Synthesis): Map<string, AlarmProperties> {
  const alarms = Object.entries(resourcesOf(service, 'AWS::CloudWatch::Alarm'));
  return new Map(
    alarms.map(([id, { Properties }]) => [
      id.replace(/^Alarms/, '').replace(/[0-9A-F]{8}$/, ''),
      Properties as AlarmProperties,
    ]),
  );
}

const alarm = (name: string, of = app): AlarmProperties => {
  const found = alarmsOf(of).get(name);
  expect(found, name).toBeDefined();
  return found!;
};

describe('rules on the trail', () => {
  let watched: Synthesis;
  beforeAll(async () => {
    watched = await synthesize({ alarmEmail: 'ops@example.com', trailRules: true });
  });
  const rules = ({ service }: Synthesis) =>
    Object.entries(resourcesOf(service, 'AWS::Events::Rule')).filter(([id]) => id.startsWith('TrailRules'));

  test('are there where they are asked for', () => {
    expect(rules(told)).toEqual([]);
    expect(alarmsOf(told).has('ManagerUpdated')).toBe(false);
    expect(rules(watched).map(([id]) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual([
      'TrailRulesSecrets',
      'TrailRulesKeys',
    ]);
  });

  test('hear of reads, of which an ordinary rule hears nothing, but not of what the functions read', () => {
    const [, { Properties }] = rules(watched).find(([id]) => id.startsWith('TrailRulesSecrets'))!;
    expect(Properties).toMatchObject({ State: 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS' });
    const { detail } = Properties['EventPattern'] as { readonly detail: Record<string, unknown> };
    expect(detail['eventName']).toContain('GetSecretValue');
    expect(detail['requestParameters']).toEqual({ secretId: [{ wildcard: '*bursar/Bursar/*' }] });
    const text = JSON.stringify(detail['userIdentity']);
    expect(text).toMatch(/-process-payment/);
    expect(text).not.toMatch(/-backup/);
    expect(text).toContain('{"exists":false}');
  });

  test('hear of keys that are deleted, disabled or given another policy', () => {
    const [, { Properties }] = rules(watched).find(([id]) => id.startsWith('TrailRulesKeys'))!;
    expect(Properties).toMatchObject({
      State: 'ENABLED',
      EventPattern: {
        source: ['aws.kms'],
        'detail-type': ['AWS API Call via CloudTrail'],
        detail: { eventName: ['ScheduleKeyDeletion', 'DisableKey', 'PutKeyPolicy'] },
      },
    });
  });

  test('may tell the topic, each by its own ARN, and use its key', () => {
    const policies = Object.values(resourcesOf(watched.service, 'AWS::SNS::TopicPolicy'));
    const text = JSON.stringify(policies);
    for (const [id, { Properties }] of rules(watched)) {
      expect(text).toContain(`"aws:SourceArn":{"Fn::GetAtt":["${id}","Arn"]}`);
      const [topic] = Object.keys(resourcesOf(watched.service, 'AWS::SNS::Topic'));
      expect(Properties['Targets']).toMatchObject([{ Arn: { Ref: topic } }]);
    }
    const keys = JSON.stringify(resourcesOf(watched.service, 'AWS::KMS::Key'));
    expect(keys).toContain('"Sid":"UsedByRules"');
    expect(JSON.stringify(resourcesOf(told.service, 'AWS::KMS::Key'))).not.toContain('events.amazonaws.com');
  });

  test('come with an alarm on each update of a manager', () => {
    expect(alarm('ManagerUpdated', watched)).toMatchObject({
      MetricName: 'OperationSuccess',
      Dimensions: [{ Name: 'Operation', Value: 'UpdatePaymentManager' }],
      Threshold: 0,
    });
    expect(alarm('ManagerUpdated', watched).AlarmActions).toHaveLength(1);
  });
});

describe('the alarms', () => {
  test.each([
    ['InvariantViolated', 'InvariantViolations', { Threshold: 0, EvaluationPeriods: 1, Period: 60 }],
    [
      'OldestReservationAge',
      'OldestReservationAge',
      { Threshold: 180, EvaluationPeriods: 5, DatapointsToAlarm: 3, Period: 60, Statistic: 'Maximum' },
    ],
    ['SignerThrottled', 'SignerThrottles', { Threshold: 0, EvaluationPeriods: 5, DatapointsToAlarm: 3 }],
    ['Frozen', 'Frozen', { Threshold: 0, EvaluationPeriods: 1 }],
    ['PartlyFrozen', 'Freezes', { Threshold: 0, EvaluationPeriods: 1, Statistic: 'Maximum' }],
    ['SpentMismatch', 'SpentMismatches', { Threshold: 0, EvaluationPeriods: 1, Period: 60 }],
    ['SweepFailures', 'SweepFailures', { Threshold: 0, EvaluationPeriods: 15, DatapointsToAlarm: 10 }],
    ['ApiServerErrors', 'ServerErrors', { Threshold: 3, EvaluationPeriods: 3, DatapointsToAlarm: 2, Statistic: 'Sum' }],
    ['AuthorizerErrors', 'AuthorizerFailures', { Threshold: 0, EvaluationPeriods: 5, DatapointsToAlarm: 2 }],
    ['IssuerUnreachable', 'IssuerFailures', { Threshold: 0, EvaluationPeriods: 3, Period: 300 }],
    ['DeadLetters', 'ApproximateNumberOfMessagesVisible', { Threshold: 0, EvaluationPeriods: 1 }],
  ])('%s watches %s', (name, metric, properties) => {
    expect(alarm(name)).toMatchObject({ MetricName: metric, TreatMissingData: 'notBreaching', ...properties });
  });

  test('are fourteen, and twelve where no tokens are taken', async () => {
    expect([...alarmsOf(app).keys()]).toHaveLength(14);
    expect([...alarmsOf(await synthesize({ oauth: false })).keys()]).toHaveLength(12);
  });

  test('denials alarm by their share, and not below twenty requests', () => {
    const { Metrics: metrics, ...rest } = alarm('DenialSpike');
    expect(rest).toMatchObject({ Threshold: 50, EvaluationPeriods: 2, TreatMissingData: 'notBreaching' });
    const [expression] = metrics!.flatMap(({ Expression }) => Expression ?? []);
    expect(expression).toBe('IF(requests >= 20, 100 * FILL(denials, 0) / requests, 0)');
  });

  test('a sweeper that does not run at all alarms: no data is the worst', () => {
    const { Metrics: metrics, ...rest } = alarm('SweeperStopped');
    expect(rest).toMatchObject({
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      EvaluationPeriods: 5,
      TreatMissingData: 'breaching',
    });
    const names = metrics!.flatMap(({ MetricStat }) => MetricStat?.Metric['MetricName'] ?? []);
    expect(names).toEqual(['Invocations', 'Errors']);
    expect(metrics!.flatMap(({ Expression }) => Expression ?? [])).toEqual(['runs - FILL(errors, 0)']);
  });

  test('only the sweeper’s takes missing data for a failure', () => {
    for (const [name, { TreatMissingData: missing }] of alarmsOf(app)) {
      expect([name, missing]).toEqual([name, name === 'SweeperStopped' ? 'breaching' : 'notBreaching']);
    }
  });

  test('spend alarms above what is usual, or above the limit that was given', () => {
    const usual = alarm('SpendAnomaly');
    expect(usual).toMatchObject({ ComparisonOperator: 'GreaterThanUpperThreshold', TreatMissingData: 'notBreaching' });
    expect(usual.Metrics!.flatMap(({ Expression }) => Expression ?? [])).toEqual([
      expect.stringMatching(/^ANOMALY_DETECTION_BAND\(\w+, ?4\)$/),
    ]);
    const [spend] = usual.Metrics!.flatMap(({ MetricStat }) => MetricStat ?? []);
    expect(spend).toMatchObject({ Metric: { MetricName: 'SpendAmount', Namespace: 'Bursar' }, Period: 3_600 });
    expect(alarm('SpendAnomaly', told)).toMatchObject({ MetricName: 'SpendAmount', Period: 3_600, Threshold: 50 });
  });

  test('tell failures of functions, tokens that cannot be judged and issuers that cannot be asked apart', () => {
    const filters = propertiesOf(app.service, 'AWS::Logs::MetricFilter').map((filter) => {
      const [transformation] = filter['MetricTransformations'] as [Record<string, unknown>];
      expect(transformation).toMatchObject({ MetricNamespace: 'Bursar', MetricValue: '1' });
      const { Ref: log } = filter['LogGroupName'] as { Ref: string };
      return [transformation['MetricName'], log.replace(/[0-9A-F]{8}$/, ''), filter['FilterPattern']];
    });
    expect(filters).toEqual([
      ['ServerErrors', 'PaymentsApiAccessLogs', '{ ($.status = "5*") && ($.errorType != "AUTHORIZER_FAILURE") }'],
      [
        'AuthorizerFailures',
        'AuthorizeJwtLogs',
        `{ ($.event = "token.judged" && $.level = "ERROR" && $.failure[0] != "${ISSUER_FAILURE}") || ($.record.status = "timeout") }`,
      ],
      ['IssuerFailures', 'AuthorizeJwtLogs', `{ $.event = "token.judged" && $.failure[0] = "${ISSUER_FAILURE}" }`],
    ]);
    const [stage] = propertiesOf(app.service, 'AWS::ApiGateway::Stage');
    const { Format: format } = stage!['AccessLogSetting'] as { Format: string };
    expect(JSON.parse(format)).toMatchObject({ errorType: '$context.error.responseType', status: '$context.status' });
  });

  test('an issuer that cannot be asked is known by what the judge of tokens throws', () => {
    const thrown = ISSUER_FAILURE.replaceAll('*', '');
    const sources = readdirSync(join(PROJECT_ROOT, 'lib/jwt')).map((file) =>
      readFileSync(join(PROJECT_ROOT, 'lib/jwt', file), 'utf8'),
    );
    expect(sources.filter((text) => text.includes(`new IssuerUnavailable('${thrown}`))).toHaveLength(1);
  });

  test('a stranger’s token cannot call anybody: where any issuer may be named, nobody hears of one that cannot be asked', async () => {
    const actions = async (config: object) =>
      alarm('IssuerUnreachable', await synthesize({ alarmEmail: 'ops@example.com', ...config })).AlarmActions;
    expect(await actions({})).toBeUndefined();
    expect(await actions({ jwtIssuers: ['https://login.example.com'] })).toHaveLength(1);
  });

  test('each says where its runbook is, and it is there', () => {
    const operating = readFileSync(join(PROJECT_ROOT, 'docs/operating.md'), 'utf8');
    const anchors = new Set(
      [...operating.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replaceAll(/[^\w\s-]/g, '')
          .replaceAll(' ', '-'),
      ),
    );
    for (const [name, { AlarmDescription: text }] of alarmsOf(app)) {
      const [, anchor] = /\. What to do: docs\/operating\.md#([a-z-]+)$/.exec(text) ?? [];
      expect([name, anchors.has(anchor!)]).toEqual([name, true]);
    }
  });

  test('tell nobody without an address, and then there is no topic to pay for', () => {
    expect([...alarmsOf(app).values()].flatMap(({ AlarmActions: actions }) => actions ?? [])).toEqual([]);
    expect(propertiesOf(app.service, 'AWS::SNS::Topic')).toEqual([]);
    expect(propertiesOf(app.service, 'AWS::KMS::Key')).toEqual([]);
  });

  test('with an address they go to one encrypted topic, which only this account’s alarms can publish to', () => {
    const [[topicId, topic]] = Object.entries(resourcesOf(told.service, 'AWS::SNS::Topic')) as [[string, never]];
    const [[keyId]] = Object.entries(resourcesOf(told.service, 'AWS::KMS::Key')) as [[string, never]];
    expect(topic).toMatchObject({ Properties: { KmsMasterKeyId: { 'Fn::GetAtt': [keyId, 'Arn'] } } });
    for (const [name, { AlarmActions: actions }] of alarmsOf(told)) {
      expect([name, actions]).toEqual([name, name === 'IssuerUnreachable' ? undefined : [{ Ref: topicId }]]);
    }
    expect(propertiesOf(told.service, 'AWS::SNS::Subscription')).toEqual([
      { Endpoint: 'ops@example.com', Protocol: 'email', TopicArn: { Ref: topicId } },
    ]);
    const [key] = propertiesOf(told.service, 'AWS::KMS::Key');
    const [policy] = propertiesOf(told.service, 'AWS::SNS::TopicPolicy');
    const grants = [key!['KeyPolicy'], policy!['PolicyDocument']].flatMap((document) =>
      (document as { Statement: { Effect: string; Principal: unknown; Condition?: unknown }[] }).Statement.filter(
        ({ Principal }) => JSON.stringify(Principal) === '{"Service":"cloudwatch.amazonaws.com"}',
      ),
    );
    expect(grants).toHaveLength(2);
    for (const { Condition: condition } of grants) {
      expect(condition).toEqual({ StringEquals: { 'aws:SourceAccount': '000000000000' } });
    }
  });
});

describe('metrics', () => {
  test('all that alarms and dashboard read are written by somebody, under those dimensions', () => {
    const { metric, search } = metricsOf('Bursar');
    expect(metric('Denials', { Reason: 'x' }).dimensions).toEqual({ Reason: 'x' });
    expect(() => metric('Denials', { AgentName: 'x' })).toThrow('metric Denials is not kept by AgentName');
    expect(() => metric('SpendAmount', {})).toThrow('is not kept by no dimension');
    const hourly = { statistic: 'Sum', period: Duration.hours(1) };
    expect(search('Denials', ['Reason'], hourly).expression).toBe(
      `SEARCH('{Bursar,Reason} MetricName="Denials"', 'Sum', 3600)`,
    );
    expect(metricsOf('Pay-2').search('Denials', ['Reason'], hourly).expression).toContain('{"Pay-2",Reason}');
    expect(() => search('Denials', ['AgentName'], hourly)).toThrow('metric Denials is not kept by AgentName');
  });
});

interface LogSchema {
  readonly $defs: { readonly 'request.served': { readonly properties: object } };
}

const widgetsOf = ({ service }: Synthesis) => readWidgets(service);

/** The queries, without the name of the log. */
function queriesOf(of: Synthesis): readonly string[] {
  return widgetsOf(of).flatMap(({ properties: { query } }) => query?.replace(/^SOURCE '\w+' \| /, '') ?? []);
}

const WORDS_OF_QUERIES = new Set(
  'fields filter stats sort limit as by and or not like asc desc sum count count_distinct latest ispresent'.split(' '),
);

/** What a query names that it neither defines nor that is a word of the language. */
function fieldsOf(query: string): readonly string[] {
  const words = query.replaceAll(/"[^"]*"|\b\d+\b/g, '').match(/@?[A-Za-z]\w*/g) ?? [];
  const own = new Set([...query.matchAll(/\bas (\w+)/g)].map(([, name]) => name));
  return [...new Set(words)].filter((word) => !WORDS_OF_QUERIES.has(word) && !own.has(word));
}

/** What is searched: the metric's name and its dimensions, sorted. */
function searchesOf(of: Synthesis): readonly string[] {
  return [...JSON.stringify(widgetsOf(of)).matchAll(/\{Bursar((?:,\w+)*)\} MetricName=\\*"(\w+)/g)].map(
    ([, dimensions = '', name]) => [name, ...dimensions.split(',').slice(1).sort()].join(),
  );
}

/** What is graphed by name: `["Bursar", name, dimension, value, ..., options]`. */
function graphsOf(of: Synthesis): readonly string[] {
  return widgetsOf(of)
    .flatMap(({ properties: { metrics } }) => metrics ?? [])
    .filter(([namespace]) => namespace === 'Bursar')
    .map(([, name, ...rest]) => {
      const dimensions = rest.filter((part, i) => typeof part === 'string' && i % 2 === 0);
      return [name, ...dimensions.sort()].join();
    });
}

describe('the dashboard', () => {
  const bodyOf = ({ service }: Synthesis): string =>
    JSON.stringify(propertiesOf(service, 'AWS::CloudWatch::Dashboard'));

  test.each([
    ['spend by agent', '{Bursar,AgentName,Currency} MetricName=\\\\\\\\\\\\\\"SpendAmount'],
    ['spend by token', '{Bursar,Currency} MetricName=\\\\\\\\\\\\\\"SpendAmount'],
    ['spend by merchant', 'sum(amountUsd) as usd, count(*) as payments by payee'],
    ['remaining budgets', 'latest(remainingUsd)'],
    ['cost per task', 'by sessionId, agentName'],
    ['success rate', 'PaymentSuccessCount'],
    ['windows that ran out', 'policy_window'],
    ['denials by rule', 'count(*) as denials, latest(tool) as lastTool, latest(origin) as lastOrigin by rule'],
    ['what is frozen', 'Freezes'],
    ['denials by reason', '{Bursar,Reason} MetricName=\\\\\\\\\\\\\\"Denials'],
    ['throttles', 'SignerThrottles'],
    ['oldest reservation age', 'OldestReservationAge'],
    ['errors of the API', '5XXError'],
    ['refusals by the API', '4XXError'],
    ['dead letters', 'ApproximateNumberOfMessagesVisible'],
    ['events that wait', 'IteratorAge'],
  ])('shows %s', (_what, part) => {
    expect(bodyOf(app).replaceAll(/\\+/g, '\\')).toContain(part.replaceAll(/\\+/g, '\\'));
  });

  test.each(['reserve', 'sign', 'decide', 'settle'])('shows the latency of %s', (phase) => {
    expect(bodyOf(app)).toMatch(new RegExp(`${phase}Latency[^\\]]*p99`, 'i'));
  });

  test('graphs only metrics that are written, under sets of dimensions that they are written under', () => {
    const written = Object.entries(METRICS).flatMap(([name, { dimensions }]) =>
      dimensions.map((set: readonly string[]) => [name, ...set.toSorted()].join()),
    );
    const read = [...searchesOf(app), ...graphsOf(app)];
    expect(read.length).toBeGreaterThan(20);
    for (const metric of read) expect(written).toContain(metric);
  });

  test('asks the log of payments only for members that lines of payments have', () => {
    const schema = JSON.parse(readFileSync(join(PROJECT_ROOT, 'docs/reference/log-schema.json'), 'utf8')) as LogSchema;
    const members = Object.keys(schema.$defs['request.served'].properties);
    expect(queriesOf(app)).toHaveLength(4);
    for (const query of queriesOf(app))
      expect([query, fieldsOf(query).filter((name) => !members.includes(name))]).toEqual([query, []]);
  });

  test('finds the members that a query names', () => {
    const query =
      'fields a, b | filter c = "x y" and not ispresent(d) | stats count_distinct(e) as n, sum(f) by g | sort n desc';
    expect(fieldsOf(query)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  });

  test('is drawn in the documents as it is laid out', () => {
    const picture = readFileSync(join(PROJECT_ROOT, 'docs/reference/dashboard.svg'), 'utf8');
    expect(picture).toBe(formatDashboardPicture(widgetsOf(app)));
  });

  test('is one, and none on request', async () => {
    expect(propertiesOf(app.service, 'AWS::CloudWatch::Dashboard')).toHaveLength(1);
    const { service } = await synthesize({ dashboards: false });
    expect(propertiesOf(service, 'AWS::CloudWatch::Dashboard')).toHaveLength(0);
  });
});

test('a twentieth of the requests is traced, and the first of each second', async () => {
  const ruleOf = ({ service }: Synthesis): unknown =>
    propertiesOf(service, 'AWS::XRay::SamplingRule')[0]!['SamplingRule'];
  expect(ruleOf(app)).toMatchObject({ FixedRate: 0.05, ReservoirSize: 1, ServiceName: 'Bursar/v1' });
  expect(ruleOf(await synthesize({ traceSamplingRate: 0 }))).toMatchObject({ FixedRate: 0, ReservoirSize: 0 });
});
