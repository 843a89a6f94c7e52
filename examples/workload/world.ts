import { isAddress } from '../../lib/chains/evm/address.ts';
import { createBursarClient, type BursarClient } from '../../lib/client/index.ts';
import type { Answer } from '../../lib/contract/client-types.ts';
import type { LocalStack } from '../../lib/local/stack.ts';

type Receipt = Answer<'ListPayments'>['payments'][number];

/** What an application hands to its agent, and what it knows of the spending afterwards. */
export interface Budget {
  /** The agent's own: it may pay within the session, and not open one. */
  readonly client: BursarClient;
  readonly session: { readonly paymentManagerArn: string; readonly paymentSessionId: string; readonly userId: string };
  readonly instrument: { readonly paymentInstrumentId: string; readonly paymentConnectorId: string };
  /** What was asked for in the session, oldest first. */
  receipts(): Promise<readonly Receipt[]>;
  urlOf(seller: string): string;
}

const RECEIPTS_PAGE = '100';
const USDC_UNITS = 1_000_000n;
const FUNDS_USD = 25n;

/** What an application does before its agent starts, on a local stack: it makes a wallet, funds it, and opens a session with a budget. */
export async function openBudget({ info, chain }: LocalStack, userId: string, budgetUsd: string): Promise<Budget> {
  const { endpoint, region, credentials, paymentManagerArn } = info;
  const application = createBursarClient({ endpoint, region, credentials: credentials.management });
  const paymentConnectorId = info.paymentConnectorIds.SeedVault;
  const { paymentInstrument } = await application.call(
    'CreatePaymentInstrument',
    {
      paymentManagerArn,
      paymentConnectorId,
      paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
      paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [] } },
    },
    { userId },
  );
  const { walletAddress } = paymentInstrument.paymentInstrumentDetails.embeddedCryptoWallet;
  if (walletAddress === undefined || !isAddress(walletAddress)) throw new Error('the wallet has no address');
  await chain.mint(walletAddress, FUNDS_USD * USDC_UNITS);
  const limits = { maxSpendAmount: { value: budgetUsd, currency: 'USD' } } as const;
  const asked = { paymentManagerArn, expiryTimeInMinutes: 60, limits };
  const { paymentSession } = await application.call('CreatePaymentSession', asked, { userId });
  const { paymentSessionId } = paymentSession;
  return {
    client: createBursarClient({ endpoint, region, credentials: credentials.processPayment }),
    session: { paymentManagerArn, paymentSessionId, userId },
    instrument: { paymentInstrumentId: paymentInstrument.paymentInstrumentId, paymentConnectorId },
    receipts: async () => {
      const { payments } = await application.call(
        'ListPayments',
        { paymentManagerArn, maxResults: RECEIPTS_PAGE },
        { userId },
      );
      return payments.filter((receipt) => receipt.paymentSessionId === paymentSessionId).toReversed();
    },
    urlOf: (seller) => {
      const found = info.sellers.find(({ name }) => name === seller);
      if (found === undefined) throw new Error(`the local stack has no seller ${seller}`);
      return found.url;
    },
  };
}
