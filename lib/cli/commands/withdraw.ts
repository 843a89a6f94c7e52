import type { Command, Invocation } from '../program/command.ts';
import { confirm } from '../terminal/confirmation.ts';
import { ownContext, ownerOf } from '../target/ids.ts';
import { EXIT, usageError, type Outcome } from '../terminal/outcome.ts';
import { clientOf } from '../target/target.ts';
import { tell } from '../terminal/layout.ts';
import { awaitCoin } from '../withdrawal/awaiting-coin.ts';
import { rpcUrlsOf } from '../withdrawal/chain-look.ts';
import { amountOf, checkAmount, clientTokenOf, destinationOf, pickFunds, wayOf } from '../withdrawal/choices.ts';
import { coinNamed } from '../withdrawal/coin.ts';
import { createWithdrawal, getFunds, isSigned } from '../withdrawal/operations.ts';
import { againOf, assertAsAsked, describe, namingToken, type Plan } from '../withdrawal/plan.ts';
import { settle, writeTransfer } from '../withdrawal/settling.ts';

async function runWithdraw(invocation: Invocation): Promise<Outcome> {
  const { deps, target, options } = invocation;
  if (target.access.kind === 'token') {
    throw usageError('money is withdrawn with AWS signatures only', 'unset BURSAR_TOKEN and use TreasuryRole');
  }
  const destination = destinationOf(invocation);
  const coin = coinNamed(options);
  checkAmount(invocation, coin);
  const clientToken = clientTokenOf(invocation);
  const way = await wayOf(invocation, coin);
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
    if ('waitSeconds' in way) return awaitCoin(invocation, plan, way.waitSeconds, made);
    if (!isSigned(made)) throw new Error('the deployment answered no signed transfer');
    return 'file' in way
      ? writeTransfer(invocation, plan, way.file, made)
      : settle(invocation, plan, way.facilitator, made);
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
    token: {
      value: 'SYMBOL',
      help: 'what to take out, such as EURC, or ETH, POL or AVAX, the coin of its network (default: USDC, in dollars)',
    },
    amount: { value: 'AMOUNT', help: 'how much, in dollars or in the token' },
    all: { help: 'all that the wallet holds of it; of a coin all but what its transfer may cost' },
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
    wait: {
      value: 'SECONDS',
      help: 'of a coin, which the deployment sends itself: how long to wait for it (default: 180)',
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
      'bursar withdraw --token ETH --to 0x209693Bc6afc0C5328bA36FaF03C514EF312287C --all --network eip155:8453',
      'the coin of a network, which the deployment sends: waits for its arrival',
    ],
    [
      'bursar withdraw --to 0x209693Bc6afc0C5328bA36FaF03C514EF312287C --amount 12.50 --out transfer.json',
      'signs, and leaves it to you to submit',
    ],
  ],
  notes: [
    'The deployment signs a transfer that is good for five minutes at most; it is a receipt in `bursar payments` at once. An account that submits it cannot send the money elsewhere. The money has left when this command says that the chain has it.',
    'The coin of a network leaves by a transaction of the wallet, which pays the gas: the deployment sends it within about a minute, once, where approvalGasPerDay gives it gas and the wallet’s keys are the deployment’s own (SeedVault, AWS KMS). What was not signed within a quarter of an hour never is.',
    'Deleting a wallet deletes no key and warns of no balance: run this first, or afterwards with --instrument.',
    `exit code: ${EXIT.ok} on the chain, or written to the file; ${EXIT.failed} failed; ${EXIT.notConfirmed} not confirmed; ${EXIT.refused} refused by Bursar, such as an address that is not listed; ${EXIT.notDelivered} signed, and not seen on the chain.`,
  ],
  run: runWithdraw,
};
