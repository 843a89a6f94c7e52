import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { redact } from './child.ts';
import type { DeployedStack } from './inventory.ts';
import { sdkOptionsOf, type Target } from './target.ts';

const LINES_MAX = 30;
const RECENT_MS = 10 * 60_000;
const PLATFORM_LINE = /^(?:START|END|REPORT) RequestId/;

/** What the functions wrote in the last minutes, oldest first, without secrets. */
export async function recentLogs(target: Target, { resources }: DeployedStack): Promise<string> {
  const client = new CloudWatchLogsClient(sdkOptionsOf(target));
  const lines: { readonly at: number; readonly text: string }[] = [];
  try {
    for (const { physicalId, logicalId } of resources.filter(({ type }) => type === 'AWS::Logs::LogGroup')) {
      const { events = [] } = await client.send(
        new FilterLogEventsCommand({ logGroupName: physicalId, startTime: Date.now() - RECENT_MS }),
      );
      for (const { timestamp = 0, message = '' } of events) {
        if (PLATFORM_LINE.test(message)) continue;
        lines.push({ at: timestamp, text: redact(`${logicalId}: ${message.trimEnd()}`) });
      }
    }
  } finally {
    client.destroy();
  }
  return lines
    .sort((a, b) => a.at - b.at)
    .slice(-LINES_MAX)
    .map(({ text }) => text)
    .join('\n');
}
