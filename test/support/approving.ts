import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  http,
  parseAbiItem,
  parseEther,
  type Hex,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { PERMIT2 } from '../../lib/chains/evm/addresses.ts';
import { APPROVALS } from '../../lib/chains/evm/approval.ts';
import { TRANSFERS } from '../../lib/chains/evm/coin-transfer.ts';
import { createApprovalChain } from '../../lib/chains/evm/approval-chain.ts';
import type { Allowance, AllowanceKey } from '../../lib/domain/allowances/allowance.ts';
import type { AllowanceBooks, ApprovalChain, ApprovalChains } from '../../lib/domain/ports/allowances.ts';
import type { PaymentLog } from '../../lib/domain/ports/books.ts';
import { toMicroUsd } from '../../lib/domain/money.ts';
import { signedCaller } from '../../lib/domain/tenants/principal.ts';
import { createAllowanceBooks, createAllowanceVisits } from '../../lib/ledger/dynamodb/allowances/allowance-books.ts';
import { createWithdrawalOutcomes } from '../../lib/ledger/dynamodb/allowances/withdrawal-outcomes.ts';
import { createPaymentLog } from '../../lib/ledger/dynamodb/books/payment-log.ts';
import { createSessionStore } from '../../lib/ledger/dynamodb/books/session-store.ts';
import { createLeanStore } from '../../lib/ledger/dynamodb/store/lean-client.ts';
import type { LocalChain } from '../../lib/local/chain/index.ts';
import { requestAllowance, type AllowanceAskingDeps } from '../../lib/service/allowances/asking.ts';
import { readNeed } from '../../lib/service/allowances/need.ts';
import { visitAllowance, type SendingDeps } from '../../lib/service/allowances/sending.ts';
import { signApproval, type ApprovalSigningDeps } from '../../lib/service/allowances/signing.ts';
import type { TestDatabase } from './database.ts';
import { createPayingWorld, createTestClock, PAYER, type PayingWorld, type TestClock } from './paying.ts';
import { BASE_SEPOLIA } from './payments.ts';
import { wiring } from './wiring.ts';
import { HOME } from './withdrawing.ts';

export const KEY: AllowanceKey = { network: BASE_SEPOLIA.id, owner: PAYER };
/** More than an approval costs on the local chain. */
export const GAS_PER_DAY = parseEther('0.01');
const APPROVAL_EVENT = parseAbiItem('event Approval(address indexed owner, address indexed spender, uint256 value)');
const ROUNDS_MAX = 40;

/** A tenant with a wallet whose approvals are asked for, signed and sent: real books, a real chain. */
export interface ApprovingWorld {
  readonly paying: PayingWorld;
  readonly clock: TestClock;
  readonly books: AllowanceBooks;
  readonly chain: ApprovalChain;
  readonly payments: PaymentLog;
  readonly visits: ReturnType<typeof createAllowanceVisits>;
  readonly asking: AllowanceAskingDeps;
  readonly sending: SendingDeps;
  readonly signing: ApprovalSigningDeps;
  /** The bytes that left, in order. */
  readonly broadcast: readonly Hex[];
  ask(amount: bigint | null): Promise<Allowance>;
  read(): Promise<Allowance>;
  /** Looks and signs until nothing is left to do. */
  finish(): Promise<Allowance>;
  /** What the chain has told of approvals of Permit2 since the world was made. */
  approvals(): Promise<readonly bigint[]>;
  /** Sends something else from the wallet, with its next nonce. */
  sendForeign(options?: { readonly nonce?: number }): Promise<Hex>;
  mining(automine: boolean): Promise<void>;
}

