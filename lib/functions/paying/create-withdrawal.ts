import type { OperationHandler } from '../../api/function.ts';
import { toWithdrawalView } from '../../api/views/withdrawals.ts';
import { resourceIn, type Deployment } from '../../domain/ids.ts';
import { ok, refuse } from '../../domain/result.ts';
import { createAllowanceBooks } from '../../ledger/dynamodb/allowances/allowance-books.ts';
import { createWithdrawalOutcomes } from '../../ledger/dynamodb/allowances/withdrawal-outcomes.ts';
import { createWithdrawalSessions } from '../../ledger/dynamodb/books/withdrawal-sessions.ts';
import type { StoreTable } from '../../ledger/dynamodb/store/conditional-write.ts';
import type { CoinWithdrawalDeps } from '../../service/allowances/requesting-withdrawals.ts';
import { withdraw, type WithdrawalDeps } from '../../service/paying/withdrawals.ts';
import { createPaymentObserver } from '../../telemetry/payment-observer.ts';
import { toPaymentFields } from './paid-answer.ts';
import { monotonicMs } from '../runtime/runtime.ts';

/** Takes money out of a wallet. In the paying function, since no other one can sign. */
export function createWithdrawalHandler(
  deployment: Deployment,
  table: StoreTable,
  given: Omit<WithdrawalDeps, 'sessions' | 'coins'> & { readonly approvals?: 'sent' | null },
): OperationHandler<'CreateWithdrawal'> {
  const coins: CoinWithdrawalDeps = {
    books: createAllowanceBooks(table),
    outcomes: createWithdrawalOutcomes(table),
    clock: given.clock,
  };
  const sessions = createWithdrawalSessions(table);
  const deps: WithdrawalDeps = { ...given, sessions, coins: given.approvals === 'sent' ? coins : null };
  return async ({ input, principal, agentName, deadline, record }) => {
    const managerId = resourceIn(deployment, input.manager);
    // As of a manager that is missing: managers are not read here, since deleted ones count.
    if (managerId === null) return refuse({ reason: 'not_found', resource: 'instrument' });
    const observer = createPaymentObserver(record, monotonicMs);
    const result = await withdraw(
      { ...deps, observer },
      {
        managerId,
        userId: principal.userId,
        agentName,
        instrumentId: input.instrumentId,
        network: input.network,
        amount: input.amount,
        destination: input.destination,
        clientToken: input.clientToken,
        deadline,
      },
    );
    if (!result.ok) return result;
    const payment = result.value;
    return ok({
      body: toWithdrawalView(deployment, payment),
      log: {
        ...toPaymentFields(payment),
        ...(record.values.SignLatency === undefined ? { replayed: true } : {}),
      },
    });
  };
}
