import type { Answer } from '../contract/client-types.ts';

// What the page says, as text: nothing here touches a document.

type Overview = Answer<'GetWalletOverview'>['walletOverview'];
type SpendLimit = Overview['spendLimits'][number];
type Instrument = Answer<'GetPaymentInstrument'>['paymentInstrument'];

const NETWORK_NAMES: Readonly<Record<string, string>> = {
  'eip155:1': 'Ethereum',
  'eip155:8453': 'Base',
  'eip155:84532': 'Base Sepolia',
  'eip155:11155111': 'Ethereum Sepolia',
  'eip155:42161': 'Arbitrum',
  'eip155:421614': 'Arbitrum Sepolia',
  'eip155:10': 'OP Mainnet',
  'eip155:11155420': 'OP Sepolia',
  'eip155:43114': 'Avalanche',
  'eip155:43113': 'Avalanche Fuji',
  'eip155:137': 'Polygon',
  'eip155:80002': 'Polygon Amoy',
  'eip155:480': 'World Chain',
  'eip155:4801': 'World Chain Sepolia',
  'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp': 'Solana',
  'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1': 'Solana Devnet',
};

/** A network as people know it; one that only tests says so. */
export function nameNetwork({ network, testnet }: Overview['networks'][number]): string {
  const name = NETWORK_NAMES[network] ?? network;
  return testnet ? `${name} (test network)` : name;
}

/** An address in groups of four, which can be compared by eye. */
export function groupAddress(address: string): readonly string[] {
  const [, prefix = '', digits = ''] = /^(0x)?(.*)$/.exec(address) ?? [];
  return [prefix, ...(digits.match(/.{1,4}/g) ?? [])].filter((group) => group !== '');
}

/** An amount in a token's smallest unit, with all of its decimals that count and at least two. */
export function formatUnits(amount: string, decimals: number): string {
  const padded = amount.padStart(decimals + 1, '0');
  const whole = padded.slice(0, padded.length - decimals);
  const fraction = padded.slice(padded.length - decimals).replace(/0+$/, '');
  return `${whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ',')}.${fraction.padEnd(2, '0')}`;
}

const PERIODS = { hour: 'in an hour', day: 'in a day', week: 'in a week', month: 'in a month' } as const;
const SUBJECTS: Readonly<Record<NonNullable<SpendLimit['of']>, string>> = {
  user: 'in all',
  manager: 'by all users of the application together',
  agent: 'by one agent',
  payee: 'to one seller',
  tool: 'by one tool',
  session: 'within one budget',
  asset: 'in one currency',
  protocol: 'by one way of paying',
};
const SECONDS = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
] as const;

/** A rule that says how much may be spent, as a sentence without its full stop. */
export function describeLimit({ kind, of, every, perSeconds = 0, maxUsd, maxCount }: SpendLimit): string {
  const most = maxUsd === undefined ? `${maxCount} ${maxCount === 1 ? 'payment' : 'payments'}` : `USD ${maxUsd}`;
  const whose = of === undefined ? '' : SUBJECTS[of];
  switch (kind) {
    case 'perPayment':
      return `At most ${most} in one payment`;
    case 'sessionCap':
      return `At most ${most} ${whose}, within one budget`;
    case 'window':
      return `At most ${most} ${every === undefined ? '' : PERIODS[every]} ${whose}`;
    case 'rate':
      return `At most ${most} in ${describeSeconds(perSeconds)} ${whose}`;
  }
}

function describeSeconds(seconds: number): string {
  const [length, unit] = SECONDS.find(([each]) => seconds % each === 0) ?? [1, 'second'];
  const count = seconds / length;
  return count === 1 ? `a ${unit}`.replace('a hour', 'an hour') : `${count} ${unit}s`;
}

/** Whether the wallet may sign, in a word or two and in a sentence. */
export function describePermission({
  delegation,
  status,
  paymentInstrumentDetails,
}: Pick<Instrument, 'delegation' | 'status' | 'paymentInstrumentDetails'>): {
  readonly state: 'given' | 'missing' | 'unneeded' | 'unknown';
  readonly label: string;
  readonly sentence: string;
} {
  if (status !== 'ACTIVE') {
    return { state: 'missing', label: 'Not ready', sentence: 'This wallet is not ready to pay yet.' };
  }
  if (paymentInstrumentDetails.embeddedCryptoWallet.network === 'SOLANA') {
    return {
      state: delegation?.status === 'ACTIVE' ? 'given' : 'unneeded',
      label: 'Cannot pay yet',
      sentence: 'This wallet is of Solana: it takes money, and nothing can be paid from it yet.',
    };
  }
  switch (delegation?.status) {
    case 'ACTIVE':
      return {
        state: 'given',
        label: 'You allow payments',
        sentence: 'You let the application have this wallet sign payments.',
      };
    case 'INACTIVE':
      return {
        state: 'missing',
        label: 'You have allowed nothing',
        sentence: 'Nobody can pay from this wallet: you have not allowed it, or no longer do.',
      };
    case 'UNKNOWN':
      return {
        state: 'unknown',
        label: 'Not known now',
        sentence: 'The wallet’s provider did not say whether you allow payments. Try again in a minute.',
      };
    case 'NOT_NEEDED':
    case undefined:
      return {
        state: 'unneeded',
        label: 'Kept by the application',
        sentence:
          'The application keeps this wallet for you: it pays within the limits above, without asking you first.',
      };
  }
}
