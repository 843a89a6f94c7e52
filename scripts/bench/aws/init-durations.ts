import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { Credentials } from '../../../lib/cli/target/aws.ts';

/** As Lambda writes it in text, and in JSON. */
const INIT = /Init Duration: ([\d.]+) ms|"initDurationMs":\s*([\d.]+)/;
const PAGES_MAX = 50;

/** Milliseconds that starts of a function took since then, sorted, from what Lambda itself logs. */
export async function readInitDurations(
  region: string,
  credentials: Credentials,
  logGroupName: string,
  startTime: number,
): Promise<readonly number[]> {
  const client = new CloudWatchLogsClient({ region, credentials });
  const found: number[] = [];
  let nextToken: string | undefined;
  try {
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const filterPattern = '?"Init Duration" ?initDurationMs';
      const more = nextToken === undefined ? {} : { nextToken };
      const { events = [], nextToken: next } = await client.send(
        new FilterLogEventsCommand({ logGroupName, startTime, filterPattern, ...more }),
      );
      for (const { message = '' } of events) {
        const [, text, json] = INIT.exec(message) ?? [];
        if (text !== undefined || json !== undefined) found.push(Number(text ?? json));
      }
      nextToken = next;
      if (nextToken === undefined) break;
    }
  } finally {
    client.destroy();
  }
  return found.toSorted((a, b) => a - b);
}
