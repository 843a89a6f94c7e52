import type { Network, NetworkId } from '../../domain/assets.ts';
import type { SolanaNetwork } from '../../domain/tenants/solana.ts';
import { URL_MAX_CHARS } from '../../domain/limits.ts';
import { isSecureUrl } from '../../domain/loopback.ts';
import { formatUsd } from '../../domain/money.ts';
import { ProviderRefused, type Funding } from '../../domain/ports/services.ts';
import type { WalletKey } from '../../domain/tenants/wallet-shapes.ts';
import { memberOf } from '../../json/record.ts';
import type { CallCoinbaseCdp } from './client.ts';

type FundedNetworkId = NetworkId | SolanaNetwork['id'];

/** The platform's names of networks that it sells USDC on. */
const SOLD_ON: Readonly<Partial<Record<FundedNetworkId, string>>> = {
  'eip155:1': 'ethereum',
  'eip155:10': 'optimism',
  'eip155:137': 'polygon',
  'eip155:8453': 'base',
  'eip155:42161': 'arbitrum',
  'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp': 'solana',
};
/** And of those that it gives test money of. */
const GIVEN_ON: Readonly<Partial<Record<FundedNetworkId, string>>> = {
  'eip155:84532': 'base-sepolia',
  'eip155:11155111': 'ethereum-sepolia',
  'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1': 'solana-devnet',
};

/** The faucets: Solana's is of one network, and names its transactions by their signatures. */
const FAUCETS = {
  evm: { path: '/v2/evm/faucet', member: 'transactionHash', form: /^0x[0-9a-fA-F]{64}$/ },
  solana: { path: '/v2/solana/faucet', member: 'transactionSignature', form: /^[1-9A-HJ-NP-Za-km-z]{64,88}$/ },
} as const;

/** Money for wallets by the platform: its on-ramp, and its faucet of test networks. Both need the API key alone. */
export function createCoinbaseCdpFunding(call: CallCoinbaseCdp): Funding {
  return {
    openOnramp: async (key, { address, network, amount, returnUrl }) => {
      const destinationNetwork = SOLD_ON[network.id] ?? refuseNetwork('sells no USDC', network);
      const answer = await call(
        {
          connector: connectorOf(key),
          method: 'POST',
          path: '/v2/onramp/sessions',
          walletToken: 'unused',
          body: {
            purchaseCurrency: network.usdc.symbol,
            destinationNetwork,
            destinationAddress: address,
            ...(amount === null ? {} : { paymentAmount: formatUsd(amount), paymentCurrency: 'USD' }),
            ...(returnUrl === null ? {} : { redirectUrl: returnUrl }),
          },
        },
        [201, 400],
      );
      if (answer.status === 400) refuseFunding('Coinbase opens no on-ramp for this project and wallet');
      return readUrl(memberOf(memberOf(answer.body, 'session'), 'onrampUrl'));
    },
    requestTestFunds: async (key, { address, network }) => {
      const name = GIVEN_ON[network.id] ?? refuseNetwork('gives no test money', network);
      const faucet = network.id.startsWith('solana:') ? FAUCETS.solana : FAUCETS.evm;
      const token = network.usdc.symbol.toLowerCase();
      const { status, body } = await call(
        {
          connector: connectorOf(key),
          method: 'POST',
          path: faucet.path,
          walletToken: 'unused',
          body: faucet === FAUCETS.solana ? { address, token } : { address, network: name, token },
        },
        [200, 400, 403],
      );
      if (status !== 200) refuseFunding('Coinbase gives this project no test money');
      const transaction = memberOf(body, faucet.member);
      if (typeof transaction !== 'string' || !faucet.form.test(transaction)) {
        throw new Error('Coinbase named no transaction');
      }
      return transaction;
    },
  };
}

function connectorOf(key: WalletKey): string {
  if (key.type !== 'CoinbaseCDP') throw new Error(`money of Coinbase was asked for a ${key.type} key`);
  return key.connector;
}

/** A page that a browser is sent to, so that it must be one that nobody on the way can change. */
function readUrl(value: unknown): string {
  const isPage = typeof value === 'string' && value.length <= URL_MAX_CHARS && URL.canParse(value);
  if (!isPage || !isSecureUrl(new URL(value))) throw new Error('Coinbase named no page of an on-ramp');
  return value;
}

function refuseNetwork(does: string, { x402Name }: Network | SolanaNetwork): never {
  return refuseFunding(`Coinbase ${does} on ${x402Name}`);
}

function refuseFunding(message: string): never {
  throw new ProviderRefused('funding_unavailable', `${message}: send USDC to the address of the wallet`);
}
