import { parseApiKeySecret, parseWalletSecret } from './coinbase-cdp/request-signing.ts';
import { parseAppSecret, parseAuthorizationPrivateKey } from './stripe-privy/request-signing.ts';

const PARSERS = {
  apiKeySecret: parseApiKeySecret,
  walletSecret: parseWalletSecret,
  appSecret: parseAppSecret,
  authorizationPrivateKey: parseAuthorizationPrivateKey,
};

/** The members of a credential provider's configuration that are secret. */
export type ProviderSecretName = keyof typeof PARSERS;

/** What is wrong with the form of one secret, `must be ...`, without a word of it; `null` for a good one. */
export function findSecretProblem(name: ProviderSecretName, text: string): string | null {
  const parsed = PARSERS[name](text);
  return parsed.ok ? null : parsed.error;
}
