import { formatManagerArn, MANAGER_ID, type Deployment } from '../../domain/ids.ts';
import type { ManagerStore } from '../../domain/ports/registry.ts';
import { issuerKeyOfDiscoveryUrl, mayTrust, type TrustedIssuers } from '../../domain/tenants/jwt-authorizer.ts';
import type { SignInEndpoints } from '../../jwt/sign-in.ts';

export interface WalletSignInDeps {
  readonly registry: Pick<ManagerStore, 'readManager'>;
  readonly endpointsOf: (discoveryUrl: string) => Promise<SignInEndpoints | null>;
  readonly trustedIssuers: TrustedIssuers;
  readonly deployment: Deployment;
}

/** How the users of a manager sign in on the page of wallets. None of it is a secret: every browser that signs in shows it. */
export interface SignInWay extends SignInEndpoints {
  readonly paymentManagerArn: string;
  readonly clientId: string;
  /** With the one that OpenID Connect asks for. */
  readonly scope: string;
  /** For whom the token is meant (RFC 8707). */
  readonly resource?: string;
}

/** Finds how the users of a manager sign in; `null` for a manager whose users do not, and for one that there is none of. */
export async function findSignIn(deps: WalletSignInDeps, managerId: string): Promise<SignInWay | null> {
  const manager = MANAGER_ID.test(managerId) ? await deps.registry.readManager(managerId) : null;
  if (manager === null || manager.authorizer.type === 'AWS_IAM') return null;
  const { discoveryUrl, walletSignIn } = manager.authorizer.jwt;
  if (walletSignIn === undefined || !mayTrust(deps.trustedIssuers, issuerKeyOfDiscoveryUrl(discoveryUrl))) return null;
  const endpoints = await deps.endpointsOf(discoveryUrl);
  if (endpoints === null) return null;
  const { clientId, scope, resource } = walletSignIn;
  return {
    ...endpoints,
    paymentManagerArn: formatManagerArn(deps.deployment, managerId),
    clientId,
    scope: `openid ${scope}`,
    ...(resource === undefined ? {} : { resource }),
  };
}
