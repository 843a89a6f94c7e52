/** How the platform finds a wallet. A reference, never a key. */
export interface CoinbaseCdpAccount {
  /** `managerId/connectorId` of the connector whose credential provider names the project. */
  readonly connector: string;
  /** Who the wallet is of; `null` for an account of the project itself, which needs nobody's consent. */
  readonly endUserId: string | null;
}

/** Below the embedded wallets' API. */
export function endUserPath(endUserId: string): string {
  return `/v2/embedded-wallet-api/end-users/${encodeURIComponent(endUserId)}`;
}
