import { BursarError } from '../../api/bursar-error.ts';

/** A payment operation that failed, named as AWS's Python SDK names it. `cause` is what the client threw. */
export class PaymentError extends Error {
  override readonly name: string = 'PaymentError';
  /** Of Bursar's refusal, such as `bursar:budget_exceeded`; `null` where there is none. */
  readonly code: string | null;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = options?.cause instanceof BursarError ? options.cause.code : null;
  }
}

export class PaymentInstrumentNotFound extends PaymentError {
  override readonly name = 'PaymentInstrumentNotFound';
}

export class PaymentSessionNotFound extends PaymentError {
  override readonly name = 'PaymentSessionNotFound';
}

/** The wallet is of no use, or not active. */
export class InvalidPaymentInstrument extends PaymentError {
  override readonly name = 'InvalidPaymentInstrument';
}

/** It costs more than the session has left. */
export class InsufficientBudget extends PaymentError {
  override readonly name = 'InsufficientBudget';
}

export class PaymentSessionExpired extends PaymentError {
  override readonly name = 'PaymentSessionExpired';
}

/** A payment is wanted, and no wallet was named. */
export class PaymentInstrumentConfigurationRequired extends PaymentError {
  override readonly name = 'PaymentInstrumentConfigurationRequired';
}

/** A payment is wanted, and no session was named. */
export class PaymentSessionConfigurationRequired extends PaymentError {
  override readonly name = 'PaymentSessionConfigurationRequired';
}