export async function createApprovingWorld(
  database: TestDatabase,
  local: LocalChain,
  { gasPerDay = GAS_PER_DAY, coin = parseEther('1') }: { readonly gasPerDay?: bigint; readonly coin?: bigint } = {},
): Promise<ApprovingWorld> {
  const clock = createTestClock();
  const paying = await createPayingWorld(database, { clock });
  const client = createLeanStore(process.env).createClient({ maxAttempts: 3 });
  const table = { tableName: paying.booksTable, client };
  const transport = http(local.rpcUrl);
  const reader = createPublicClient({ transport, pollingInterval: 20 });
  const test = createTestClient({ mode: 'anvil', transport });
  await test.setAutomine(true);
  await test.setBalance({ address: PAYER, value: coin });
  await local.approvePermit2(PAYER, 0n);
  const since = (await reader.getBlockNumber()) + 1n;
  await test.mine({ blocks: 1 });
  const broadcast: Hex[] = [];
  const real = createApprovalChain(KEY.network, [local.rpcUrl], { clock });
  const chain: ApprovalChain = {
    ...real,
    broadcast: async (raw) => {
      broadcast.push(raw);
      await real.broadcast(raw);
    },
  };
  const chains: ApprovalChains = new Map([[KEY.network, chain]]);
  const books = createAllowanceBooks(table);
  const store = { ...table, clock, ...wiring };
  const need = {
    sessions: createSessionStore(store),
    payments: createPaymentLog(store),
    clock,
    schemeOf: wiring.schemeOf,
  };
  const { registry, ledger, deps, manager, instrument } = paying;
  const { allowedNetworks, signers } = deps;
  const asking: AllowanceAskingDeps = {
    registry,
    books,
    deployment: { partition: 'aws', region: 'us-east-1', account: '000000000000' },
    allowedNetworks,
    gasPerDay,
    clock,
  };
  const sending: SendingDeps = {
    books,
    outcomes: createWithdrawalOutcomes(table),
    payments: need.payments,
    chains,
    readNeed: (wallet, token) => readNeed(need, wallet, token),
    gasPerDay,
    clock,
  };
  const signing: ApprovalSigningDeps = {
    books,
    registry,
    ledger,
    signers,
    form: APPROVALS,
    withdrawals: { ledger, form: TRANSFERS, destinations: new Set([HOME]) },
    allowedNetworks,
    gasPerDay,
    clock,
  };
  const read = async (): Promise<Allowance> => {
    const found = await books.read(KEY);
    if (found === null) throw new Error('nothing was asked for');
    return found;
  };
  return {
    paying,
    clock,
    books,
    chain,
    payments: need.payments,
    visits: createAllowanceVisits(table),
    asking,
    sending,
    signing,
    broadcast,
    ask: async (amount) => {
      const asked = await requestAllowance(asking, signedCaller(instrument.userId), {
        manager: { deployment: asking.deployment, resource: manager.managerId },
        instrumentId: instrument.instrumentId,
        network: null,
        amount: amount === null ? null : toMicroUsd(amount),
      });
      if (!asked.ok) throw new Error(`refused: ${JSON.stringify(asked.error)}`);
      return asked.value.allowance;
    },
    read,
    finish: async () => {
      for (let round = 0; round < ROUNDS_MAX; round += 1) {
        await visitAllowance(sending, KEY);
        await signApproval(signing, KEY);
        const now = await read();
        if (now.visitAt === null || now.hindrance !== null) return now;
        clock.advance(2_000);
      }
      throw new Error(`nothing came of it in ${ROUNDS_MAX} rounds`);
    },
    approvals: async () => {
      const logs = await reader.getLogs({
        address: BASE_SEPOLIA.usdc.address,
        event: APPROVAL_EVENT,
        args: { owner: PAYER, spender: PERMIT2 },
        fromBlock: since,
      });
      return logs.map(({ args }) => args.value!);
    },
    sendForeign: async ({ nonce } = {}) => {
      const wallet = createWalletClient({
        account: privateKeyToAccount(`0x${'01'.repeat(32)}`),
        chain: local.chain,
        transport,
      });
      return wallet.sendTransaction({ to: PAYER, value: 1n, ...(nonce === undefined ? {} : { nonce }) });
    },
    mining: async (automine) => {
      await test.setAutomine(automine);
      if (automine) await test.mine({ blocks: 1 });
    },
  };
}
