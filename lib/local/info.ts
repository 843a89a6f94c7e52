import type { Seller } from './sellers/index.ts';

/** Keys of a caller's role. They open the local stack and nothing else. */
export interface LocalCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What the local stack prints when it is ready and writes to `.bursar/local.json`. Tools are written against these names. */
export interface LocalInfo {
  /** With its stage. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: {
    readonly controlPlane: LocalCredentials;
    readonly management: LocalCredentials;
    readonly processPayment: LocalCredentials;
  };
  readonly paymentManagerArn: string;
  readonly paymentConnectorIds: { readonly SeedVault: string; readonly AwsKms: string };
  /** By CAIP-2 id. */
  readonly chains: Readonly<Record<string, { readonly rpcUrl: string; readonly usdc: string }>>;
  readonly sellers: readonly Omit<Seller, 'payTo'>[];
  /** POST `{"address": "0x...", "amount": "25.00"}` mints test USDC to a wallet. */
  readonly faucet: string;
}
