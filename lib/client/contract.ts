import type { Answer, CallInput } from '../contract/client-types.ts';
import type { ErrorCode } from '../contract/errors.ts';

/** What the client asks for where it pays; the same members as AgentCore's. */
export type ProcessPaymentInput = CallInput<'ProcessPayment'> & {
  readonly userId: string;
  readonly agentName?: string;
  readonly clientToken: string;
};

export type ProcessPaymentOutput = Pick<Answer<'ProcessPayment'>, 'processPaymentId' | 'status' | 'paymentOutput'>;

/** Anything that can ask Bursar to pay: `createBursarClient`, or a wrapper around an AWS SDK client. */
export interface PaymentProcessor {
  /** Throws `BursarError` when the answer is not a proof. Repeats by itself only under the same client token. */
  processPayment(input: ProcessPaymentInput): Promise<ProcessPaymentOutput>;
}

/** An answer of the API that is not a success. */
export class BursarError extends Error {
  override readonly name = 'BursarError';
  /** AgentCore's exception name, such as `ValidationException`. */
  readonly errorName: string;
  /** Of HTTP; 0 where nothing was sent. */
  readonly status: number;
  /** The stable code of the refusal, such as `bursar:budget_exceeded`; `null` where there is none. */
  readonly code: string | null;
  readonly requestId: string | null;

  constructor(
    message: string,
    details: {
      readonly errorName: string;
      readonly status: number;
      readonly code: string | null;
      readonly requestId: string | null;
    },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.errorName = details.errorName;
    this.status = details.status;
    this.code = details.code;
    this.requestId = details.requestId;
  }
}

const FINAL_DENIAL = 'bursar:budget_exceeded' satisfies ErrorCode;

/** Whether a refusal is final for its client token: asking again under the same one gives the same answer. */
export function isFinalDenial(error: unknown): boolean {
  return error instanceof BursarError && error.code === FINAL_DENIAL;
}
