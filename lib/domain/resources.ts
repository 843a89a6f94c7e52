import type { Hex } from './payment.ts';
import type { EpochMs } from './time.ts';

/** A tenant: who may call, and which wallets there are. */
export interface PaymentManager {
  readonly managerId: string;
  readonly name: string;
  readonly description: string | null;
  readonly authorizerType: 'AWS_IAM';
  /** Kept for compatibility; Bursar never assumes it. */
  readonly roleArn: string;
  /** As the creator gave them; Bursar gives them no meaning. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly status: 'READY';
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
}

export type WalletType = 'AwsKms' | 'SeedVault';

/** What a wallet needs to know of its connector. Holds references and public keys, never secrets. */
export type ConnectorMaterial =
  | { readonly type: 'AwsKms' }
  | {
      readonly type: 'SeedVault';
      readonly secretArn: string;
      readonly secretVersionId: string;
      /** Neutered key of m/44'/60'/0' in base58: addresses can be derived, nothing can be signed. */
      readonly extendedPublicKey: string;
    };

/** One wallet provider under a manager. */
export interface PaymentConnector {
  readonly managerId: string;
  readonly connectorId: string;
  readonly name: string;
  readonly description: string | null;
  readonly status: 'READY';
  readonly material: ConnectorMaterial;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
}

/** How the paying function finds an instrument's key. A reference, never the key. */
export type WalletKey =
  | { readonly type: 'AwsKms'; readonly keyArn: string }
  | {
      readonly type: 'SeedVault';
      readonly secretArn: string;
      readonly secretVersionId: string;
      /** The last step of m/44'/60'/0'/0/index. */
      readonly index: number;
    };

export type InstrumentStatus = 'INITIATED' | 'ACTIVE' | 'FAILED' | 'DELETED';

/** AgentCore's linked account of an embedded wallet; stored and returned, not used for signing. */
export type LinkedAccount = Readonly<
  Record<string, Readonly<Record<string, string | Readonly<Record<string, string>>>>>
>;

/** One wallet of one user. */
export interface PaymentInstrument {
  readonly managerId: string;
  readonly connectorId: string;
  readonly instrumentId: string;
  readonly userId: string;
  readonly network: 'ETHEREUM';
  readonly linkedAccounts: readonly LinkedAccount[];
  readonly status: InstrumentStatus;
  /** The wallet's address and key; `null` until the instrument is ACTIVE. */
  readonly wallet: { readonly address: Hex; readonly key: WalletKey } | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
}
