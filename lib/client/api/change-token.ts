import type { CallInput } from '../../contract/client-types.ts';
import type { OperationName } from '../../contract/operations.ts';

/** The operations that take a client token, so that a repetition makes or changes one thing once. */
type Change = { [N in OperationName]: 'clientToken' extends keyof CallInput<N> ? N : never }[OperationName];

const CHANGES: Readonly<Record<Change, true>> = {
  CreatePaymentManager: true,
  UpdatePaymentManager: true,
  DeletePaymentManager: true,
  CreatePaymentConnector: true,
  UpdatePaymentConnector: true,
  DeletePaymentConnector: true,
  RotatePaymentConnectorCredentials: true,
  CreatePaymentInstrument: true,
  CreatePaymentSession: true,
  TopUpSession: true,
  ProcessPayment: true,
  CreateWithdrawal: true,
  PayChallenge: true,
};

/** The input of a call with a client token of its own, where it takes one and its caller chose none. Its repetitions keep it. */
export function withChangeToken<N extends OperationName>(operation: N, input: CallInput<N>): CallInput<N> {
  if (!Object.hasOwn(CHANGES, operation) || 'clientToken' in input) return input;
  return { clientToken: crypto.randomUUID(), ...input };
}
