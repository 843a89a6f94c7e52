import { describeFailure } from '../api/function.ts';
import { createApprovalChain } from '../chains/evm/approval-chain.ts';
import { findNetwork } from '../domain/assets.ts';
import { APPROVAL_RUN_MARGIN_MS, STORE_ATTEMPTS_MAX } from '../domain/limits.ts';
import type { ApprovalChains } from '../domain/ports/allowances.ts';
import { addMs } from '../domain/time.ts';
import { createAllowanceBooks, createAllowanceVisits } from '../ledger/dynamodb/allowances/allowance-books.ts';
import { createWithdrawalOutcomes } from '../ledger/dynamodb/allowances/withdrawal-outcomes.ts';
import { createPaymentLog } from '../ledger/dynamodb/books/payment-log.ts';
import { createSessionStore } from '../ledger/dynamodb/books/session-store.ts';
import { createStoreClient } from '../ledger/dynamodb/store/sdk-client.ts';
import { schemeOf } from '../protocols/catalogue.ts';
import { readNeed } from '../service/allowances/need.ts';
import { sendApprovals, type SendingReport, type SendingRunDeps } from '../service/allowances/sending-run.ts';
import { formatLogLine } from '../telemetry/log-line.ts';
import { readApprovalGas } from './paying/approval-gas.ts';
import type { RpcUrls } from '../choices/rpc-urls.ts';
import { chainAccess } from './runtime/chain-endpoints.ts';
import { readSendingConfig } from './runtime/chain-config.ts';
import { systemClock, writeLog } from './runtime/runtime.ts';

/** Freezes approvals and withdrawals of coins for the signer and brings what it signed to the chains: runs every minute, and has no key. */
export function composeSendApprovals(
  env: NodeJS.ProcessEnv,
): (event: unknown, context: { getRemainingTimeInMillis(): number }) => Promise<SendingReport> {
  const config = readSendingConfig(env);
  const gasPerDay = readApprovalGas(env);
  if (gasPerDay === null) throw new Error('the function is not configured: APPROVAL_GAS_PER_DAY is not set');
  const client = createStoreClient({ maxAttempts: STORE_ATTEMPTS_MAX });
  const table = { tableName: config.booksTable, client };
  const books = { ...table, clock: systemClock, schemeOf };
  const need = {
    sessions: createSessionStore(books),
    payments: createPaymentLog(books),
    schemeOf,
    clock: systemClock,
  };
  const deps: SendingRunDeps = {
    books: createAllowanceBooks(table),
    outcomes: createWithdrawalOutcomes(table),
    payments: need.payments,
    visits: createAllowanceVisits(table),
    chains: openChains(config.rpcUrls, config.allowedNetworks),
    readNeed: (wallet, token) => readNeed(need, wallet, token),
    gasPerDay,
    clock: systemClock,
    report: ({ key: { network, owner }, error }) => {
      const line = { event: 'approvals.visit_failed', level: 'WARN', at: systemClock.now() } as const;
      writeLog(formatLogLine(line, { network, wallet: owner, failure: describeFailure(error) }));
    },
  };
  return async (_event, context) => {
    const left = context.getRemainingTimeInMillis() - APPROVAL_RUN_MARGIN_MS;
    const report = await sendApprovals(deps, addMs(systemClock.now(), left));
    writeLog(formatLogLine({ event: 'approvals.finished', level: 'INFO', at: systemClock.now() }, report));
    return report;
  };
}

function openChains(rpcUrls: RpcUrls, allowed: ReadonlySet<string>): ApprovalChains {
  return new Map(
    Object.entries(rpcUrls).flatMap(([id, urls]) => {
      const network = allowed.has(id) ? findNetwork(id) : undefined;
      return network === undefined ? [] : [[network.id, createApprovalChain(network.id, urls, chainAccess)] as const];
    }),
  );
}
