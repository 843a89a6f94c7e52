import { describeFailure } from '../api/function.ts';
import { createEvmEndpoints, demanding } from '../chains/evm/endpoints.ts';
import type { NetworkId } from '../domain/assets.ts';
import { CHAIN_TRACE_MAX_MS } from '../domain/chain-limits.ts';
import { STORE_ATTEMPTS_MAX, TRUE_UP_RUN_MARGIN_MS } from '../domain/limits.ts';
import { formatUsd, toMicroUsd } from '../domain/money.ts';
import { addMs } from '../domain/time.ts';
import { createLedger } from '../ledger/dynamodb/books/ledger.ts';
import { createTrueUps } from '../ledger/dynamodb/books/true-ups.ts';
import { createTrueUpVisits } from '../ledger/dynamodb/books/true-up-visits.ts';
import { createStoreClient } from '../ledger/dynamodb/store/sdk-client.ts';
import { schemeOf } from '../protocols/catalogue.ts';
import { tracePayment } from '../protocols/ceiling-traces.ts';
import { trueUpDue, type TrueUpReport, type TrueUpRunDeps } from '../service/sweeping/true-up-run.ts';
import { formatLogLine } from '../telemetry/log-line.ts';
import { chainAccess } from './runtime/chain-endpoints.ts';
import { readSendingConfig } from './runtime/chain-config.ts';
import { drawDeploymentId, systemClock, writeLog } from './runtime/runtime.ts';

/** Asks the chains what facilitators took of ceilings, and gives the rest back: runs every minute, and has no key. */
export function composeTrueUp(
  env: NodeJS.ProcessEnv,
): (event: unknown, context: { getRemainingTimeInMillis(): number }) => Promise<{ readonly closed: number }> {
  const config = readSendingConfig(env);
  const client = createStoreClient({ maxAttempts: STORE_ATTEMPTS_MAX });
  const table = { tableName: config.booksTable, client };
  const access = { ...chainAccess, totalMs: CHAIN_TRACE_MAX_MS };
  const chains = new Map(
    Object.entries(config.rpcUrls).map(([id, urls]) => [id, createEvmEndpoints(id as NetworkId, urls, access)]),
  );
  const deps: TrueUpRunDeps = {
    ledger: createLedger({ ...table, singleSendClient: client, schemeOf, drawDeploymentId }),
    trueUps: createTrueUps(table),
    visits: createTrueUpVisits(table),
    trace: (payment) => {
      const endpoints = chains.get(payment.offer.network);
      if (endpoints === undefined) throw new Error(`no RPC endpoint for ${payment.offer.network}`);
      return endpoints.use((ask) => tracePayment(payment, demanding(ask)));
    },
    clock: systemClock,
    report: ({ paymentId, error }) => {
      const line = { event: 'true_up.visit_failed', level: 'WARN', at: systemClock.now() } as const;
      writeLog(formatLogLine(line, { paymentId, failure: describeFailure(error) }));
    },
  };
  return async (_event, context) => {
    const left = context.getRemainingTimeInMillis() - TRUE_UP_RUN_MARGIN_MS;
    const report = toLogged(await trueUpDue(deps, addMs(systemClock.now(), left)));
    writeLog(formatLogLine({ event: 'true_up.finished', level: 'INFO', at: systemClock.now() }, report));
    return report;
  };
}

function toLogged({ givenBack, ...counts }: TrueUpReport) {
  return { ...counts, givenBackUsd: formatUsd(toMicroUsd(givenBack)) };
}
