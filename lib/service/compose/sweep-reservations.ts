import { describeFailure } from '../../api/function.ts';
import { STORE_ATTEMPTS_MAX } from '../../domain/limits.ts';
import { createStoreClient } from '../../ledger/dynamodb/client.ts';
import { createLedger } from '../../ledger/dynamodb/ledger.ts';
import { createSweepIndex } from '../../ledger/dynamodb/sweep-index.ts';
import { readBaseConfig } from '../config.ts';
import { sweep, type SweepDeps, type SweepReport } from '../sweep.ts';
import { systemClock, writeLog } from './runtime.ts';

/** Finishes what crashed handlers left: runs every minute, in two passes. */
export function composeSweepReservations(env: NodeJS.ProcessEnv): () => Promise<SweepReport> {
  const config = readBaseConfig(env);
  const client = createStoreClient({ maxAttempts: STORE_ATTEMPTS_MAX });
  const store = { tableName: config.booksTable, client };
  const deps: SweepDeps = {
    ledger: createLedger({ ...store, singleSendClient: client }),
    index: createSweepIndex(store),
    clock: systemClock,
    report: ({ event, paymentId, error }) =>
      writeLog(JSON.stringify({ event, paymentId, failure: describeFailure(error) })),
  };
  return async () => {
    const report = await sweep(deps);
    writeLog(JSON.stringify({ event: 'sweep.finished', ...report }));
    return report;
  };
}
