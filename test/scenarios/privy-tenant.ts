import { UpdatePaymentCredentialProviderCommand } from '@aws-sdk/client-bedrock-agentcore-control';
import { setConsent } from '../../lib/local/providers/stripe-privy/consent.ts';
import type { StripePrivy } from '../../lib/local/providers/stripe-privy/index.ts';
import type { AwsClients } from './aws-tenant.ts';
import { createProviderWallet, type ProviderWallet } from './provider-tenant.ts';
import type { Scene } from './scene.ts';

const providerOf = ({ app }: StripePrivy) =>
  ({
    credentialProviderVendor: 'StripePrivy',
    providerConfigurationInput: { stripePrivyConfiguration: app.credentials() },
  }) as const;

/** A wallet of Privy of an end user, who is asked first, or, without one, of the app; with a session of 5.00. */
export function createPrivyWallet(scene: Scene, aws: AwsClients, owner: 'end user' | 'project') {
  return createProviderWallet(scene, aws, { provider: providerOf(scene.stack.services.stripePrivy), owner });
}

/** Has the service keep the app's newest credentials. */
export function storeNewest({ stack }: Scene, { control }: AwsClients, { provider: name }: ProviderWallet) {
  return control.send(new UpdatePaymentCredentialProviderCommand({ name, ...providerOf(stack.services.stripePrivy) }));
}

/** The wallet as the app has it. */
export function privyWalletOf({ stack }: Scene, { address }: ProviderWallet) {
  return stack.services.stripePrivy.app.wallets.find((wallet) => wallet.address === address)!;
}

/** What a person does on the page that `redirectUrl` names. */
export function consent(scene: Scene, wallet: ProviderWallet, to: 'given' | 'withdrawn'): void {
  setConsent(scene.stack.services.stripePrivy.app, privyWalletOf(scene, wallet), to);
}
