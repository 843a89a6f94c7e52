import type { Answer } from '../../contract/client-types.ts';
import { formatCoin } from '../../domain/allowances/gas-budget.ts';
import { findNetwork } from '../../domain/assets.ts';
import { formatUsd, toMicroUsd } from '../../domain/money.ts';
import { usdOf } from '../program/arguments.ts';
import type { Command, Invocation } from '../program/command.ts';
import { ownContext, ownerOf } from '../target/ids.ts';
import { clientOf } from '../target/target.ts';
import { confirm } from '../terminal/confirmation.ts';
import { formatFacts } from '../terminal/layout.ts';
import { done, usageError, type Outcome } from '../terminal/outcome.ts';

type View = Answer<'RequestAllowance'>['allowance'];

const OPTIONS = {
  instrument: { value: 'ID', help: 'the wallet (default: that of init)' },
  network: { value: 'ID', help: 'such as eip155:8453, where the deployment allows several' },
} as const;

const STATES: Readonly<Record<View['status'], string>> = {
  NONE: 'nobody asked for an approval',
  REQUESTED: 'asked for; it is sent within about a minute',
  UNDER_WAY: 'under way to the chain',
  APPROVED: 'approved',
  SUFFICIENT: 'nothing was sent: the chain showed enough',
  NOT_NEEDED: 'nothing was sent: open sessions need no more',
  REVERTED: 'the token refused the approval',
};

const WAITS: Readonly<Record<NonNullable<View['waitsFor']>, string>> = {
  GAS: 'the wallet lacks the network’s coin for gas',
  GAS_BUDGET: 'the day’s budget for gas is used up',
  NONCE: 'another transaction of the wallet is under way',
  FEE: 'the chain takes no fee that is allowed',
};

function walletOf({ target, options }: Invocation) {
  const paymentInstrumentId = options.text('instrument') ?? ownContext(target)?.paymentInstrumentId ?? null;
  if (paymentInstrumentId === null) throw usageError('no wallet is known', 'name one with --instrument');
  const network = options.text('network') ?? networkOf(target.local?.chains);
  return { paymentInstrumentId, ...(network === undefined ? {} : { network }) };
}

/** The local stack has one chain. */
function networkOf(chains: Readonly<Record<string, unknown>> | undefined): string | undefined {
  return chains === undefined ? undefined : Object.keys(chains)[0];
}

function told(allowance: View & { readonly onChain?: string | null }): Outcome {
  const { status, waitsFor, requested, amount, transaction, gas, network, onChain } = allowance;
  const usd = (units: string | null | undefined): string | null =>
    units === null || units === undefined ? null : `USD ${usdOfUnits(units, network)}`;
  return done(
    allowance,
    formatFacts({
      wallet: allowance.walletAddress,
      network,
      status: STATES[status],
      'waits for': waitsFor === undefined ? null : WAITS[waitsFor],
      'asked for': usd(requested) ?? (status === 'REQUESTED' ? 'as much as open sessions need' : null),
      approved: usd(amount),
      'on the chain': onChain === undefined ? null : (usd(onChain) ?? 'the chain cannot be asked'),
      transaction: transaction ?? null,
      gas:
        gas.perDay === null
          ? 'this deployment sends no approvals'
          : `${formatCoin(BigInt(gas.today))} of ${formatCoin(BigInt(gas.perDay))} today, in the network’s coin`,
    }),
  );
}

/** USDC has six decimals or more on every network. */
function usdOfUnits(units: string, network: string): string {
  const decimals = findNetwork(network)?.usdc.decimals ?? 6;
  return formatUsd(toMicroUsd(BigInt(units) / 10n ** BigInt(decimals - 6)));
}

export const allowanceShow: Command = {
  name: 'allowance show',
  summary: 'what a wallet lets Permit2 take, and what became of what was asked for',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: OPTIONS,
  role: 'ManagementRole, ObserverRole or ProcessPaymentRole; with a token, any',
  examples: [['bursar allowance show', 'of the wallet of init']],
  run: async (invocation) => {
    const { deps, target } = invocation;
    const { paymentManagerArn, userId } = ownerOf(target);
    const input = { paymentManagerArn, ...walletOf(invocation) };
    return told((await clientOf(deps, target, 'management').call('GetAllowance', input, { userId })).allowance);
  },
};

export const allowanceRequest: Command = {
  name: 'allowance request',
  summary: 'has a wallet let Permit2 take some of its money, which payments by Permit2 need',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    ...OPTIONS,
    amount: {
      value: 'USD',
      help: 'the most; 0 takes back what was approved (default: as much as open sessions may still need)',
    },
    yes: { help: 'do not ask' },
  },
  role: 'ManagementRole; not with a token',
  examples: [
    ['bursar allowance request', 'as much as open sessions may still need; asks'],
    ['bursar allowance request --amount 5.00 --yes', 'at most five dollars'],
    ['bursar allowance request --amount 0 --yes', 'takes it back'],
  ],
  notes: [
    'An approval is a transaction of the wallet, so the wallet needs some of the network’s own coin. More than open sessions may still need is never approved, and what a wallet’s approvals cost in a day is bounded by approvalGasPerDay of the deployment.',
  ],
  run: async (invocation) => {
    const { deps, target, options } = invocation;
    if (target.access.kind === 'token')
      throw usageError('approvals are asked for with AWS signatures only', 'unset BURSAR_TOKEN and use ManagementRole');
    const { paymentManagerArn, userId } = ownerOf(target);
    const wallet = walletOf(invocation);
    const amount = usdOf(options, 'amount');
    const client = clientOf(deps, target, 'management');
    await confirm(deps, options, {
      text: `let Permit2 take ${amount === undefined ? 'what open sessions may still need' : `up to USD ${amount}`}, for gas of the wallet?`,
      unasked: 'nobody is there to confirm the approval',
      undone: 'nothing was asked for',
    });
    const input = {
      paymentManagerArn,
      ...wallet,
      ...(amount === undefined ? {} : { amount: { value: amount, currency: 'USD' as const } }),
    };
    return told((await client.call('RequestAllowance', input, { userId })).allowance);
  },
};
