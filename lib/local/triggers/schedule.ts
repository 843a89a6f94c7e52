import { randomUUID } from 'node:crypto';
import type { Environment } from '../template/environment.ts';
import type { InvocationResult } from '../runtime/runtime.ts';
import type { ScheduleDefinition } from '../template/schedules.ts';

export interface ScheduleDriver {
  /**
   * Invokes the target of a schedule now, whenever it would be due.
   * @param name the schedule's name, or the name of its function
   * @throws Error where there is no such schedule
   */
  run(name: string): Promise<InvocationResult>;
  close(): void;
}

export interface ScheduleOptions {
  readonly schedules: readonly ScheduleDefinition[];
  readonly environment: Environment;
  readonly invoke: (functionName: string, event: unknown) => Promise<InvocationResult>;
  readonly report: (problem: string) => void;
  /** `null` leaves the schedules to `run`. */
  readonly timers: 'running' | null;
}

/** Plays EventBridge's rules and schedules: each target once per interval, first one interval after the start, no retries. */
export function createScheduleDriver(options: ScheduleOptions): ScheduleDriver {
  const fire = async (schedule: ScheduleDefinition): Promise<InvocationResult> => {
    const result = await options.invoke(schedule.functionName, createEvent(schedule, options.environment));
    if (result.status === 'failed') options.report(`schedule ${schedule.name}: ${result.errorMessage}`);
    else if (result.status !== 'succeeded') options.report(`schedule ${schedule.name}: ${result.status}`);
    return result;
  };
  const timers =
    options.timers === null
      ? []
      : options.schedules.map((schedule) => setInterval(() => void fire(schedule), schedule.everyMs));
  return {
    run: (name) => {
      const schedule = options.schedules.find((one) => one.name === name || one.functionName === name);
      if (schedule !== undefined) return fire(schedule);
      const names = options.schedules.map((one) => one.name).join(', ');
      return Promise.reject(new Error(`no schedule ${name}: expected one of ${names}`));
    },
    close: () => {
      for (const timer of timers) clearInterval(timer);
    },
  };
}

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html */
function createEvent(schedule: ScheduleDefinition, { region, account }: Environment): unknown {
  if (schedule.input !== null) return JSON.parse(schedule.input);
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: schedule.source,
    account,
    time: `${new Date().toISOString().slice(0, 19)}Z`,
    region,
    resources: [schedule.arn],
    detail: schedule.source === 'aws.scheduler' ? '{}' : {},
  };
}
