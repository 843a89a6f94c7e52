import { describeFailure } from '../../api/function.ts';
import { APPROVALS } from '../../chains/evm/approval.ts';
import { TRANSFERS } from '../../chains/evm/coin-transfer.ts';
import { createAllowanceBooks } from '../../ledger/dynamodb/allowances/allowance-books.ts';
import { walletOf } from '../../ledger/dynamodb/allowances/allowance-stream.ts';
import type { StreamRecord } from '../../ledger/dynamodb/store/stream-record.ts';
import type { StoreTable } from '../../ledger/dynamodb/store/conditional-write.ts';
import { signApproval, type ApprovalSigningDeps } from '../../service/allowances/signing.ts';
import type { WithdrawalSigning } from '../../service/allowances/signing-withdrawals.ts';
import { formatLogLine } from '../../telemetry/log-line.ts';
import { readApprovalGas } from './approval-gas.ts';
import { readPayingConfig } from '../runtime/config.ts';
import { systemClock, writeLog } from '../runtime/runtime.ts';

/** @see https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html */
interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** What a mapping of the books' stream hands over. */
export interface BooksChanges {
  readonly Records: readonly StreamRecord[];
}

/** Signs approvals and withdrawals of coins that were frozen. In the paying function, since no other one can sign; called by the stream, and sends nothing. */
export function createApprovalSigner(
  env: NodeJS.ProcessEnv,
  table: StoreTable,
  given: Pick<ApprovalSigningDeps, 'registry' | 'signers' | 'allowedNetworks'> &
    Pick<WithdrawalSigning, 'ledger'> &
    Pick<ApprovalSigningDeps, 'ledger'>,
): (changes: BooksChanges) => Promise<BatchResponse> {
  const gasPerDay = readApprovalGas(env);
  const { withdrawalAddresses: destinations } = readPayingConfig(env);
  const deps = {
    ...given,
    books: createAllowanceBooks(table),
    form: APPROVALS,
    withdrawals: { ledger: given.ledger, form: TRANSFERS, destinations },
    clock: systemClock,
  };
  return async ({ Records: records }) => {
    // Without gas nothing is frozen any more, and what was frozen before is not signed.
    if (gasPerDay === null) return { batchItemFailures: [] };
    for (const record of records) {
      const wallet = walletOf(record);
      if (wallet === null) continue;
      const { network, owner } = wallet;
      try {
        const signing = await signApproval({ ...deps, gasPerDay }, wallet);
        if (signing === 'nothing') continue;
        const at = systemClock.now();
        const line =
          signing === 'signed'
            ? ({ event: 'approval.signed', level: 'INFO', at } as const)
            : ({ event: 'approval.refused', level: 'WARN', at } as const);
        writeLog(formatLogLine(line, { network, wallet: owner }));
      } catch (error) {
        const line = { event: 'approval.sign_failed', level: 'WARN', at: systemClock.now() } as const;
        writeLog(formatLogLine(line, { network, wallet: owner, failure: describeFailure(error) }));
        // Lambda hands over again from here on.
        return { batchItemFailures: [{ itemIdentifier: record.dynamodb.SequenceNumber }] };
      }
    }
    return { batchItemFailures: [] };
  };
}
