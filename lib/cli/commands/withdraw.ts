import type { BursarClient } from '../../client/index.ts';
import type { Command, Invocation } from '../program/command.ts';
import { confirm } from '../terminal/confirmation.ts';
import { toCliError } from '../program/failures.ts';
import { ownContext, ownerOf } from '../target/ids.ts';
import type { Owner } from '../operations.ts';
import { CliError, EXIT, done, usageError, type Outcome } from '../terminal/outcome.ts';
import { clientOf } from '../target/target.ts';
import { formatFacts, tell } from '../terminal/layout.ts';
import { askToSettle, type SettlementAnswer } from '../withdrawal/facilitator.ts';
import {
  createWithdrawal,
  getFunds,
  isSettled,
  type FundsView,
  type WithdrawalView,
} from '../withdrawal/operations.ts';
import {
  amountOf,
  checkAmount,
  clientTokenOf,
  destinationOf,
  fileExists,
  pickFunds,
  wayOf,
  type Way,
} from '../withdrawal/choices.ts';
import { coinNamed, contractOf, type Coin, type Holding } from '../withdrawal/coin.ts';
import { awaitChain, createChainLook, rpcUrlsOf, type ChainLook } from '../withdrawal/chain-look.ts';
import { formatTransferCall } from '../withdrawal/transfer-call.ts';

interface Plan {
  readonly owner: Owner;
  readonly client: BursarClient;
  readonly instrumentId: string;
  readonly destination: string;
  readonly coin: Coin;
  readonly holding: Holding;
  readonly amount: string;
  readonly network: string;
  readonly clientToken: string;
  readonly way: Way;
  readonly rpcUrls: readonly string[];
}

async function runWithdraw(invocation: Invocation): Promise<Outcome> {
  const { deps, target, options } = invocation;
  if (target.access.kind === 'token') {
    throw usageError('money is withdrawn with AWS signatures only', 'unset BURSAR_TOKEN and use TreasuryRole');
  }
  const destination = destinationOf(invocation);
  const coin = coinNamed(options);
  checkAmount(invocation, coin);
  const clientToken = clientTokenOf(invocation);
  const way = await wayOf(invocation);
  const rpcUrls = rpcUrlsOf(invocation);
  const instrumentId = options.text('instrument') ?? ownContext(target)?.paymentInstrumentId ?? null;
  if (instrumentId === null) throw usageError('no wallet is known', 'name one with --instrument');
  const owner = ownerOf(target);
  const client = clientOf(deps, target, 'treasury');
  const funds = await getFunds(client, owner, instrumentId, options.text('network'));
  const picked = pickFunds(funds, coin);
  const { holding, balance } = picked;
  const { network } = holding;
  const amount = amountOf(invocation, coin, picked);
  const chosen = { coin, holding, amount, network, clientToken };
  const plan: Plan = { owner, client, instrumentId, destination, way, rpcUrls, ...chosen };

  deps.terminal.err(`${describe(plan, funds, balance)}\n`);
  await confirm(deps, options, {
    text: `withdraw ${coin.show(amount)} to ${destination}?`,
    unasked: 'nobody is there to confirm the withdrawal',
    undone: 'nothing was signed',
  });
  deps.interrupted.throwIfAborted();
  tell(deps.terminal, `token    ${clientToken}: repeat with ${againOf(plan)}, never twice the money`);
  return namingToken(invocation, plan, async () => {
    const body = { paymentInstrumentId: instrumentId, network, destination, clientToken };
    const made = await createWithdrawal(client, owner, { ...body, amount: coin.toInput(amount) });
    assertAsAsked(plan, funds, made);
    return 'file' in way
      ? writeTransfer(invocation, plan, way.file, made)
      : settle(invocation, plan, way.facilitator, made);
  });
}

/** The options that repeat the same withdrawal; the network too, since the balance of an emptied wallet no longer shows it. */
function againOf({ coin, amount, clientToken, network }: Plan): string {
  const repeated = `--amount ${amount} --client-token ${clientToken} --network ${network}`;
  return coin.symbol === 'USDC' ? repeated : `--token ${coin.symbol} ${repeated}`;
}

/** A failure from here on may leave a signed transfer behind, so its error names the token under which to ask again. */
async function namingToken<T>({ target }: Invocation, plan: Plan, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { exitCode, message, hint, details } = toCliError(error, target);
    const { clientToken, coin, amount, network } = plan;
    throw new CliError(exitCode, message, {
      ...(hint === null ? {} : { hint }),
      details: { ...details, clientToken, ...coin.members('amount', amount), network },
      cause: error,
    });
  }
}

function describe(plan: Plan, { walletAddress, status }: FundsView, balance: string): string {
  const { coin, holding } = plan;
  return formatFacts({
    wallet: `${walletAddress} (${status})`,
    network: plan.network,
    token: coin.symbol === 'USDC' ? null : `${coin.symbol}, ${holding.asset}`,
    balance: coin.show(balance),
    withdraw: coin.show(plan.amount),
    to: plan.destination,
    by: 'file' in plan.way ? `a transaction in ${plan.way.file}` : plan.way.facilitator,
  });
}

