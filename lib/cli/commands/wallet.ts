import type { Command, Invocation } from '../program/command.ts';
import {
  createOnrampSession,
  createWalletLink,
  getInstrument,
  requestTestFunds,
  revokeDelegation,
  type InstrumentView,
} from '../operations.ts';
import { WALLET_LINK_MINUTES_DEFAULT, WALLET_LINK_MINUTES_MAX } from '../../domain/wallet-page-limits.ts';
import { usdOf, wholeNumberOf } from '../program/arguments.ts';
import { ownerOf } from '../target/ids.ts';
import { clientOf } from '../target/target.ts';
import { formatQrCode, fundedNetworkOf, requireWallet, requireWalletNames } from '../target/wallet.ts';
import { formatFacts } from '../terminal/layout.ts';
import { done, usageError, type Outcome } from '../terminal/outcome.ts';

const STATES: Readonly<Record<NonNullable<InstrumentView['delegation']>['status'], string>> = {
  ACTIVE: 'its user lets it sign',
  INACTIVE: 'its user does not let it sign',
  NOT_NEEDED: 'it needs nobody’s leave to sign',
  UNKNOWN: 'its provider did not say whether it may sign',
};

function describe(wallet: InstrumentView): Outcome {
  const { network, walletAddress, linkedAccounts, redirectUrl } = wallet.paymentInstrumentDetails.embeddedCryptoWallet;
  const { delegation } = wallet;
  const until = delegation?.expiresAt === undefined ? '' : ` until ${delegation.expiresAt}`;
  const account = linkedAccounts[0]?.email?.emailAddress ?? null;
  return done(
    wallet,
    formatFacts({
      wallet: wallet.paymentInstrumentId,
      status: wallet.status,
      address: walletAddress ?? null,
      ...(network === 'SOLANA' ? { network: 'Solana: it takes money, and cannot pay yet' } : {}),
      connector: wallet.paymentConnectorId,
      ...(account === null ? {} : { 'made for': account }),
      signing:
        delegation === undefined
          ? 'Bursar signs for it, or the signer of its connector'
          : `${STATES[delegation.status]}${until}`,
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
  const { paymentInstrumentId } = requireWalletNames(target, options);
  const { id: network, testnet } = fundedNetworkOf(options, target.context);
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

async function runLink({ deps, target, options }: Invocation): Promise<Outcome> {
  const { paymentInstrumentId } = requireWallet(target, options);
  const expiresInMinutes = wholeNumberOf(options, 'minutes', 1, WALLET_LINK_MINUTES_MAX) ?? WALLET_LINK_MINUTES_DEFAULT;
  const agentName = options.text('agent');
  const link = await createWalletLink(clientOf(deps, target, 'management'), ownerOf(target), {
    paymentInstrumentId,
    expiresInMinutes,
    ...(agentName === undefined ? {} : { agentName }),
  });
  const facts = formatFacts({ link: link.url, 'good until': link.expiresAt });
  const note = 'It opens the page once, for whoever has it: give it to the user of the wallet alone.';
  const code = deps.terminal.columns === null ? '' : `${formatQrCode(deps.terminal, link.url)}\n`;
  return done(link, `${code}${facts}\n\n${note}`);
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

export const walletLink: Command = {
  ...WALLET,
  options: {
    ...WALLET.options,
    minutes: {
      value: 'N',
      help: `how long the link may wait to be opened, at most ${WALLET_LINK_MINUTES_MAX} (default ${WALLET_LINK_MINUTES_DEFAULT})`,
    },
    agent: { value: 'NAME', help: 'who asks to spend, as the page tells the user' },
  },
  name: 'wallet link',
  summary: 'a one-time link to the wallet’s page: see, fund, allow, take back',
  role: 'ManagementRole; of a manager that takes signatures',
  examples: [['bursar wallet link --agent shopper', 'a link to give to the user of the wallet of init']],
  run: runLink,
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
  options: {
    ...WALLET.options,
    chain: { value: 'CHAIN', help: `${WALLET.options.chain.help}; of a wallet of Solana SOLANA_DEVNET or SOLANA` },
    amount: { value: 'USD', help: 'what the page proposes to spend' },
  },
  role: 'ManagementRole; with a token, the management scope',
  examples: [
    ['bursar wallet fund', 'test money on the test network of init'],
    ['bursar wallet fund --chain BASE --amount 25.00', 'a page on which to buy USDC'],
  ],
  notes: ['Wallets of Coinbase only. Every wallet takes USDC that is sent to its address: bursar wallet show.'],
  run: runFund,
};
