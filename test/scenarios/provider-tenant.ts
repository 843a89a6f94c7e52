import { CreatePaymentInstrumentCommand, ProcessPaymentCommand } from '@aws-sdk/client-bedrock-agentcore';
import {
  CreatePaymentConnectorCommand,
  CreatePaymentCredentialProviderCommand,
  CreatePaymentManagerCommand,
  type CreatePaymentCredentialProviderCommandInput,
} from '@aws-sdk/client-bedrock-agentcore-control';
import { createSession, type AwsClients, type Tenant } from './aws-tenant.ts';
import { askSeller, clientOf, newToken, newUser, type Address, type Scene } from './scene.ts';

type Provider = Pick<
  CreatePaymentCredentialProviderCommandInput,
  'credentialProviderVendor' | 'providerConfigurationInput'
>;

/** Credentials, manager and connector, all by AWS's own clients. */
async function createProviderTenant({ control }: AwsClients, provider: Provider) {
  const vendor = provider.credentialProviderVendor!;
  const name = `${vendor.toLowerCase()}-${newToken()}`;
  const { credentialProviderArn } = await control.send(
    new CreatePaymentCredentialProviderCommand({ name, ...provider }),
  );
  const manager = await control.send(
    new CreatePaymentManagerCommand({
      name: vendor,
      authorizerType: 'AWS_IAM',
      roleArn: 'arn:aws:iam::000000000000:role/service',
      clientToken: newToken(),
    }),
  );
  const reference = { credentialProviderArn };
  const connector = await control.send(
    new CreatePaymentConnectorCommand({
      paymentManagerId: manager.paymentManagerId,
      name: vendor.toLowerCase(),
      type: vendor,
      credentialProviderConfigurations: [
        vendor === 'CoinbaseCDP' ? { coinbaseCDP: reference } : { stripePrivy: reference },
      ],
    }),
  );
  return { name, manager, connector };
}

/** A wallet of an end user, or, without one, of the provider's project; with a session of 5.00. */
export async function createProviderWallet(
  scene: Scene,
  aws: AwsClients,
  of: { readonly provider: Provider; readonly owner: 'end user' | 'project'; readonly network?: 'ETHEREUM' | 'SOLANA' },
) {
  const { stack } = scene;
  const { name, manager, connector } = await createProviderTenant(aws, of.provider);
  const userId = newUser();
  const linkedAccounts = of.owner === 'project' ? [] : [{ email: { emailAddress: `${newToken()}@example.com` } }];
  const { paymentInstrument } = await aws.backend.send(
    new CreatePaymentInstrumentCommand({
      userId,
      paymentManagerArn: manager.paymentManagerArn,
      paymentConnectorId: connector.paymentConnectorId,
      paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
      paymentInstrumentDetails: { embeddedCryptoWallet: { network: of.network ?? 'ETHEREUM', linkedAccounts } },
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

export type ProviderWallet = Awaited<ReturnType<typeof createProviderWallet>>;

/** Asks the seller of 0.01, and has the wallet pay. */
export async function payFrom(
  { userId, names, paymentSessionId }: Pick<ProviderWallet, 'userId' | 'names' | 'paymentSessionId'>,
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
