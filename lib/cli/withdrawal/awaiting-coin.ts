import { setTimeout as sleep } from 'node:timers/promises';
import { isTransferMined } from '../../chains/evm/transfer-sight.ts';
import type { Hex } from '../../domain/payment/shapes.ts';
import type { Invocation } from '../program/command.ts';
import { formatFacts, tell } from '../terminal/layout.ts';
import { CliError, EXIT, done, type Outcome } from '../terminal/outcome.ts';
import { createChainLook } from './chain-look.ts';
import { getFunds, getWithdrawal, type WithdrawalState, type WithdrawalView } from './operations.ts';
import { againOf, summaryOf, type Plan } from './plan.ts';

/** Between two questions to the deployment. */
const ASK_WAIT_MS = 2_000;

type Transfer = NonNullable<WithdrawalState['transfer']>;

const REASONS: Readonly<Record<NonNullable<Transfer['waitsFor']>, string>> = {
  GAS: 'the wallet holds less than the amount and what its transfer may cost',
  GAS_BUDGET: 'what transactions of the wallet may cost in a day is used up',
  NONCE: 'another transaction of the wallet is under way',
  FEE: 'the chain takes no fee that is allowed',
};

/** Waits until the deployment has brought a withdrawal of a network's own coin to the chain, or says that it never will. */
export async function awaitCoin(
  invocation: Invocation,
  plan: Plan,
  waitSeconds: number,
  made: WithdrawalView,
): Promise<Outcome> {
  const { deps } = invocation;
  const { processPaymentId } = made.withdrawal;
  const read = async () => transferOf(await getWithdrawal(plan.client, plan.owner, processPaymentId));
  let transfer = await read();
  let told = '';
  for (let waited = 0; isOpen(transfer) && waited < waitSeconds * 1_000; waited += ASK_WAIT_MS) {
    const why = transfer.waitsFor === undefined ? '' : `: ${REASONS[transfer.waitsFor]}`;
    const line = `waits    ${transfer.status === 'REQUESTED' ? 'for its transaction' : 'for the chain'}${why}`;
    if (line !== told) tell(deps.terminal, line);
    told = line;
    await sleep(ASK_WAIT_MS, undefined, { signal: deps.interrupted });
    transfer = await read();
  }
  switch (transfer.status) {
    case 'SETTLED':
      return arrived(invocation, plan, made, transfer);
    case 'REVERTED':
      throw over(
        plan,
        made,
        transfer,
        'cli:reverted',
        'its transaction is on the chain and moved nothing: the address refused it',
      );
    case 'LAPSED':
      throw over(plan, made, transfer, 'cli:lapsed', 'nothing of it was signed in time, and nothing will be');
    case 'REQUESTED':
    case 'UNDER_WAY':
      throw notArrived(plan, made, transfer);
  }
}

function transferOf({ transfer }: WithdrawalState): Transfer {
  if (transfer === undefined) throw new Error('the deployment does not say what became of the transfer');
  return transfer;
}

const isOpen = ({ status }: Transfer): boolean => status === 'REQUESTED' || status === 'UNDER_WAY';

/** As the deployment says, and every endpoint that was named has to show. */
async function arrived(invocation: Invocation, plan: Plan, made: WithdrawalView, transfer: Transfer): Promise<Outcome> {
  const { client, owner, instrumentId, network, coin, destination, holding } = plan;
  const { processPaymentId, authorization } = made.withdrawal;
  const { transaction } = transfer;
  if (transaction === undefined) throw new Error('the deployment does not name the transaction');
  const look = createChainLook(invocation, plan.rpcUrls, {
    network,
    isSettled: () => Promise.resolve(true),
    shows: (rpc) =>
      isTransferMined(rpc, {
        transaction,
        from: `${authorization['from']}` as Hex,
        to: destination as Hex,
        amount: coin.toUnits(plan.amount, holding),
      }),
  });
  const { settled, doubt } = await look();
  if (!settled) throw notArrived(plan, made, transfer, doubt);
  const after = await getFunds(client, owner, instrumentId, network).catch(() => null);
  const left = after?.funds.find(({ token }) => token === coin.symbol);
  const balance = left === undefined ? null : coin.balanceOf(left);
  return done(
    { ...summaryOf(plan, made), settled, transaction, ...coin.members('balance', balance) },
    formatFacts({
      payment: processPaymentId,
      withdrawn: `${coin.show(plan.amount)} to ${destination}`,
      transaction,
      balance: balance === null ? null : coin.show(balance),
    }),
  );
}

function notArrived(plan: Plan, made: WithdrawalView, transfer: Transfer, doubt: string | null = null): CliError {
  const { transaction = null, waitsFor } = transfer;
  const why = doubt ?? (waitsFor === undefined ? null : REASONS[waitsFor]);
  const seen = why === null ? 'not seen on the chain yet' : `not seen on the chain yet, ${why}`;
  return new CliError(EXIT.notDelivered, `${transaction === null ? 'asked for' : 'sent'}, and ${seen}`, {
    hint: `the same command with ${againOf(plan)} waits on without moving the coin twice`,
    details: { code: 'cli:not_settled', ...summaryOf(plan, made), transaction },
  });
}

function over(plan: Plan, made: WithdrawalView, transfer: Transfer, code: string, why: string): CliError {
  return new CliError(EXIT.failed, `the coin has not left the wallet: ${why}`, {
    hint: 'ask anew, under a new client token',
    details: { code, ...summaryOf(plan, made), transaction: transfer.transaction ?? null },
  });
}
