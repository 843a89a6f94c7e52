/** How Privy finds a wallet. A reference, never a key. */
export interface StripePrivyAccount {
  /** `managerId/connectorId` of the connector whose credential provider names the app. */
  readonly connector: string;
  /** Of the wallet in the app. */
  readonly walletId: string;
}

export function walletPath(walletId: string): string {
  return `/v1/wallets/${encodeURIComponent(walletId)}`;
}
