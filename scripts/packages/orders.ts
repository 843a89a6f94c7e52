import { createBursarClient, type BursarClient } from '../../lib/client/index.ts';
import type { LocalInfo } from '../../lib/local/info.ts';
import { requestToken } from '../../lib/local/issuer/request-token.ts';
import type { Order } from '../../test/package/buyer.ts';

const SELLER = 'market-data';
/** For one purchase, and not for two. */
const BUDGET_USD = '0.60';
const WALLET_USD = '5.00';

/** What a backend does before its agent buys: a wallet, test money and a session. */
async function open(client: BursarClient, info: LocalInfo, tenant: Tenant, userId: string | undefined) {
  const { paymentManagerArn, paymentConnectorIds } = tenant;
  const user = userId === undefined ? {} : { userId };
  const { paymentInstrument } = await client.call(
    'CreatePaymentInstrument',
    {
      paymentManagerArn,
      paymentConnectorId: paymentConnectorIds.SeedVault,
      paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
      paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [] } },
    },
    user,
  );
  const address = paymentInstrument.paymentInstrumentDetails.embeddedCryptoWallet.walletAddress;
  const body = JSON.stringify({ address, amount: WALLET_USD });
  const funded = await fetch(info.faucet, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  if (!funded.ok) throw new Error(`the faucet answered ${funded.status}`);
  const limits = { maxSpendAmount: { value: BUDGET_USD, currency: 'USD' } } as const;
  const { paymentSession } = await client.call(
    'CreatePaymentSession',
    { paymentManagerArn, expiryTimeInMinutes: 60, limits },
    user,
  );
  const { paymentSessionId } = paymentSession;
  const { paymentInstrumentId } = paymentInstrument;
  return {
    session: { paymentManagerArn, paymentSessionId, userId: paymentSession.userId },
    instrument: { paymentInstrumentId },
    seller: sellerOf(info),
  };
}

type Tenant = Pick<LocalInfo, 'paymentManagerArn' | 'paymentConnectorIds'>;

function sellerOf({ sellers }: LocalInfo): string {
  const seller = sellers.find(({ name }) => name === SELLER);
  if (seller === undefined) throw new Error(`the local stack has no seller ${SELLER}`);
  return seller.url;
}

/** An order for an agent that signs. */
export async function openSignedOrder(info: LocalInfo, userId: string): Promise<Order> {
  const { endpoint, region, credentials } = info;
  const backend = createBursarClient({ endpoint, region, credentials: credentials.management });
  const opened = await open(backend, info, info, userId);
  return { endpoint, access: { region, credentials: credentials.processPayment }, ...opened };
}

/** An order for an agent with a token. */
export async function openTokenOrder(info: LocalInfo): Promise<Order> {
  const { endpoint, tokenEndpoint, clients } = info.jwt;
  const tokenOf = (holder: 'management' | 'agent') => requestToken({ tokenEndpoint, ...clients[holder] });
  const backend = createBursarClient({ endpoint, token: () => tokenOf('management') });
  const opened = await open(backend, info, info.jwt, undefined);
  return { endpoint, access: { token: await tokenOf('agent') }, ...opened };
}
