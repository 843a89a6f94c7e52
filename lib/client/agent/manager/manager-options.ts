import type { Answer, CallInput } from '../../../contract/client-types.ts';
import type { BursarClient } from '../../api/bursar-client.ts';
import type { CallOptions, PaymentProcessor, ProcessPaymentOutput } from '../../api/contract.ts';

/** `createBursarClient`, or a wrapper of another client that has these. */
export type ManagerClient = Pick<BursarClient, 'call'> & Pick<PaymentProcessor, 'processPayment'>;

export interface PaymentManagerOptions {
  readonly client: ManagerClient;
  readonly paymentManagerArn: string;
  readonly agentName?: string | undefined;
  /** Stands above whatever user a call names. @default - each call names its user; with a token nobody does */
  readonly userId?: string | undefined;
}

/** Whose it is, where the manager was not told. */
export interface OfUser {
  readonly userId?: string | undefined;
}

/** An operation's own members, without those that the manager adds. */
type Members<N extends Parameters<BursarClient['call']>[0]> = Omit<CallInput<N>, 'paymentManagerArn'> & OfUser;

/** A 402 as AWS's SDK takes it. */
export interface PaymentRequiredRequest {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, or its text. */
  readonly body: unknown;
}

export interface PaymentHeaderInput extends OfUser {
  readonly paymentInstrumentId: string;
  readonly paymentSessionId: string;
  readonly paymentRequiredRequest: PaymentRequiredRequest;
  /** Networks in the order in which they are wanted; of one network the cheapest offer is paid. @default - the cheapest of all */
  readonly networkPreferences?: readonly string[] | undefined;
  /** One token is one payment: repeat the same one after every failure. @default - drawn anew for each call */
  readonly clientToken?: string | undefined;
  /** What was asked, so that terms for somebody else's goods are refused. @default - the terms may name any resource */
  readonly url?: string | undefined;
  /** The most that it may cost, in dollars. @default - what the session has left */
  readonly maxPriceUsd?: string | undefined;
  /** Of MPP. */
  readonly buyerPaysGasFees?: boolean | undefined;
  /** Of x402's scheme `upto`: the most that Permit2 may be allowed, in the token's smallest unit. */
  readonly permit2AllowanceLimit?: string | undefined;
  /** Taken for the sake of AWS's SDK, and not sent: the wallet has its connector. */
  readonly paymentConnectorId?: string | undefined;
}

export interface ProcessPaymentCall extends OfUser {
  readonly paymentSessionId: string;
  readonly paymentInstrumentId: string;
  readonly paymentType: CallInput<'ProcessPayment'>['paymentType'];
  readonly paymentInput: CallInput<'ProcessPayment'>['paymentInput'];
  readonly clientToken?: string | undefined;
  /** Taken for the sake of AWS's SDK, and not sent: the wallet has its connector. */
  readonly paymentConnectorId?: string | undefined;
}

type Method<I, O> = (input: I, options?: CallOptions) => Promise<O>;

/** The methods of AWS's Python SDK. Each throws `PaymentError` or one of its kinds. */
export interface PaymentManager {
  readonly createPaymentInstrument: Method<
    Members<'CreatePaymentInstrument'>,
    Answer<'CreatePaymentInstrument'>['paymentInstrument']
  >;
  readonly getPaymentInstrument: Method<
    Members<'GetPaymentInstrument'>,
    Answer<'GetPaymentInstrument'>['paymentInstrument']
  >;
  readonly listPaymentInstruments: Method<Members<'ListPaymentInstruments'>, Answer<'ListPaymentInstruments'>>;
  readonly getPaymentInstrumentBalance: Method<
    Members<'GetPaymentInstrumentBalance'>,
    Answer<'GetPaymentInstrumentBalance'>
  >;
  readonly deletePaymentInstrument: Method<Members<'DeletePaymentInstrument'>, Answer<'DeletePaymentInstrument'>>;
  readonly createPaymentSession: Method<
    Members<'CreatePaymentSession'>,
    Answer<'CreatePaymentSession'>['paymentSession']
  >;
  readonly getPaymentSession: Method<Members<'GetPaymentSession'>, Answer<'GetPaymentSession'>['paymentSession']>;
  readonly listPaymentSessions: Method<Members<'ListPaymentSessions'>, Answer<'ListPaymentSessions'>>;
  readonly deletePaymentSession: Method<Members<'DeletePaymentSession'>, Answer<'DeletePaymentSession'>>;
  readonly processPayment: Method<ProcessPaymentCall, ProcessPaymentOutput>;
  /** Pays what a 402 asks for, and returns the header that goes to the seller, a bearer instrument: never log it. */
  readonly generatePaymentHeader: Method<PaymentHeaderInput, Readonly<Record<string, string>>>;
}
