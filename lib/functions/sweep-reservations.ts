import { schemeOf } from '../protocols/catalogue.ts';
import { createExpiryIndex } from '../ledger/dynamodb/books/expiry-index.ts';
import { createGateReader } from '../ledger/dynamodb/books/gate-item.ts';
import { createLedger } from '../ledger/dynamodb/books/ledger.ts';
import { createSignedSums } from '../ledger/dynamodb/books/signed-sums.ts';
import { createSweepIndex } from '../ledger/dynamodb/books/sweep-index.ts';
import { createSweepReads } from '../ledger/dynamodb/books/sweep-reads.ts';
import { createWindowBooks } from '../ledger/dynamodb/windows/window-books.ts';
import { OPEN_GATE } from '../domain/payment/gate.ts';
import { addMs, type EpochMs } from '../domain/time.ts';
import { readBaseConfig, readMetricNamespace } from './runtime/config.ts';
import {
  visitDueSessions,
  type ExpiryDeps,
  type ExpiryProblem,
  type ExpiryReport,
} from '../service/sweeping/expiry.ts';
import { auditSession } from '../service/sweeping/session-audit.ts';
import { sweep } from '../service/sweeping/sweep.ts';
import type { SweepDeps, SweepReport } from '../service/sweeping/sweep-report.ts';
import { formatLogLine } from '../telemetry/log-line.ts';
import { sweepMetrics } from '../telemetry/sweep-metrics.ts';
import { composeProblemReport, drawDeploymentId, systemClock, writeLog } from './runtime/runtime.ts';
import { openStore } from './runtime/transport.ts';
import { describeFailure } from '../api/function.ts';

/** Finishes what crashed handlers left, then ends sessions that expired and audits those that ended: runs every minute, in two passes. */
export function composeSweepReservations(
  env: NodeJS.ProcessEnv,
): (event: unknown, context: { getRemainingTimeInMillis(): number }) => Promise<SweepReport & ExpiryReport> {
  const config = readBaseConfig(env);
  const namespace = readMetricNamespace(env);
  const { client } = openStore(env);
  const store = { tableName: config.booksTable, client, clock: systemClock, schemeOf };
  const ledger = createLedger({ ...store, singleSendClient: client, drawDeploymentId });
  const deps: SweepDeps = {
    ledger,
    reads: createSweepReads(store),
    index: createSweepIndex(store),
    clock: systemClock,
    report: createSweepReport(composeProblemReport(env)),
  };
  const gate = createGateReader(store);
  const audit = { ledger, clock: systemClock, sums: createSignedSums(store), windows: createWindowBooks(store) };
  const expiry: ExpiryDeps = {
    index: createExpiryIndex(store),
    audit: (session) => auditSession(audit, session),
    clock: systemClock,
    report: reportExpiry,
  };
  return async (_event, context) => {
    const deadline = addMs(systemClock.now(), context.getRemainingTimeInMillis());
    let expired: ExpiryReport = { expiredSessions: 0, auditedSessions: 0, spentMismatches: 0, failedSessions: 0 };
    const meanwhile = async (until: EpochMs) => {
      expired = await visitDueSessions(expiry, until);
    };
    const report = { ...(await sweep(deps, { deadline, meanwhile })), ...expired };
    const { frozenAt, freezes } = (await gate.find()) ?? OPEN_GATE;
    const at = systemClock.now();
    writeLog(
      formatLogLine(
        { event: 'sweep.finished', level: 'INFO', at },
        {
          ...report,
          ...sweepMetrics({ namespace, at }, { ...report, frozen: frozenAt !== null, freezes: freezes.size }),
        },
      ),
    );
    return report;
  };
}

function createSweepReport(reportProblem: ReturnType<typeof composeProblemReport>): SweepDeps['report'] {
  return (problem) => {
    if (problem.event === 'sweep.visit_failed') return reportProblem(problem);
    const { event, shard, error } = problem;
    const failure = describeFailure(error);
    writeLog(formatLogLine({ event, level: 'WARN', at: systemClock.now() }, { shard, failure }));
  };
}

function reportExpiry(problem: ExpiryProblem): void {
  const at = systemClock.now();
  if (problem.event !== 'sweep.expiry_failed') {
    const { event, ...members } = problem;
    const level = event === 'sweep.spent_mismatch' ? 'ERROR' : 'WARN';
    return writeLog(formatLogLine({ event, level, at }, members));
  }
  const { event, sessionId, error } = problem;
  writeLog(formatLogLine({ event, level: 'WARN', at }, { sessionId, failure: describeFailure(error) }));
}