/** Checks that the signed transfer is the confirmed one: payer, payee, amount, network and token. */
function assertAsAsked(plan: Plan, { walletAddress }: FundsView, { withdrawal, settlement }: WithdrawalView): void {
  const { from, to, value } = settlement.paymentPayload.payload.authorization;
  const { coin, holding } = plan;
  const units = coin.toUnits(plan.amount, holding);
  const asAsked = from === walletAddress && to === plan.destination && BigInt(value) === units;
  const asset = contractOf(coin, holding);
  const named = [withdrawal.offer, settlement.paymentRequirements, settlement.paymentPayload.accepted];
  const isThatToken = named.every((each) => each === undefined || each.asset.toLowerCase() === asset);
  if (asAsked && isThatToken && withdrawal.offer.network === plan.network) return;
  throw new Error('the deployment signed another transfer than the one that was asked for: it was not handed on');
}

function summaryOf(
  { coin, amount, destination, network, clientToken, instrumentId }: Plan,
  { withdrawal }: WithdrawalView,
) {
  const { processPaymentId } = withdrawal;
  const asked = { clientToken, network, ...coin.members('amount', amount), destination };
  return { processPaymentId, paymentInstrumentId: instrumentId, ...asked };
}

const endOf = ({ settlement }: WithdrawalView): string =>
  new Date(Number(settlement.paymentPayload.payload.authorization.validBefore) * 1_000).toISOString();

async function writeTransfer({ deps }: Invocation, plan: Plan, file: string, made: WithdrawalView): Promise<Outcome> {
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

async function settle(invocation: Invocation, plan: Plan, facilitator: string, made: WithdrawalView): Promise<Outcome> {
  const { client, owner, instrumentId, network, coin } = plan;
  const { processPaymentId } = made.withdrawal;
  const look = createChainLook(invocation, plan.rpcUrls, made, () => isSettled(client, owner, processPaymentId));
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
  made: WithdrawalView,
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

export const withdraw: Command = {
  name: 'withdraw',
  summary: 'takes money out of a wallet, to an address that the deployment lists',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    to: { value: 'ADDRESS', help: 'one of the withdrawalAddresses of the deployment' },
    token: { value: 'SYMBOL', help: 'what to take out, such as EURC (default: USDC, in dollars)' },
    amount: { value: 'AMOUNT', help: 'how much, in dollars or in the token' },
    all: { help: 'all that the wallet holds of it' },
    instrument: { value: 'ID', help: 'the wallet, deleted or not (default: that of init)' },
    network: { value: 'ID', help: 'such as eip155:8453, where the wallet holds money on several' },
    facilitator: {
      value: 'URL',
      help: 'the x402 facilitator that settles and pays the gas (default: the local stack’s)',
    },
    out: {
      value: 'FILE',
      help: 'write the transaction to a new file instead, to be submitted by an account that pays the gas',
    },
    'rpc-url': {
      value: 'URL',
      many: true,
      help: 'an endpoint of the chain that has to show the transfer too; may be given twice',
    },
    yes: { help: 'do not ask' },
    'client-token': { value: 'TOKEN', help: 'the token of an earlier try: the money does not move twice' },
  },
  role: 'TreasuryRole, which is there where treasuryPrincipals names somebody; not with a token',
  examples: [
    [
      'bursar withdraw --to 0x209693Bc6afc0C5328bA36FaF03C514EF312287C --all',
      'what is left in the wallet of init; asks',
    ],
    [
      'bursar withdraw --instrument payment-instrument-0123456789abcde --to 0x209693Bc6afc0C5328bA36FaF03C514EF312287C --amount 12.50 --network eip155:8453 --facilitator https://facilitator.example --yes',
      'out of any wallet of the user, deleted or not',
    ],
    [
      'bursar withdraw --token EURC --to 0x209693Bc6afc0C5328bA36FaF03C514EF312287C --all',
      'another token of the deployment that has EIP-3009',
    ],
    [
      'bursar withdraw --to 0x209693Bc6afc0C5328bA36FaF03C514EF312287C --amount 12.50 --out transfer.json',
      'signs, and leaves it to you to submit',
    ],
  ],
  notes: [
    'The deployment signs a transfer that is good for five minutes at most; it is a receipt in `bursar payments` at once. An account that submits it cannot send the money elsewhere. The money has left when this command says that the chain has it.',
    'Deleting a wallet deletes no key and warns of no balance: run this first, or afterwards with --instrument.',
    `exit code: ${EXIT.ok} on the chain, or written to the file; ${EXIT.failed} failed; ${EXIT.notConfirmed} not confirmed; ${EXIT.refused} refused by Bursar, such as an address that is not listed; ${EXIT.notDelivered} signed, and not seen on the chain.`,
  ],
  run: runWithdraw,
};
