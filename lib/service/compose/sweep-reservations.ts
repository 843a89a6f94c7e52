import { STORE_ATTEMPTS_MAX } from '../../domain/limits.ts';
import { createStoreClient } from '../../ledger/dynamodb/client.ts';
import { createExpiryIndex } from '../../ledger/dynamodb/expiry-index.ts';
import { createLedger } from '../../ledger/dynamodb/ledger.ts';
import { createSweepIndex } from '../../ledger/dynamodb/sweep-index.ts';
import { readBaseConfig } from '../config.ts';
import { markExpiredSessions, type ExpiryDeps, type ExpiryReport } from '../expiry.ts';
import { sweep, type SweepDeps, type SweepReport } from '../sweep.ts';
import { formatLogLine } from '../../telemetry/log-line.ts';
import { sweepMetrics } from '../../telemetry/sweep-metrics.ts';
import { reportProblem, systemClock, writeLog } from './runtime.ts';
import { describeFailure } from '../../api/function.ts';

/** Finishes what crashed handlers left: runs every minute, in two passes. */
export function composeSweepReservations(env: NodeJS.ProcessEnv): () => Promise<SweepReport & ExpiryReport> {
  const config = readBaseConfig(env);
  const client = createStoreClient({ maxAttempts: STORE_ATTEMPTS_MAX });
  const store = { tableName: config.booksTable, client };
  const deps: SweepDeps = {
    ledger: createLedger({ ...store, singleSendClient: client }),
    index: createSweepIndex(store),
    clock: systemClock,
    report: reportProblem,
  };
  const expiry: ExpiryDeps = { index: createExpiryIndex(store), clock: systemClock, report: reportExpiry };
  return async () => {
    const expired = await markExpiredSessions(expiry);
    const report = { ...(await sweep(deps)), ...expired };
    const at = systemClock.now();
    writeLog(formatLogLine({ event: 'sweep.finished', level: 'INFO', at }, { ...report, ...sweepMetrics(at, report) }));
    return report;
  };
}

function reportExpiry({ event, sessionId, error }: Parameters<ExpiryDeps['report']>[0]): void {
  const failure = describeFailure(error);
  writeLog(formatLogLine({ event, level: 'WARN', at: systemClock.now() }, { sessionId, failure }));
}
