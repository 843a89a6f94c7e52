import type { CallInput } from '../../../contract/client-types.ts';
import type { OperationName } from '../../../contract/operations.ts';
import type { CallOptions } from '../../api/contract.ts';
import type { OfUser, PaymentManager, PaymentManagerOptions } from './manager-options.ts';
import { createHeaderMaker } from './payment-header.ts';
import type { PaymentError } from './payment-errors.ts';
import { sortInstrument, sortNewInstrument, sortNewSession, sortOther, sortPaying, sortSession } from './sorting.ts';

/** Items of a list, where a call does not say how many. */
const LISTED_DEFAULT = 100;

const sortWallets = (error: unknown): PaymentError => sortOther(error, 'list payment instruments');
const sortSessions = (error: unknown): PaymentError => sortOther(error, 'list payment sessions');

/**
 * The manager of AWS's Python SDK: its methods, its errors and the order in which it sorts them. It holds nothing but its options,
 * and may be shared. Differs where that one would pay too much: `generatePaymentHeader` pays the cheapest offer of a network, not
 * the first. Throws `TypeError` without the ARN of a manager.
 */
export function createPaymentManager(options: PaymentManagerOptions): PaymentManager {
  const { client, paymentManagerArn, agentName } = options;
  if (typeof paymentManagerArn !== 'string' || paymentManagerArn === '') {
    throw new TypeError('paymentManagerArn is required');
  }
  const userOf = ({ userId }: OfUser): string => (options.userId ?? userId ?? '').trim();
  const ask = async <N extends OperationName>(
    operation: N,
    { userId, ...members }: OfUser & object,
    sort: (error: unknown) => PaymentError,
    callOptions?: CallOptions,
  ) => {
    const caller = { userId: userOf({ userId }), agentName };
    try {
      const input = { ...members, paymentManagerArn } as unknown as CallInput<N>;
      return await client.call(operation, input, caller, callOptions);
    } catch (error) {
      throw sort(error);
    }
  };

  const processPayment: PaymentManager['processPayment'] = async (
    { paymentConnectorId: _connector, userId, clientToken = crypto.randomUUID(), ...members },
    callOptions,
  ) => {
    const named = agentName === undefined ? {} : { agentName };
    const input = { ...members, ...named, clientToken, paymentManagerArn, userId: userOf({ userId }) };
    try {
      return await client.processPayment(input, callOptions);
    } catch (error) {
      throw sortPaying(error, members.paymentSessionId);
    }
  };
  const getPaymentInstrument: PaymentManager['getPaymentInstrument'] = async (input, callOptions) => {
    const sort = (error: unknown) => sortInstrument(error, 'get payment instrument', input.paymentInstrumentId);
    return (await ask('GetPaymentInstrument', input, sort, callOptions)).paymentInstrument;
  };

  return {
    createPaymentInstrument: async (input, callOptions) =>
      (await ask('CreatePaymentInstrument', withToken(input), sortNewInstrument, callOptions)).paymentInstrument,
    getPaymentInstrument,
    listPaymentInstruments: (input, callOptions) =>
      ask('ListPaymentInstruments', { maxResults: LISTED_DEFAULT, ...input }, sortWallets, callOptions),
    getPaymentInstrumentBalance: (input, callOptions) => {
      const sort = (error: unknown) => sortInstrument(error, 'get instrument balance', input.paymentInstrumentId);
      return ask('GetPaymentInstrumentBalance', input, sort, callOptions);
    },
    deletePaymentInstrument: (input, callOptions) => {
      const sort = (error: unknown) => sortInstrument(error, 'delete payment instrument', input.paymentInstrumentId);
      return ask('DeletePaymentInstrument', input, sort, callOptions);
    },
    createPaymentSession: async (input, callOptions) =>
      (await ask('CreatePaymentSession', withToken(input), sortNewSession, callOptions)).paymentSession,
    getPaymentSession: async (input, callOptions) => {
      const sort = (error: unknown) => sortSession(error, 'get payment session', input.paymentSessionId);
      return (await ask('GetPaymentSession', input, sort, callOptions)).paymentSession;
    },
    listPaymentSessions: (input, callOptions) =>
      ask('ListPaymentSessions', { maxResults: LISTED_DEFAULT, ...input }, sortSessions, callOptions),
    deletePaymentSession: (input, callOptions) => {
      const sort = (error: unknown) => sortSession(error, 'delete payment session', input.paymentSessionId);
      return ask('DeletePaymentSession', input, sort, callOptions);
    },
    processPayment,
    generatePaymentHeader: createHeaderMaker({ getPaymentInstrument, processPayment }),
  };
}

function withToken<T extends object>(input: T): T {
  return { clientToken: crypto.randomUUID(), ...input };
}
