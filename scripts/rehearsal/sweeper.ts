import { setTimeout as wait } from 'node:timers/promises';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Checks } from './checks.ts';
import type { DeployedStack } from './inventory.ts';
import { sdkOptionsOf, type Target } from './target.ts';

const LOGS_TIMEOUT_MS = 60_000;
const LOGS_PAUSE_MS = 1_000;
const SWEEPER = /^SweepReservations/;

/** Runs the sweeper as its schedule does, through the alias, and finds its report in its log group. */
export async function checkSweeper(target: Target, service: DeployedStack, checks: Checks): Promise<void> {
  const alias = physicalIdOf(service, 'AWS::Lambda::Alias');
  const lambda = new LambdaClient(sdkOptionsOf(target));
  try {
    const { FunctionError, StatusCode } = await lambda.send(
      new InvokeCommand({ FunctionName: alias, Payload: Buffer.from('{}') }),
    );
    checks.equals('the sweeper runs', { StatusCode, FunctionError }, { StatusCode: 200, FunctionError: undefined });
  } finally {
    lambda.destroy();
  }
  const report = await findReport(target, physicalIdOf(service, 'AWS::Logs::LogGroup'));
  checks.equals('its report is in its log group, without a failure', report, { event: 'sweep.finished', failed: 0 });
}

function physicalIdOf({ resources }: DeployedStack, type: string): string {
  const found = resources.filter((each) => each.type === type && SWEEPER.test(each.logicalId));
  if (found.length !== 1) throw new Error(`expected one ${type} of the sweeper, found ${found.length}`);
  return found[0]!.physicalId;
}

/** Logs arrive late. */
async function findReport(target: Target, logGroupName: string): Promise<{ event: string; failed: number } | null> {
  const logs = new CloudWatchLogsClient(sdkOptionsOf(target));
  const deadline = performance.now() + LOGS_TIMEOUT_MS;
  try {
    for (;;) {
      const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName }));
      for (const { message = '' } of events) {
        const report = parseReport(message);
        if (report !== null) return report;
      }
      if (performance.now() > deadline) return null;
      await wait(LOGS_PAUSE_MS);
    }
  } finally {
    logs.destroy();
  }
}

function parseReport(line: string): { event: string; failed: number } | null {
  const start = line.indexOf('{');
  if (start < 0) return null;
  try {
    const { event, failed } = JSON.parse(line.slice(start)) as { event?: unknown; failed?: unknown };
    return event === 'sweep.finished' && typeof failed === 'number' ? { event, failed } : null;
  } catch {
    return null;
  }
}
