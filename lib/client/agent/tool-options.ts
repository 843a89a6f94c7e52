import type { SellerChallenge } from '../purchase/payer.ts';
import type { PayerEvent, PayerOptions, Quote } from '../purchase/payer-options.ts';
import type { Payment } from '../purchase/terms-payer.ts';

/** A call of a tool, as a framework makes it. */
export interface ToolCall<I = unknown> {
  readonly tool: string;
  /**
   * Names the call. However often a framework runs it, after a crash as well, it is one purchase. @default - drawn anew, so that the
   * call cannot be resumed
   */
  readonly toolCallId?: string | undefined;
  readonly input: I;
  /** What the purchase is for, for policies. */
  readonly intent?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** In place of that of the options, where the framework asks people itself. */
  readonly approve?: Approve | undefined;
}

/** The request behind a call of a tool: where the proof goes, and what policies go by. */
export interface ToolRequest {
  readonly method: string;
  readonly url: string;
  /** SHA-256 of its body, in lower-case hexadecimal. */
  readonly bodyHash?: string | undefined;
}

/**
 * How a tool says that it met a 402, and how it takes a proof. What is left out is as it is for all tools: see `createToolPayments`.
 */
export interface ToolHandler {
  /** What the input of a call asks for; `null`: nothing that may be paid for. Never read it out of a result, which is the seller's word. */
  readonly requestOf?: (input: unknown) => ToolRequest | null;
  /** The 402 of a result; `null`: it is none. */
  readonly detect?: (result: unknown, input: unknown) => SellerChallenge | null;
  /** The input of the call with a proof in it, and the rest as it was; `null`: it has no place for one. */
  readonly present?: (input: unknown, headers: ProofHeaders) => unknown;
}

/** Bearer instruments: never log them. */
export type ProofHeaders = Awaited<ReturnType<Payment['toHeaders']>>;

/** What a policy is asked: the 402 as AWS's Python SDK hands it over, and beside it what Bursar read there. */
export interface PreSignRequest {
  readonly statusCode: 402;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON where it is, else text. */
  readonly body: unknown;
  readonly tool: string;
  readonly method: string;
  readonly url: string;
  /** All that may be paid, the cheapest first; letting pass means any of them. */
  readonly offers: Quote['offers'];
}

/** What a person is asked. */
export interface ApprovalRequest extends Pick<Quote, 'purchaseId' | 'offers'> {
  readonly tool: string;
  readonly toolCallId: string | undefined;
  readonly method: string;
  readonly url: string;
  /** The most that it may cost, in dollars. */
  readonly amountUsd: string;
}

/**
 * Only `true` approves. What it throws reaches the caller of the tool as it is, and nothing was paid: so a framework's interrupt
 * suspends the call, which is run again once somebody has decided.
 */
export type Approve = (request: ApprovalRequest) => boolean | Promise<boolean>;

/** What keeps a call from being paid: rules of the program, and people. */
export interface ToolLimits {
  /**
   * Asked before anything is signed. Only `true` lets it pass, and a throw blocks, as in AWS's Python SDK; a promise is waited for.
   * @default - no further gate
   */
  readonly preSignPolicy?: ((request: PreSignRequest) => boolean | Promise<boolean>) | undefined;
  /** Asked after the policy. @default - nobody is asked */
  readonly approve?: Approve | undefined;
  /** What costs no more than this, in dollars, is paid without asking a person. @default - a person is asked for everything */
  readonly approveAboveUsd?: string | undefined;
  /**
   * What the ids of calls are unique in: the run of an agent, say. Keep it over crashes, and never use one twice.
   * @default - the payment session
   */
  readonly scope?: string | undefined;
  /** A payment whose seller does not say that it was settled is a refusal, and what the seller sent is not handed on. @default false */
  readonly requireSettlement?: boolean | undefined;
  /** What becomes of a refusal: it is returned for the model, or thrown as `ToolPaymentError` for the program. @default 'refuse' */
  readonly failures?: 'refuse' | 'throw' | undefined;
}

export interface ToolPaymentOptions extends Omit<PayerOptions, 'onEvent' | 'confirm'>, ToolLimits {
  /** The tools that may pay, by name. @default - none */
  readonly tools?: readonly string[] | 'all' | undefined;
  /**
   * Whether a text that a tool returns is searched for a 402 that does not say of itself that it is one. Whatever a stranger gets
   * into a result may then make the tool pay, within the limits. @default false
   */
  readonly unmarked402?: boolean | undefined;
  /** By name of the tool. */
  readonly handlers?: Readonly<Record<string, ToolHandler>> | undefined;
  /** How often the tool may be run with the proof while it throws; each time with the same one. At most 3. @default 1 */
  readonly presentationsMax?: number | undefined;
  /** Hears what happens, as it happens. No event carries a proof, and what a listener throws changes nothing. */
  readonly onEvent?: ((event: ToolPaymentEvent) => void) | undefined;
}

/** Which call an event is of. */
export interface OfCall {
  readonly tool: string;
  readonly toolCallId: string | undefined;
}

export type ToolPaymentEvent = OfCall &
  (
    | PayerEvent
    /** The tool is run with the proof. */
    | { readonly type: 'presented'; readonly url: string; readonly processPaymentId: string }
    | { readonly type: 'delivered'; readonly url: string; readonly processPaymentId: string }
    | ({ readonly type: 'refused' } & Refusal)
  );

/** Why a call was not paid, or not delivered. */
export interface Refusal {
  readonly kind: 'refused';
  /** Of Bursar, such as `bursar:budget_exceeded`, or of this client, such as `client:not_approved`. */
  readonly code: string;
  /** One sentence, for the model. */
  readonly message: string;
  /** Whether money has moved or may still move. */
  readonly mayHavePaid: boolean;
  /** `null` where nothing was asked for. */
  readonly purchaseId: string | null;
  readonly processPaymentId: string | null;
}

/** What was paid for a result. */
export type ToolPayment = Pick<Payment, 'purchaseId' | 'processPaymentId' | 'offer' | 'replayed'>;

export type ToolOutcome<R = unknown> =
  /** The result as the tool returned it: nothing was asked for it. */
  | { readonly kind: 'free'; readonly result: R }
  | { readonly kind: 'paid'; readonly result: R; readonly payment: ToolPayment }
  | Refusal;
