import { randomBytes } from 'node:crypto';
import { createPublicClient, createTestClient, http, parseEther, type Hex } from 'viem';
import { withdrawalOf } from '../../lib/domain/allowances/withdrawal-steps.ts';
import type { WithdrawalOutcome } from '../../lib/domain/allowances/withdrawal-outcome.ts';
import type { Payment } from '../../lib/domain/payment/payment.ts';
import type { Refusal } from '../../lib/domain/refusal.ts';
import type { Result } from '../../lib/domain/result.ts';
import { addMs } from '../../lib/domain/time.ts';
import { createStoreClient } from '../../lib/ledger/dynamodb/store/sdk-client.ts';
import { createWithdrawalSessions } from '../../lib/ledger/dynamodb/books/withdrawal-sessions.ts';
import type { LocalChain } from '../../lib/local/chain/index.ts';
import { visitAllowance } from '../../lib/service/allowances/sending.ts';
import { signApproval } from '../../lib/service/allowances/signing.ts';
import { withdraw, type WithdrawalDeps, type WithdrawalRequest } from '../../lib/service/paying/withdrawals.ts';
import { createApprovingWorld, KEY, type ApprovingWorld } from './approving.ts';
import type { TestDatabase } from './database.ts';
import { HOME } from './withdrawing.ts';

export const AMOUNT_WEI = parseEther('0.25');
const ROUNDS_MAX = 40;

/** A wallet whose coin is withdrawn, signed for and sent beside its approvals: real books, a real chain. */
export interface CoinWorld extends ApprovingWorld {
  readonly withdrawing: WithdrawalDeps;
  request(overrides?: Partial<WithdrawalRequest>): WithdrawalRequest;
  withdraw(overrides?: Partial<WithdrawalRequest>): Promise<Result<Payment, Refusal>>;
  /** Looks and signs until the wallet is busy with no withdrawal. */
  complete(): Promise<void>;
  outcomeOf(payment: Payment): Promise<WithdrawalOutcome | null>;
  /** What has come home since the world was made, in wei. */
  arrived(): Promise<bigint>;
  balance(): Promise<bigint>;
  setBalance(wei: bigint): Promise<void>;
  /** Makes a contract of an address, or an account of one. */
  setCode(address: Hex, code: Hex): Promise<void>;
  /** What the wallet paid for gas in these transactions. */
  gasOf(hashes: readonly Hex[]): Promise<bigint>;
}

export async function createCoinWorld(
  database: TestDatabase,
  local: LocalChain,
  options: Parameters<typeof createApprovingWorld>[2] = {},
): Promise<CoinWorld> {
  const approving = await createApprovingWorld(database, local, options);
  const { paying, clock, sending, signing } = approving;
  const reader = createPublicClient({ transport: http(local.rpcUrl), pollingInterval: 20 });
  const test = createTestClient({ mode: 'anvil', transport: http(local.rpcUrl) });
  const before = await reader.getBalance({ address: HOME });
  const client = createStoreClient({ maxAttempts: 3 });
  const withdrawing: WithdrawalDeps = {
    ...paying.deps,
    sessions: createWithdrawalSessions({ client, tableName: paying.booksTable }),
    destinations: new Set([HOME]),
    coins: { books: approving.books, outcomes: sending.outcomes, clock },
  };
  const request: CoinWorld['request'] = (overrides = {}) => ({
    managerId: paying.manager.managerId,
    userId: paying.instrument.userId,
    agentName: null,
    instrumentId: paying.instrument.instrumentId,
    network: null,
    amount: { value: '0.25', currency: 'ETH' },
    destination: HOME,
    clientToken: randomBytes(24).toString('hex'),
    deadline: addMs(clock.now(), 15_000),
    ...overrides,
  });
  return {
    ...approving,
    withdrawing,
    request,
    withdraw: (overrides) => withdraw(withdrawing, request(overrides)),
    complete: async () => {
      for (let round = 0; round < ROUNDS_MAX; round += 1) {
        await visitAllowance(sending, KEY);
        await signApproval(signing, KEY);
        if (withdrawalOf(await approving.read()) === null) return;
        clock.advance(2_000);
      }
      throw new Error(`nothing came of it in ${ROUNDS_MAX} rounds`);
    },
    outcomeOf: ({ id }) => sending.outcomes.read(id),
    arrived: async () => (await reader.getBalance({ address: HOME })) - before,
    balance: () => reader.getBalance({ address: KEY.owner }),
    setBalance: (value) => test.setBalance({ address: KEY.owner, value }),
    setCode: (address, bytecode) => test.setCode({ address, bytecode }),
    gasOf: async (hashes) => {
      const receipts = await Promise.all(hashes.map((hash) => reader.getTransactionReceipt({ hash })));
      return receipts.reduce((sum, { gasUsed, effectiveGasPrice }) => sum + gasUsed * effectiveGasPrice, 0n);
    },
  };
}
