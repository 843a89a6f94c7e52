import { readAuthorizationState, type JsonRpc } from '../../chains/evm/authorization-state.ts';
import type { Hex } from '../../domain/payment/shapes.ts';
import type { Invocation } from '../program/command.ts';
import { formatFacts } from '../terminal/layout.ts';
import { CliError, EXIT, done, type Outcome } from '../terminal/outcome.ts';
import { awaitChain, createChainLook, type ChainLook } from './chain-look.ts';
import { fileExists } from './choices.ts';
import { askToSettle, type SettlementAnswer } from './facilitator.ts';
import { getFunds, getWithdrawal, type SignedWithdrawal } from './operations.ts';
import { againOf, summaryOf, type Plan } from './plan.ts';
import { formatTransferCall } from './transfer-call.ts';

const endOf = ({ settlement }: SignedWithdrawal): string =>
  new Date(Number(settlement.paymentPayload.payload.authorization.validBefore) * 1_000).toISOString();

/** Leaves a signed transfer of a token to whoever submits it. */
export async function writeTransfer(
  { deps }: Invocation,
  plan: Plan,
  file: string,
  made: SignedWithdrawal,
): Promise<Outcome> {
  const { payload } = made.settlement.paymentPayload;
  const transfer = {
    ...summaryOf(plan, made),
    chainId: Number(plan.network.split(':')[1]),
    to: made.withdrawal.offer.asset,
    data: formatTransferCall(payload),
    value: '0',
    validBefore: endOf(made),
    settlement: made.settlement,
  };
  const written = await deps.files.writeNew(file, `${JSON.stringify(transfer, null, 2)}\n`);
  if (!written) throw fileExists(file);
  const { to, validBefore } = transfer;
  return done(
    { ...summaryOf(plan, made), file, to, validBefore, settled: false },
    `${formatFacts({ payment: made.withdrawal.processPaymentId, file, contract: to, 'good until': validBefore })}

Anybody may submit it, once, and pays the gas; the money goes nowhere else. With foundry:
  cast send ${to} "$(jq -r .data ${file})" --rpc-url RPC_URL --private-key YOUR_GAS_KEY`,
  );
}

/** Has a signed transfer of a token settled, and looks for it on the chain. */
export async function settle(
  invocation: Invocation,
  plan: Plan,
  facilitator: string,
  made: SignedWithdrawal,
): Promise<Outcome> {
  const { client, owner, instrumentId, network, coin } = plan;
  const { processPaymentId } = made.withdrawal;
  const look = createChainLook(invocation, plan.rpcUrls, {
    network: made.withdrawal.offer.network,
    isSettled: async () => (await getWithdrawal(client, owner, processPaymentId)).settled,
    shows: (rpc) => isUsed(rpc, made),
  });
  // A repetition whose first answer was lost: the chain takes no transfer twice, and nobody needs to be asked again.
  const { settled: before } = await look();
  const answer: SettlementAnswer = before
    ? { transaction: null, problem: null }
    : await askToSettle(invocation.deps, facilitator, made.settlement);
  const seen = before ? { settled: true, doubt: null } : await awaitChain(look, answer);
  const { settled } = seen;
  if (!settled) throw notArrived(plan, made, answer, seen);
  // The money has left, so a balance that cannot be read is no failure.
  const after = await getFunds(client, owner, instrumentId, network).catch(() => null);
  const left = after?.funds.find(({ token }) => token === coin.symbol);
  const balance = left === undefined ? null : coin.balanceOf(left);
  const { transaction } = answer;
  return done(
    { ...summaryOf(plan, made), settled, transaction, ...coin.members('balance', balance) },
    formatFacts({
      payment: processPaymentId,
      withdrawn: `${coin.show(plan.amount)} to ${plan.destination}`,
      transaction:
        transaction ?? (before ? 'it was on the chain already' : 'on the chain; the facilitator did not name it'),
      balance: balance === null ? null : coin.show(balance),
    }),
  );
}

function notArrived(
  plan: Plan,
  made: SignedWithdrawal,
  { problem, transaction }: SettlementAnswer,
  { doubt }: ChainLook,
): CliError {
  const said = problem ?? `settled in ${transaction ?? 'an unnamed transaction'}, which the chain does not show yet`;
  const seen = doubt === null ? 'not seen on the chain' : `not seen on the chain, ${doubt}`;
  return new CliError(EXIT.notDelivered, `signed, and ${seen}; the facilitator said: ${said}`, {
    hint:
      `until ${endOf(made)} the same command with ${againOf(plan)} asks again without moving the money twice; ` +
      'after that a transfer that the chain does not have is worthless, and one under a new token is needed',
    details: { code: 'cli:not_settled', ...summaryOf(plan, made), transaction },
  });
}

async function isUsed(rpc: JsonRpc, { withdrawal, settlement }: SignedWithdrawal): Promise<boolean> {
  const { from, nonce, validBefore } = settlement.paymentPayload.payload.authorization;
  const authorization = { token: withdrawal.offer.asset, from, nonce: nonce as Hex, validBefore: Number(validBefore) };
  return (await readAuthorizationState(rpc, authorization)) === 'used';
}
