import type { Network } from '../assets.ts';
import type { MicroUsd } from '../money.ts';
import type { Payment } from '../payment/payment.ts';
import type { Address, Hex, Signature, SigningMessage } from '../payment/shapes.ts';
import type { LinkedAccount, PaymentConnector, SolanaInstrument } from '../tenants/resources.ts';
import type { SolanaAddress, SolanaNetwork } from '../tenants/solana.ts';
import type { EpochMs } from '../time.ts';
import type { TokenTable } from '../tokens/table.ts';
import type { ProviderTrouble } from '../refusal.ts';
import type { ConnectorMaterial, InstrumentType, WalletKey, WalletType } from '../tenants/wallet-shapes.ts';

/**
 * Thrown by a port when a call may or may not have taken effect: no answer, a timeout, a server error.
 * The code that catches it must find out, or leave the matter to the sweeper; treating it as "failed" loses money.
 */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown';
}

/** Thrown by a port when a call certainly took no effect and may work later: throttling. */
export class NotNow extends Error {
  override readonly name = 'NotNow';
}

/** Thrown by a provisioner whose service refused before anything was made, for reasons that waiting alone does not mend. */
export class NothingMade extends Error {
  override readonly name = 'NothingMade';
}

/** Thrown where a wallet provider refused for a reason that its user or the operator can mend. Nothing was signed or made. */
export class ProviderRefused extends Error {
  override readonly name = 'ProviderRefused';
  readonly trouble: ProviderTrouble;
  /** What a payment keeps of people who were asked to approve it, in the form of `approval.ts`: its terms then stay as they are. */
  readonly approval: string | undefined;

  constructor(trouble: ProviderTrouble, message: string, approval?: string) {
    super(message);
    this.trouble = trouble;
    this.approval = approval;
  }
}

/** Thrown where a connector has given as many key indexes as its time allows: nothing was made, and later there are more. */
export class IndexesSpent extends NotNow {}

/** Thrown by the list methods: the page token was not made by this list of this user. Nothing was read. */
export class PageTokenRefused extends Error {
  override readonly name = 'PageTokenRefused';
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; absent on the last page. */
  readonly nextToken?: string;
}

export interface PageRequest {
  readonly maxResults: number;
  readonly nextToken?: string;
}

/** A place in a user's list. */
export interface UserKey {
  readonly managerId: string;
  readonly userId: string;
}

/** A part of signing where a provider signs: its credentials are read, a request's tokens are made, and it is asked. */
export type SigningStep = 'secret' | 'token' | 'provider';

/** Hears that a step begins; what it returns is called when the step is over, however it ended. Neither throws. */
export type WatchSigning = (step: SigningStep) => () => void;

/**
 * Signs messages with keys that never leave their place. The scheme of a payment makes the message from the frozen terms.
 * Throws `NotNow` when the signer is throttled, and `ProviderRefused` where somebody has to do something first; any other error
 * means that no signature was released.
 */
export interface Signer {
  readonly type: InstrumentType;
  /**
   * @param address whose key it must be; the signature is verified over our own digest before it is returned
   * @param watch hears of the steps of wallets whose provider signs
   * @param payment what is paid, for a signer that judges by itself; nothing else is signed for payments
   */
  sign(
    key: WalletKey,
    message: SigningMessage,
    address: Address,
    watch?: WatchSigning,
    payment?: Payment,
  ): Promise<Signature>;
  /**
   * Looks what has become of a question to people which `ProviderRefused` has named; signs nothing. Throws as `sign` does.
   * @default - the provider names no questions
   */
  readApproval?(key: WalletKey, reference: string): Promise<ApprovalState>;
}

/** What has become of a question to people whether to sign. */
export type ApprovalState =
  /** The signature is there. */
  | { readonly status: 'given' }
  /** The message says who is waited for, where and until when. */
  | { readonly status: 'waiting'; readonly message: string }
  | { readonly status: 'rejected' }
  /** No signature will come of it. */
  | { readonly status: 'over' };

