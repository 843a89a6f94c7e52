import type { Command, Invocation } from '../program/command.ts';
import {
  createOnrampSession,
  getInstrument,
  requestTestFunds,
  revokeDelegation,
  type InstrumentView,
} from '../operations.ts';
import { usdOf } from '../program/arguments.ts';
import { ownerOf } from '../target/ids.ts';
import { clientOf } from '../target/target.ts';
import { chainOf, requireWallet } from '../target/wallet.ts';
import { formatFacts } from '../terminal/layout.ts';
import { done, usageError, type Outcome } from '../terminal/outcome.ts';

const STATES: Readonly<Record<NonNullable<InstrumentView['delegation']>['status'], string>> = {
  ACTIVE: 'its user lets it sign',
  INACTIVE: 'its user does not let it sign',
  NOT_NEEDED: 'it needs nobody’s leave to sign',
  UNKNOWN: 'its provider did not say whether it may sign',
};

function describe(wallet: InstrumentView): Outcome {
  const { walletAddress, linkedAccounts, redirectUrl } = wallet.paymentInstrumentDetails.embeddedCryptoWallet;
  const { delegation } = wallet;
  const until = delegation?.expiresAt === undefined ? '' : ` until ${delegation.expiresAt}`;
  const account = linkedAccounts[0]?.email?.emailAddress ?? null;
  return done(
    wallet,
    formatFacts({
      wallet: wallet.paymentInstrumentId,
      status: wallet.status,
      address: walletAddress ?? null,
      connector: wallet.paymentConnectorId,
      ...(account === null ? {} : { 'made for': account }),
      signing: delegation === undefined ? 'Bursar signs for it' : `${STATES[delegation.status]}${until}`,
      ...(redirectUrl === undefined ? {} : { 'grant at': redirectUrl }),
    }),
  );
}

async function runShow({ deps, target, options }: Invocation): Promise<Outcome> {
  const { paymentInstrumentId } = requireWallet(target, options);
  return describe(await getInstrument(clientOf(deps, target, 'management'), ownerOf(target), paymentInstrumentId));
}

async function runRevoke({ deps, target, options }: Invocation): Promise<Outcome> {
  const { paymentInstrumentId } = requireWallet(target, options);
  return describe(await revokeDelegation(clientOf(deps, target, 'management'), ownerOf(target), paymentInstrumentId));
}

/** Test money on a test network, and on a main one a page where money is bought. */
async function runFund({ deps, target, options }: Invocation): Promise<Outcome> {
  const { paymentInstrumentId } = requireWallet(target, options);
  const { id: network, testnet } = chainOf(options, target.context);
  const amount = usdOf(options, 'amount');
  const client = clientOf(deps, target, 'management');
  const wallet = { paymentInstrumentId, network };
  if (testnet) {
    if (amount !== undefined) throw usageError('--amount is for networks where money is bought');
    const funds = await requestTestFunds(client, ownerOf(target), wallet);
    const { walletAddress, transaction } = funds;
    return done(funds, formatFacts({ 'test money for': walletAddress, network, transaction }));
  }
  const asked = amount === undefined ? {} : { amount: { value: amount, currency: 'USD' as const } };
  const session = await createOnrampSession(client, ownerOf(target), { ...wallet, ...asked });
  return done(session, formatFacts({ wallet: session.walletAddress, network, 'buy at': session.url }));
}

const WALLET = {
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    instrument: { value: 'ID', help: 'another wallet of the user' },
    connector: { value: 'ID', help: 'the connector of that wallet' },
    chain: { value: 'CHAIN', help: 'BASE_SEPOLIA, BASE or ETHEREUM (default: that of init)' },
  },
} as const;

export const walletShow: Command = {
  ...WALLET,
  name: 'wallet show',
  summary: 'a wallet, who may have it sign, and until when',
  role: 'ManagementRole, ObserverRole or ProcessPaymentRole; with a token, any',
  examples: [['bursar wallet show', 'the wallet of init']],
  run: runShow,
};

export const walletRevoke: Command = {
  ...WALLET,
  name: 'wallet revoke',
  summary: 'takes back what lets a provider’s wallet sign',
  role: 'ManagementRole; with a token, the management scope',
  examples: [['bursar wallet revoke', 'the wallet of init; its user can grant anew']],
  notes: [
    'Payments that are signed already stay good. A wallet that needs nobody’s leave is frozen instead: bursar freeze --wallet.',
  ],
  run: runRevoke,
};

export const walletFund: Command = {
  ...WALLET,
  name: 'wallet fund',
  summary: 'has a wallet’s provider bring money: test money, or a page where some is bought',
  options: { ...WALLET.options, amount: { value: 'USD', help: 'what the page proposes to spend' } },
  role: 'ManagementRole; with a token, the management scope',
  examples: [
    ['bursar wallet fund', 'test money on the test network of init'],
    ['bursar wallet fund --chain BASE --amount 25.00', 'a page on which to buy USDC'],
  ],
  notes: ['Wallets of Coinbase only. Every wallet takes USDC that is sent to its address: bursar wallet show.'],
  run: runFund,
};
