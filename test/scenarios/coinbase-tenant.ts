import { CreatePaymentInstrumentCommand, ProcessPaymentCommand } from '@aws-sdk/client-bedrock-agentcore';
import {
  CreatePaymentConnectorCommand,
  CreatePaymentCredentialProviderCommand,
  CreatePaymentManagerCommand,
} from '@aws-sdk/client-bedrock-agentcore-control';
import type { CoinbaseCdp } from '../../lib/local/providers/coinbase-cdp/index.ts';
import { createSession, type AwsClients, type Tenant } from './aws-tenant.ts';
import { askSeller, clientOf, newToken, newUser, type Address, type Scene } from './scene.ts';

/** The project's newest keys, as its portal would show them. */
export function credentialsOf({ project }: CoinbaseCdp) {
  const [apiKey] = project.apiKeys();
  const [walletSecret] = project.walletSecrets();
  return { apiKeyId: apiKey!.id, apiKeySecret: apiKey!.secret, walletSecret: walletSecret!.secret };
}

/** Credentials, manager and connector, all by AWS's own clients. */
async function createCoinbaseTenant({ control }: AwsClients, cdp: CoinbaseCdp) {
  const name = `cdp-${newToken()}`;
  const provider = await control.send(
    new CreatePaymentCredentialProviderCommand({
      name,
      credentialProviderVendor: 'CoinbaseCDP',
      providerConfigurationInput: { coinbaseCdpConfiguration: credentialsOf(cdp) },
    }),
  );
  const manager = await control.send(
    new CreatePaymentManagerCommand({
      name: 'Coinbase',
      authorizerType: 'AWS_IAM',
      roleArn: 'arn:aws:iam::000000000000:role/service',
      clientToken: newToken(),
    }),
  );
  const connector = await control.send(
    new CreatePaymentConnectorCommand({
      paymentManagerId: manager.paymentManagerId,
      name: 'coinbase',
      type: 'CoinbaseCDP',
      credentialProviderConfigurations: [{ coinbaseCDP: { credentialProviderArn: provider.credentialProviderArn } }],
    }),
  );
  return { name, manager, connector };
}

/** A wallet of Coinbase of an end user, or, without one, of the project; with a session of 5.00. */
export async function createCoinbaseWallet(scene: Scene, aws: AwsClients, of: 'end user' | 'project') {
  const { stack } = scene;
  const { name, manager, connector } = await createCoinbaseTenant(aws, stack.services.coinbaseCdp);
  const userId = newUser();
  const linkedAccounts = of === 'project' ? [] : [{ email: { emailAddress: `${newToken()}@example.com` } }];
  const { paymentInstrument } = await aws.backend.send(
    new CreatePaymentInstrumentCommand({
      userId,
      paymentManagerArn: manager.paymentManagerArn,
      paymentConnectorId: connector.paymentConnectorId,
      paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
      paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts } },
      clientToken: newToken(),
    }),
  );
  const wallet = paymentInstrument?.paymentInstrumentDetails?.embeddedCryptoWallet;
  const { session } = await createSession(aws, { manager } as Tenant, userId, '5.00');
  const names = {
    paymentManagerArn: manager.paymentManagerArn!,
    paymentInstrumentId: paymentInstrument!.paymentInstrumentId!,
  };
  const paymentSessionId = session.paymentSessionId!;
  const { paymentManagerArn } = names;
  return {
    provider: name,
    userId,
    address: wallet?.walletAddress as Address,
    redirectUrl: wallet?.redirectUrl,
    names,
    paymentSessionId,
    delegation: async () => {
      const answer = await clientOf(stack, 'management').call('GetPaymentInstrument', names, { userId });
      return answer.paymentInstrument.delegation;
    },
    /** Spent and held. */
    books: async () => {
      const input = { paymentManagerArn, paymentSessionId };
      const { paymentSession } = await clientOf(stack, 'management').call('GetPaymentSession', input, { userId });
      return [paymentSession.spentAmount.value, paymentSession.reservedAmount.value];
    },
  };
}

export type CoinbaseWallet = Awaited<ReturnType<typeof createCoinbaseWallet>>;

/** Asks the seller of 0.01, and has the wallet pay. */
export async function payFrom(
  { userId, names, paymentSessionId }: CoinbaseWallet,
  scene: Scene,
  { agent }: AwsClients,
  clientToken = newToken(),
) {
  const terms = await askSeller(scene.stack, 'weather');
  const command = new ProcessPaymentCommand({
    userId,
    ...names,
    paymentSessionId,
    paymentType: 'CRYPTO_X402',
    paymentInput: { cryptoX402: { version: terms.chosen.offer.version, payload: { ...terms.chosen.entry } } },
    clientToken,
  });
  return { terms, answering: agent.send(command) };
}