/** Makes wallets; runs in the function that has them made. Throws `NotNow`, `NothingMade` or `ProviderRefused`. */
export interface WalletMaker {
  readonly type: InstrumentType;
  createKey(request: {
    readonly connector: PaymentConnector;
    /** Names the wallet for good: a call that is repeated means the same one. */
    readonly instrumentId: string;
    /** Whom the wallet is for; wallets that need nobody's consent have no use for it. @default - nobody in particular */
    readonly linkedAccount?: LinkedAccount;
    /** Of a wallet whose key is made elsewhere. @default - made by the maker */
    readonly address?: Hex;
    /** Draws the next derivation index; only wallets that derive keys call it. */
    readonly takeIndex: () => Promise<number>;
  }): Promise<{ readonly address: Hex; readonly key: WalletKey }>;
  /** Makes a wallet of Solana. @default - the type has none */
  createSolanaKey?(request: {
    readonly connector: PaymentConnector;
    readonly instrumentId: string;
    readonly linkedAccount?: LinkedAccount;
  }): Promise<NonNullable<SolanaInstrument['wallet']>>;
}

/** Makes keys and what they come from; runs in the management functions, which cannot sign. */
export interface WalletProvisioner extends WalletMaker {
  readonly type: WalletType;
  createConnector(connector: {
    readonly managerId: string;
    readonly connectorId: string;
    /** Where a remote wallet's signer is asked: a URL, or the ARN of a function. @default - it is none */
    readonly signerUri?: string | undefined;
  }): Promise<ConnectorMaterial>;
  /** What is wrong with what the connector's wallets come from, `null` for nothing. Reads no secret; may throw {@link NotNow}. */
  findProblem(material: ConnectorMaterial): Promise<MaterialProblem | null>;
}

/** A connector whose wallets cannot sign, or will not if nobody does anything. The message says what to do. */
export interface MaterialProblem {
  readonly kind: 'lost' | 'endangered';
  readonly message: string;
}

/** Whether the end user of a provider's wallet lets it sign, and until when. */
export type DelegationState =
  /** The wallet needs nobody's leave. */
  | { readonly status: 'NOT_NEEDED' }
  | { readonly status: 'INACTIVE' }
  | {
      readonly status: 'ACTIVE';
      /** `null` where it lasts until it is taken back. */ readonly expiresAt: EpochMs | null;
    };

/** `UNKNOWN`: the provider did not tell. */
export type ToldDelegation = DelegationState | { readonly status: 'UNKNOWN' };

/** What end users let a provider's wallets do, as the provider tells it. Throws `NotNow` and `ProviderRefused`. */
export interface Delegations {
  read(key: WalletKey, address: Address | SolanaAddress): Promise<DelegationState>;
  /** Takes back all that lets the wallet sign. Only the end user can grant anew. */
  revoke(key: WalletKey, address: Address | SolanaAddress): Promise<void>;
}

/** How a wallet's provider brings money into it. Throws `NotNow` and `ProviderRefused`. */
export interface Funding {
  /** Opens a page on which a person buys USDC for the wallet. @returns its URL, good for one visit */
  openOnramp(
    key: WalletKey,
    request: {
      readonly address: Address | SolanaAddress;
      readonly network: Network | SolanaNetwork;
      /** What the page proposes to spend; `null` leaves it to the person. */
      readonly amount: MicroUsd | null;
      /** Where the page leads in the end; `null` for nowhere. */
      readonly returnUrl: string | null;
    },
  ): Promise<string>;
  /** Has USDC of a test network sent. @returns the transaction */
  requestTestFunds(
    key: WalletKey,
    request: { readonly address: Address | SolanaAddress; readonly network: Network | SolanaNetwork },
  ): Promise<string>;
}

/** The tokens of the deployment besides USDC, read at the first use. Throws where its settings are wrong. */
export type TokenSource = () => Promise<TokenTable>;

/** Unpredictable bytes, so that tests can own them. */
export interface Randomness {
  bytes(length: number): Uint8Array;
  /** A number in [0, 1), for jitter only. */
  fraction(): number;
}
