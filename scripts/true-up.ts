import { parseArgs } from 'node:util';
import { DynamoDBClient, ScanCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { createEvmEndpoints, demanding } from '../lib/chains/evm/endpoints.ts';
import { findNetwork } from '../lib/domain/assets.ts';
import { CHAIN_TRACE_MAX_MS, RPC_ENDPOINTS_MAX } from '../lib/domain/chain-limits.ts';
import { isSecureUrl } from '../lib/domain/loopback.ts';
import { formatUsd, toMicroUsd } from '../lib/domain/money.ts';
import { toEpochMs, type Clock } from '../lib/domain/time.ts';
import { createLedger, readBalanced } from '../lib/ledger/dynamodb/books/ledger.ts';
import { createTrueUps } from '../lib/ledger/dynamodb/books/true-ups.ts';
import { toStoreClient } from '../lib/ledger/dynamodb/store/sdk-client.ts';
import { schemeOf } from '../lib/protocols/catalogue.ts';
import { tracePayment } from '../lib/protocols/ceiling-traces.ts';
import { trueUpSession } from '../lib/service/sweeping/true-up.ts';

const USAGE = `usage: npm run trueup -- --books TABLE --network NAME --rpc-url URL [--region REGION]

Asks a chain what facilitators took of the payments that were signed with a ceiling (x402's upto), and gives the rest back to their
sessions, each once, however often and by however many it is run. It waits for nothing: what is not final stays for the next run.

  --books TABLE   the name of the table of the books
  --network NAME  CAIP-2 id or x402 name, such as eip155:8453 or base
  --rpc-url URL   an endpoint of that network which answers for its final block, and for the state of blocks of the last hours; may be
                  repeated: each next one is asked where those before it fail
  --region REGION of the table (default: that of the credential chain)

It needs dynamodb:Scan, GetItem and UpdateItem on the table and kms:Decrypt and GenerateDataKey with its key. Exit code: 0, or 1 where
the chain could not be asked of some payments, which stay as they are, or 2 where nothing could be done.`;

const EXIT = { done: 0, failed: 1, unusable: 2 } as const;
const SESSIONS_MAX = 100_000;

function readChoices() {
  const text = { type: 'string' } as const;
  const urls = { ...text, multiple: true } as const;
  const { values } = parseArgs({
    options: { books: text, network: text, 'rpc-url': urls, region: text, help: { type: 'boolean', default: false } },
  });
  if (values.help) return null;
  const { books, network: name, 'rpc-url': rpcUrls = [], region } = values;
  const network = name === undefined ? undefined : findNetwork(name);
  if (books === undefined) throw new Error(`--books is missing\n\n${USAGE}`);
  if (network === undefined) throw new Error(`--network is missing or unknown\n\n${USAGE}`);
  // Says nothing of what it was given, which may hold a key.
  const areUrls = rpcUrls.every((url) => URL.canParse(url) && isSecureUrl(new URL(url)));
  if (!areUrls || rpcUrls.length === 0 || rpcUrls.length > RPC_ENDPOINTS_MAX)
    throw new Error(`--rpc-url must be an https URL, given at most ${RPC_ENDPOINTS_MAX} times\n\n${USAGE}`);
  return { books, network, rpcUrls, region };
}

/** Sessions of which something may come back. Reads the whole table. */
async function* readWaiting(client: DynamoDBClient, TableName: string) {
  let start: Record<string, AttributeValue> | undefined;
  let count = 0;
  do {
    const page = await client.send(
      new ScanCommand({
        TableName,
        FilterExpression: 'begins_with(pk, :session) AND w > :none',
        ExpressionAttributeValues: { ':session': { S: 'SES#' }, ':none': { N: '0' } },
        ConsistentRead: true,
        ExclusiveStartKey: start,
      }),
    );
    for (const item of page.Items ?? []) {
      count += 1;
      if (count > SESSIONS_MAX) throw new Error(`${TableName} has more than ${SESSIONS_MAX} such sessions`);
      yield readBalanced(item);
    }
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
}

async function main(): Promise<number> {
  const choices = readChoices();
  if (choices === null) {
    process.stdout.write(`${USAGE}\n`);
    return EXIT.done;
  }
  const { books: tableName, network, rpcUrls, region } = choices;
  const database = new DynamoDBClient(region === undefined ? {} : { region });
  const client = toStoreClient(database);
  const clock: Clock = { now: () => toEpochMs(Date.now()), sleep: () => Promise.resolve() };
  const endpoints = createEvmEndpoints(network.id, rpcUrls, { clock, totalMs: CHAIN_TRACE_MAX_MS });
  const deps = {
    ledger: createLedger({
      tableName,
      client,
      singleSendClient: client,
      schemeOf,
      drawDeploymentId: () => {
        throw new Error('nothing here makes books');
      },
    }),
    trueUps: createTrueUps({ tableName, client }),
    clock,
  };
  const total = { givenBack: 0n, closed: 0, open: 0, failed: 0 };
  let elsewhere = 0;
  try {
    for await (const session of readWaiting(database, tableName)) {
      const tally = await trueUpSession(
        {
          ...deps,
          trace: async (payment) => {
            if (payment.offer.network === network.id)
              return endpoints.use((ask) => tracePayment(payment, demanding(ask)));
            elsewhere += 1;
            return { kind: 'open' };
          },
        },
        session,
      );
      total.givenBack += tally.givenBack;
      total.closed += tally.closed;
      total.open += tally.open;
      for (const failure of tally.failures) {
        total.failed += 1;
        process.stderr.write(`true-up: ${failure instanceof Error ? failure.message : String(failure)}\n`);
      }
    }
  } finally {
    database.destroy();
  }
  process.stdout.write(
    `USD ${formatUsd(toMicroUsd(total.givenBack))} came back of ${total.closed} payments; ${total.open - elsewhere} are not final ` +
      `yet, ${elsewhere} are of other networks, ${total.failed} could not be asked for\n`,
  );
  return total.failed === 0 ? EXIT.done : EXIT.failed;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`true-up: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = EXIT.unusable;
}
