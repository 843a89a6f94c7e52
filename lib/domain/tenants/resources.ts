import type { JwtAuthorizer } from './jwt-authorizer.ts';
import type { Hex } from '../payment/payment.ts';
import type { EpochMs } from '../time.ts';
import type { SolanaAddress } from './solana.ts';
import type { ConnectorMaterial, Vendor, WalletKey } from './wallet-shapes.ts';

/** How a manager's callers prove who they are: by signatures that IAM checks, or by tokens of an issuer. */
export type Authorizer = { readonly type: 'AWS_IAM' } | { readonly type: 'CUSTOM_JWT'; readonly jwt: JwtAuthorizer };

export type Tags = Readonly<Record<string, string>>;

/** A tenant: who may call, and which wallets there are. */
export interface PaymentManager {
  readonly managerId: string;
  readonly name: string;
  readonly description: string | null;
  readonly authorizer: Authorizer;
  /** Kept for compatibility; Bursar never assumes it. */
  readonly roleArn: string;
  /** As the creator gave them; Bursar gives them no meaning. */
  readonly tags: Tags | null;
  /** The workload identity that was made with the manager. */
  readonly workloadName: string;
  readonly status: 'READY';
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  /** Counts the changes, so that one never undoes another. */
  readonly revision: number;
}

/**
 * What a connector whose wallets Bursar keeps was given in `credentialProviderConfigurations`, since AWS's older clients insist
 * on an entry. It is shown again and means nothing: nobody looks for what the ARN names.
 */
export interface IgnoredConfiguration {
  readonly type: Vendor | 'AwsBilling';
  readonly arn: string;
}

/** One wallet provider under a manager. */
export interface PaymentConnector {
  readonly managerId: string;
  readonly connectorId: string;
  readonly name: string;
  readonly description: string | null;
  readonly status: 'READY';
  readonly material: ConnectorMaterial;
  readonly ignored: IgnoredConfiguration | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  /** Counts the changes, so that one never undoes another. */
  readonly revision: number;
}

/** Where one secret of a provider's credentials lies: in a secret that Bursar made, or in the deployer's own. */
export interface SecretLocation {
  readonly source: 'MANAGED' | 'EXTERNAL';
  readonly secretArn: string;
  /** The member of the secret's JSON object. */
  readonly jsonKey: string;
}

/** The credentials of a wallet provider's account. Names and locations, never the secrets. */
export type ProviderConfiguration =
  | {
      readonly vendor: 'CoinbaseCDP';
      readonly apiKeyId: string;
      readonly apiKeySecret: SecretLocation;
      /** Without it no wallet can be used. */
      readonly walletSecret: SecretLocation | null;
    }
  | {
      readonly vendor: 'StripePrivy';
      readonly appId: string;
      readonly appSecret: SecretLocation;
      readonly authorizationId: string;
      readonly authorizationPrivateKey: SecretLocation;
    };

export interface CredentialProvider {
  readonly name: string;
  readonly configuration: ProviderConfiguration;
  readonly tags: Tags | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly revision: number;
}

/** A name under which tokens are asked for. */
export interface WorkloadIdentity {
  readonly name: string;
  readonly returnUrls: readonly string[];
  readonly tags: Tags | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly revision: number;
}

export type InstrumentStatus = 'INITIATED' | 'ACTIVE' | 'FAILED' | 'DELETED';

/** AgentCore's linked account of an embedded wallet; stored and returned, not used for signing. */
export type LinkedAccount = Readonly<
  Record<string, Readonly<Record<string, string | Readonly<Record<string, string>>>>>
>;

/** One wallet of one user: on chains of one family, whose addresses are in its form. */
interface InstrumentOf<N, A> {
  readonly managerId: string;
  readonly connectorId: string;
  readonly instrumentId: string;
  readonly userId: string;
  readonly network: N;
  readonly linkedAccounts: readonly LinkedAccount[];
  readonly status: InstrumentStatus;
  /** The wallet's address and key; `null` until the instrument is ACTIVE. */
  readonly wallet: { readonly address: A; readonly key: WalletKey } | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
}

/** The wallets that pay. */
export type EvmInstrument = InstrumentOf<'ETHEREUM', Hex>;
/** Made, shown and funded; nothing is paid from them. */
export type SolanaInstrument = InstrumentOf<'SOLANA', SolanaAddress>;
export type PaymentInstrument = EvmInstrument | SolanaInstrument;
