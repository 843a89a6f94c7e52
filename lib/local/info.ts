import type { Seller } from './sellers/index.ts';

/** Keys of a caller's role. They open the local stack and nothing else. */
export interface LocalCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Credentials of a client of the local issuer, and the scope to ask for. */
export interface LocalClient {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string;
}

/** A connector of each type. */
export interface LocalConnectorIds {
  readonly SeedVault: string;
  readonly AwsKms: string;
  /** Of what stands in for Coinbase. */
  readonly CoinbaseCDP: string;
  /** Of what stands in for Privy. */
  readonly StripePrivy: string;
}

/** A payment manager that takes tokens, and the OpenID Connect issuer that gives them. */
export interface LocalJwt {
  /** Where the operations stand that take tokens. */
  readonly endpoint: string;
  readonly issuer: string;
  readonly discoveryUrl: string;
  readonly tokenEndpoint: string;
  readonly paymentManagerArn: string;
  readonly paymentConnectorIds: LocalConnectorIds;
  /** On which its users sign in and see their wallets. */
  readonly walletPage: string;
  /** `management` and `agent` are one user with two scopes; the manager takes no tokens of `visitor`. */
  readonly clients: Readonly<Record<'management' | 'agent' | 'visitor', LocalClient>>;
}

/** What the local stack prints when it is ready and writes to `.bursar/local.json`. Tools are written against these names. */
export interface LocalInfo {
  /** Where books, keys and chain are kept, as an absolute path; `null` for nowhere. */
  readonly dataDir: string | null;
  /** With its stage. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: {
    readonly controlPlane: LocalCredentials;
    readonly management: LocalCredentials;
    readonly processPayment: LocalCredentials;
    readonly observer: LocalCredentials;
    /** Of TokenRole, which a deployment has only where it asks for it. */
    readonly token: LocalCredentials;
    /** Of TreasuryRole, which a deployment has only where it asks for it. */
    readonly treasury: LocalCredentials;
    /** Of BackupRole, which a deployment has only where it asks for it. */
    readonly backup: LocalCredentials;
  };
  /** KMS, Secrets Manager and what invokes functions. */
  readonly aws: { readonly endpoint: string };
  /** The signer that is a function, where one was given, and keys that may invoke it. */
  readonly signerFunction?: { readonly arn: string; readonly credentials: LocalCredentials };
  /** What programs written for AWS find in place of an account: STS, IAM's roles, and AgentCore payments under AWS's signing name. */
  readonly awsAccount: { readonly endpoint: string; readonly credentials: LocalCredentials };
  readonly paymentManagerArn: string;
  readonly paymentConnectorIds: LocalConnectorIds;
  /** The same service with tokens in place of signatures. */
  readonly jwt: LocalJwt;
  /** By CAIP-2 id. */
  readonly chains: Readonly<Record<string, { readonly rpcUrl: string; readonly usdc: string }>>;
  readonly sellers: readonly Omit<Seller, 'payTo'>[];
  /** What stands in for Coinbase: its API, and the page on which end users let wallets sign. */
  readonly coinbaseCdp: {
    readonly url: string;
    readonly hubUrl: string;
    /** As a developer of Coinbase has them, for `CreatePaymentCredentialProvider`. */
    readonly credentials: { readonly apiKeyId: string; readonly apiKeySecret: string; readonly walletSecret: string };
  };
  /** What stands in for Privy, with the page on which users add the app’s key to their wallets. */
  readonly stripePrivy: {
    readonly url: string;
    readonly consentUrl: string;
    /** As a developer of Privy has them, for `CreatePaymentCredentialProvider`. */
    readonly credentials: {
      readonly appId: string;
      readonly appSecret: string;
      readonly authorizationId: string;
      readonly authorizationPrivateKey: string;
    };
  };
  /** POST `{"address": "0x...", "amount": "25.00"}` mints test USDC to a wallet; `"allowance": "25.00"` lets Permit2 take that much of it. */
  readonly faucet: string;
  /** Settles what is signed for the local chain: `POST /settle` of x402. */
  readonly facilitator: string;
  /** Where money may leave for: an account of the local chain that nothing else uses. */
  readonly withdrawalAddresses: readonly string[];
}
