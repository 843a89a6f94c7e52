import type { WalletPageGrant } from '../ports/wallet-links.ts';
import type { VerifiedClaims } from './jwt-authorizer.ts';

/**
 * What a call is for a token's scopes: paying, reading what an agent may know, what a user does on the page of wallets, or managing
 * budgets and wallets.
 */
export type Access = 'pay' | 'read' | 'wallet' | 'manage';

/** Whom a call acts for, and how that was proven. */
export interface Principal {
  readonly userId: string;
  /** What a token says of its holder; `null` for a caller that signed with IAM. */
  readonly claims: VerifiedClaims | null;
  /** The ARN of the role or user that signed with IAM, where the gateway said it. Of a role it has no path, as STS has none. */
  readonly callerArn?: string;
  /** Of whom a link brought to the page of one wallet: what that link says of the wallet. */
  readonly walletPage?: Pick<WalletPageGrant, 'agentName'>;
}

/** A caller that signed with IAM; the user is as the deployment binds it. */
export function signedCaller(userId: string, callerArn?: string): Principal {
  return { userId, claims: null, ...(callerArn === undefined ? {} : { callerArn }) };
}
