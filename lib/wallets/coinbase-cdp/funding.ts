import type { Network, NetworkId } from '../../domain/assets.ts';
import { URL_MAX_CHARS } from '../../domain/limits.ts';
import { isSecureUrl } from '../../domain/loopback.ts';
import { formatUsd } from '../../domain/money.ts';
import { ProviderRefused, type Funding } from '../../domain/ports/services.ts';
import type { WalletKey } from '../../domain/tenants/wallet-shapes.ts';
import { memberOf } from '../../json/record.ts';
import type { CallCoinbaseCdp } from './client.ts';

/** The platform's names of networks that it sells USDC on. */
const SOLD_ON: Readonly<Partial<Record<NetworkId, string>>> = {
  'eip155:1': 'ethereum',
  'eip155:10': 'optimism',
  'eip155:137': 'polygon',
  'eip155:8453': 'base',
  'eip155:42161': 'arbitrum',
};
/** And of those that it gives test money of. */
const GIVEN_ON: Readonly<Partial<Record<NetworkId, string>>> = {
  'eip155:84532': 'base-sepolia',
  'eip155:11155111': 'ethereum-sepolia',
};

const TRANSACTION = /^0x[0-9a-fA-F]{64}$/;

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
      const { status, body } = await call(
        {
          connector: connectorOf(key),
          method: 'POST',
          path: '/v2/evm/faucet',
          walletToken: 'unused',
          body: { address, network: name, token: network.usdc.symbol.toLowerCase() },
        },
        [200, 400, 403],
      );
      if (status !== 200) refuseFunding('Coinbase gives this project no test money');
      const hash = memberOf(body, 'transactionHash');
      if (typeof hash !== 'string' || !TRANSACTION.test(hash)) throw new Error('Coinbase named no transaction');
      return hash;
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

function refuseNetwork(does: string, { x402Name }: Network): never {
  return refuseFunding(`Coinbase ${does} on ${x402Name}`);
}

function refuseFunding(message: string): never {
  throw new ProviderRefused('funding_unavailable', `${message}: send USDC to the address of the wallet`);
}
