import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { eraseDetails } from './erase-details/erase.ts';

const USAGE = `usage: npm run erase:details -- --books TABLE --older-than-days N [--yes] [--region REGION]

Takes from payments that are older what only their receipts show, such as the agent's name, and what their sellers signed of them.
Amounts, payees, states and signatures stay, since a token may come back. Without --yes it counts and changes nothing.

  --books TABLE         the name of the table of the books
  --older-than-days N   30 to 36500
  --yes                 erases; it cannot be undone, but by restoring the table
  --region REGION       of the table (default: that of the credential chain)

It needs dynamodb:Scan and dynamodb:UpdateItem on the table, and kms:Decrypt with its key.`;

/** Within a month receipts are asked for. */
const [DAYS_MIN, DAYS_MAX] = [30, 36_500];
const DAY_MS = 24 * 3_600_000;

async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    options: { books: text, 'older-than-days': text, region: text, yes: flag, help: flag },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const { books, region, yes: erase } = values;
  if (books === undefined) throw new Error('--books is missing');
  const given = values['older-than-days'] ?? '';
  const days = /^\d{1,5}$/.test(given) ? Number(given) : Number.NaN;
  if (!(days >= DAYS_MIN && days <= DAYS_MAX)) {
    throw new Error(`--older-than-days must be an integer from ${DAYS_MIN} to ${DAYS_MAX}. Received: ${given}`);
  }
  const client = new DynamoDBClient(region === undefined ? {} : { region });
  try {
    const count = await eraseDetails({ client, booksTable: books, before: Date.now() - days * DAY_MS, erase });
    const what = erase ? 'payments have no details any more' : 'payments have details: --yes erases them';
    process.stdout.write(`${count} ${what}\n`);
    return 0;
  } finally {
    client.destroy();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`erase-details: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
