import { setTimeout as wait } from 'node:timers/promises';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { parseManagerArn, resourceIn } from '../../lib/domain/ids.ts';
import type { Session } from '../../lib/domain/payment/session.ts';
import { LOCAL_ENVIRONMENT } from '../../lib/infra/build/synth.ts';
import { createSessionStore } from '../../lib/ledger/dynamodb/books/session-store.ts';
import { createDatabaseClient } from '../../lib/local/database/client.ts';
import type { LocalServices } from '../../lib/local/services.ts';
import type { SweepReport } from '../../lib/service/sweeping/sweep-report.ts';
import { startStack } from '../../lib/local/stack.ts';
import type { Account } from './account.ts';
import type { Traffic } from './traffic.ts';
import type { Evidence } from './verdict.ts';
import { toStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';

export interface AftermathOptions {
  readonly port: number;
  readonly dataDir: string;
  readonly account: Account;
  readonly traffic: Traffic;
  readonly sessionIds: readonly string[];
  readonly say: (line: string) => void;
}

/** Nothing may be held longer than two sweeps. */
const SWEEPS_MAX = 2;
/** In its first pass: the pause before the second is half a minute. */
const SWEEPER_DIES_AFTER_MS = 350;
const SWEEPER = /SweepReservations|sweep-reservations/;

export interface Aftermath {
  /** What each sweep did. */
  readonly sweeps: readonly SweepReport[];
  /** Reservations that the last kill left open. */
  readonly entriesLeft: number;
  /** After the sweeps, when nobody but the sweeper has finished what the abandoned tokens left. */
  readonly swept: Evidence;
  /** After every token was asked for once more, the abandoned ones too. */
  readonly final: Evidence;
}

/**
 * Starts the stack once more in this process, where its schedule can be driven: sweeps while the last tokens are asked for,
 * once more if anything is held still, and asks for every token again at the end.
 */
export async function bringToRest(options: AftermathOptions): Promise<Aftermath> {
  const { port, dataDir, traffic, say } = options;
  const stack = await startStack({ port, dataDir, fresh: 'keep', progress: () => {}, timers: null });
  try {
    const { services } = stack;
    const sweeper = [...services.functions.keys()].find((name) => SWEEPER.test(name));
    if (sweeper === undefined) throw new Error('the stack has no sweeper');
    const left = await readStoredSessions(services, options.account, options.sessionIds);
    const entriesLeft = left.reduce((sum, { open }) => sum + open.size, 0);
    await interruptSweep(services, sweeper);
    say('the stack is up for the last time; the sweeper runs, and open tokens are asked for again');
    const [first] = await Promise.all([sweepOnce(services, sweeper), traffic.drain()]);
    const sweeps = [first];
    while (sweeps.length < SWEEPS_MAX && (await isAnythingHeld(options))) {
      sweeps.push(await sweepOnce(services, sweeper));
    }
    const swept = await gatherEvidence(services, options);
    say('every token is asked for once more');
    await traffic.replay();
    return { sweeps, entriesLeft, swept, final: await gatherEvidence(services, options) };
  } finally {
    await stack.close();
  }
}

async function gatherEvidence(
  services: LocalServices,
  { account, traffic, sessionIds }: AftermathOptions,
): Promise<Evidence> {
  return {
    records: traffic.records,
    receipts: await account.listReceipts(),
    figures: await Promise.all(sessionIds.map((id) => account.readSession(id))),
    sessions: await readStoredSessions(services, account, sessionIds),
  };
}

async function sweepOnce(services: LocalServices, sweeper: string): Promise<SweepReport> {
  const result = await services.runSchedule(sweeper);
  if (result.status !== 'succeeded') throw new Error(`a sweep ended as ${result.status}`);
  return result.payload as SweepReport;
}

/** The sweeper dies as well, as soon as it has begun; what it did not finish is left to the next. */
async function interruptSweep(services: LocalServices, sweeper: string): Promise<void> {
  const pool = services.functions.get(sweeper);
  const sweeping = services.runSchedule(sweeper);
  await wait(SWEEPER_DIES_AFTER_MS);
  for (const id of pool?.processIds() ?? []) process.kill(id, 'SIGKILL');
  const { status } = await sweeping;
  if (status !== 'failed') throw new Error(`a sweep that was to be killed has ${status}`);
}

async function isAnythingHeld({ account, sessionIds }: AftermathOptions): Promise<boolean> {
  const figures = await Promise.all(sessionIds.map((id) => account.readSession(id)));
  return figures.some(({ reserved }) => reserved !== 0n);
}

/** Around the API, so that a mistake in what it shows cannot hide one in the books. */
async function readStoredSessions(
  { databaseEndpoint }: LocalServices,
  { managerArn }: Account,
  sessionIds: readonly string[],
): Promise<readonly Session[]> {
  const managerId = resourceIn({ partition: 'aws', ...LOCAL_ENVIRONMENT }, parseManagerArn(managerArn));
  if (managerId === null) throw new Error(`not a manager of the local stack: ${managerArn}`);
  const client = createDatabaseClient(databaseEndpoint);
  try {
    const { TableNames = [] } = await client.send(new ListTablesCommand({}));
    const [tableName, ...others] = TableNames.filter((name) => name.includes('Books'));
    if (tableName === undefined || others.length > 0) throw new Error('the database has no books of its own');
    const store = createSessionStore({ client: toStoreClient(client), tableName });
    const found = await Promise.all(sessionIds.map((sessionId) => store.readSession({ managerId, sessionId })));
    const sessions = found.filter((session) => session !== null);
    if (sessions.length !== sessionIds.length) throw new Error('a session is missing from the database');
    return sessions;
  } finally {
    client.destroy();
  }
}
