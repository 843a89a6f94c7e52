import { randomUUID } from 'node:crypto';
import type { CallInput } from '../../lib/contract/client-types.ts';
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

export const USER = 'user-rehearsal';

type ManagerAuthorizer = Pick<CallInput<'CreatePaymentManager'>, 'authorizerType' | 'authorizerConfiguration'>;

/** A manager with a connector of each type. */
export async function createTenant(
  operator: BursarClient,
  choices: { readonly name: string; readonly types: readonly ConnectorType[]; readonly authorizer: ManagerAuthorizer },
): Promise<Tenant> {
  const { paymentManagerArn, paymentManagerId } = await operator.call('CreatePaymentManager', {
    name: choices.name,
    roleArn: 'arn:aws:iam::000000000000:role/unused',
    clientToken: randomUUID(),
    ...choices.authorizer,
  });
  const connectors = await Promise.all(
    choices.types.map(async (type) => {
      const { paymentConnectorId } = await operator.call('CreatePaymentConnector', {
        paymentManagerId,
        name: `of_${type}`,
        type,
        credentialProviderConfigurations: [],
        clientToken: randomUUID(),
      });
      return [type, paymentConnectorId] as const;
    }),
  );
  return { paymentManagerArn, paymentManagerId, connectorIds: Object.fromEntries(connectors) };
}

export async function createWallet(backend: BursarClient, tenant: Tenant, type: ConnectorType): Promise<Wallet> {
  const input = {
    paymentManagerArn: tenant.paymentManagerArn,
    paymentConnectorId: tenant.connectorIds[type]!,
    paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
    paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts: [] } },
    clientToken: randomUUID(),
  } as const;
  const { paymentInstrument } = await backend.call('CreatePaymentInstrument', input, { userId: USER });
  const { paymentInstrumentId: instrumentId, paymentInstrumentDetails } = paymentInstrument;
  const { walletAddress } = paymentInstrumentDetails.embeddedCryptoWallet;
  if (walletAddress === undefined) throw new Error(`the wallet ${instrumentId} has no address`);
  return { instrumentId, address: walletAddress };
}

export async function openSession(backend: BursarClient, tenant: Tenant, limitUsd: string): Promise<string> {
  const input = {
    paymentManagerArn: tenant.paymentManagerArn,
    expiryTimeInMinutes: 15,
    limits: { maxSpendAmount: { value: limitUsd, currency: 'USD' } },
    clientToken: randomUUID(),
  } as const;
  const { paymentSession } = await backend.call('CreatePaymentSession', input, { userId: USER });
  return paymentSession.paymentSessionId;
}

/** Spent, reserved and left, as the API says. */
export async function readBooks(client: BursarClient, { paymentManagerArn }: Tenant, paymentSessionId: string) {
  const input = { paymentManagerArn, paymentSessionId };
  const { paymentSession } = await client.call('GetPaymentSession', input, { userId: USER });
  return {
    spent: paymentSession.spentAmount.value,
    reserved: paymentSession.reservedAmount.value,
    available: paymentSession.availableLimits?.availableSpendAmount.value,
  };
}
