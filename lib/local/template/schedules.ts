import type { Environment } from './environment.ts';
import { parseFunctionArn } from './integration.ts';
import type { FindResources, ResolvedResource } from './resolved-resource.ts';

export interface ScheduleDefinition {
  readonly name: string;
  readonly arn: string;
  readonly logicalId: string;
  readonly source: 'aws.events' | 'aws.scheduler';
  readonly everyMs: number;
  readonly functionName: string;
  /** What the function gets instead of the usual event, or `null`. */
  readonly input: string | null;
}

const RATE = /^rate\(([1-9][0-9]{0,5}) (minute|hour|day)s?\)$/;
const UNIT_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

interface Target {
  readonly Arn?: unknown;
  readonly Input?: unknown;
}

/** The enabled schedules that invoke functions. Knows rates, not cron expressions. */
export function readSchedules(find: FindResources, environment: Environment): ScheduleDefinition[] {
  const rules = find('AWS::Events::Rule')
    .filter((rule) => rule.property('ScheduleExpression') !== undefined)
    .flatMap((rule) =>
      ((rule.property('Targets') ?? []) as readonly Target[]).map((target) =>
        toSchedule(rule, 'aws.events', target, environment),
      ),
    );
  const schedules = find('AWS::Scheduler::Schedule').map((schedule) =>
    toSchedule(schedule, 'aws.scheduler', schedule.property('Target') as Target, environment),
  );
  return [...rules, ...schedules].filter((schedule) => schedule !== null);
}

function toSchedule(
  resource: ResolvedResource,
  source: ScheduleDefinition['source'],
  target: Target,
  environment: Environment,
): ScheduleDefinition | null {
  if (resource.property('State') === 'DISABLED') return null;
  const expression = resource.text('ScheduleExpression');
  const rate = RATE.exec(expression);
  if (rate === null) throw resource.error(`expected a schedule such as rate(1 minute), found ${expression}`);
  const functionName = parseFunctionArn(String(target.Arn), environment)?.name;
  if (functionName === undefined) throw resource.error(`expected a function as target, found ${String(target.Arn)}`);
  return {
    name: resource.ref,
    arn: resource.arn(),
    logicalId: resource.logicalId,
    source,
    everyMs: Number(rate[1]) * UNIT_MS[rate[2] as keyof typeof UNIT_MS],
    functionName,
    input: typeof target.Input === 'string' ? target.Input : null,
  };
}
