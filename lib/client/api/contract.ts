import type { SignedToken } from '../../protocols/challenge.ts';
import type { Answer, CallInput } from '../../contract/client-types.ts';

/** What the client asks for where it pays; the same members as AgentCore's, and one of Bursar's. */
export type ProcessPaymentInput = CallInput<'ProcessPayment'> & {
  readonly userId: string;
  readonly agentName?: string;
  readonly clientToken: string;
  /** Answers with what the token's payment came to, and never pays. Sent only to a service that has said that it is Bursar. */
  readonly replayOnly?: true;
};

/** What was signed, in Bursar's words. */
export interface SignedTerms {
  /** Dollars, such as `0.50`. */
  readonly amountUsd: string;
  /** CAIP-2. */
  readonly network: string;
  readonly asset: string;
  /** Where it is not the USDC of the network: how much of what was signed for, and its EIP-712 domain. */
  readonly token?: SignedToken | undefined;
  readonly payTo: string;
  /** Epoch seconds: from then on the proof is worth nothing. */
  readonly validBefore: number;
  /** A spend policy goes by what becomes of payments. */
  readonly wantsOutcome?: true | undefined;
}

export type ProcessPaymentOutput = Pick<Answer<'ProcessPayment'>, 'processPaymentId' | 'status' | 'paymentOutput'> & {
  /** Missing where the service is not Bursar. */
  readonly bursar?: SignedTerms;
  /** Whether this is the answer of an earlier call. Missing where nobody can tell. */
  readonly replayed?: boolean;
};

/** A whole 402, for a service that chooses among its offers itself. */
export type PayChallengeInput = CallInput<'PayChallenge'> & {
  readonly userId: string;
  readonly agentName?: string;
  readonly clientToken: string;
};

export interface PayChallengeOutput extends ProcessPaymentOutput {
  /** What goes to the seller with the request. Bearer instruments. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

/** What became of a payment. */
export type ReportOutcomeInput = CallInput<'ReportOutcome'> & { readonly userId: string };

/** Asks what tokens a deployment pays in. */
export type ListAssetsInput = CallInput<'ListAssets'> & { readonly userId: string };

export interface CallOptions {
  /** Ends the call and its repetitions. What was asked already may have been done. */
  readonly signal?: AbortSignal;
}

/** Anything that can ask Bursar to pay: `createBursarClient`, or a wrapper around an AWS SDK client. */
export interface PaymentProcessor {
  /** Throws `BursarError` when the answer is not a proof. Repeats by itself only under the same client token. */
  processPayment(input: ProcessPaymentInput, options?: CallOptions): Promise<ProcessPaymentOutput>;
  /**
   * The same for a whole 402, whose best offer is paid. Under one client token there is one payment, here and in `processPayment`
   * together. Where it is missing, or its service does not know it, one offer after the other is asked for.
   */
  payChallenge?(input: PayChallengeInput, options?: CallOptions): Promise<PayChallengeOutput>;
  /** The tokens that the deployment pays in. Called where a seller makes no offer in the USDC of a network. */
  listAssets?(input: ListAssetsInput, options?: CallOptions): Promise<Answer<'ListAssets'>>;
  /** Says what became of a payment. Called where its answer asked for it, and nobody waits for it. */
  reportOutcome?(input: ReportOutcomeInput, options?: CallOptions): Promise<unknown>;
}
