import { randomUUID } from 'node:crypto';
import type { BursarClient } from '../../lib/client/index.ts';

export type ConnectorType = 'SeedVault' | 'AwsKms';

export interface Tenant {
  readonly paymentManagerArn: string;
  readonly paymentManagerId: string;
  readonly connectorIds: Readonly<Partial<Record<ConnectorType, string>>>;
}

export interface Wallet {
  readonly instrumentId: string;
  readonly address: string;
}

export interface SessionView {
  readonly paymentSessionId: string;
  readonly availableLimits: { readonly availableSpendAmount: { readonly value: string } };
  readonly spentAmount: { readonly value: string };
  readonly reservedAmount: { readonly value: string };
}

export const USER = 'user-rehearsal';

/** A manager with a connector of each type. */
export async function createTenant(
  operator: BursarClient,
  choices: { readonly name: string; readonly types: readonly ConnectorType[]; readonly authorizer: object },
): Promise<Tenant> {
  const { paymentManagerArn, paymentManagerId } = await operator.call<Tenant>({
    method: 'POST',
    path: '/payments/managers',
    body: {
      name: choices.name,
      roleArn: 'arn:aws:iam::000000000000:role/unused',
      clientToken: randomUUID(),
      ...choices.authorizer,
    },
  });
  const connectors = await Promise.all(
    choices.types.map(async (type) => {
      const { paymentConnectorId } = await operator.call<{ paymentConnectorId: string }>({
        method: 'POST',
        path: `/payments/managers/${paymentManagerId}/connectors`,
        body: { name: `of_${type}`, type, credentialProviderConfigurations: [], clientToken: randomUUID() },
      });
      return [type, paymentConnectorId] as const;
    }),
  );
  return { paymentManagerArn, paymentManagerId, connectorIds: Object.fromEntries(connectors) };
}

export async function createWallet(backend: BursarClient, tenant: Tenant, type: ConnectorType): Promise<Wallet> {
  const { paymentInstrument } = await backend.call<{
    paymentInstrument: {
      paymentInstrumentId: string;
      paymentInstrumentDetails: { embeddedCryptoWallet: { walletAddress: string } };
    };
  }>({
    method: 'POST',
    path: '/payments/createPaymentInstrument',
    userId: USER,
    body: {
      paymentManagerArn: tenant.paymentManagerArn,
      paymentConnectorId: tenant.connectorIds[type],
      paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
      paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [] } },
      clientToken: randomUUID(),
    },
  });
  const { paymentInstrumentId: instrumentId, paymentInstrumentDetails } = paymentInstrument;
  return { instrumentId, address: paymentInstrumentDetails.embeddedCryptoWallet.walletAddress };
}

export async function openSession(backend: BursarClient, tenant: Tenant, limitUsd: string): Promise<string> {
  const { paymentSession } = await backend.call<{ paymentSession: SessionView }>({
    method: 'POST',
    path: '/payments/createPaymentSession',
    userId: USER,
    body: {
      paymentManagerArn: tenant.paymentManagerArn,
      expiryTimeInMinutes: 15,
      limits: { maxSpendAmount: { value: limitUsd, currency: 'USD' } },
      clientToken: randomUUID(),
    },
  });
  return paymentSession.paymentSessionId;
}

/** Spent, reserved and left, as the API says. */
export async function readBooks(client: BursarClient, { paymentManagerArn }: Tenant, paymentSessionId: string) {
  const { paymentSession } = await client.call<{ paymentSession: SessionView }>({
    method: 'POST',
    path: '/payments/getPaymentSession',
    userId: USER,
    body: { paymentManagerArn, paymentSessionId },
  });
  return {
    spent: paymentSession.spentAmount.value,
    reserved: paymentSession.reservedAmount.value,
    available: paymentSession.availableLimits.availableSpendAmount.value,
  };
}
