import type { BursarClient } from '../../client/index.ts';
import type { Answer, CallInput } from '../../contract/client-types.ts';
import type { Owner } from '../operations.ts';

export type FundsView = Answer<'GetInstrumentFunds'>;
export type WithdrawalView = Answer<'CreateWithdrawal'>;
/** Of a token: of a coin nothing is handed out. */
export type SignedWithdrawal = WithdrawalView & { readonly settlement: NonNullable<WithdrawalView['settlement']> };
export type WithdrawalState = Answer<'GetWithdrawal'>;

export function isSigned(made: WithdrawalView): made is SignedWithdrawal {
  return made.settlement !== undefined;
}

export function getFunds(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
  paymentInstrumentId: string,
  network: string | undefined,
): Promise<FundsView> {
  const input = { paymentManagerArn, paymentInstrumentId, ...(network === undefined ? {} : { network }) };
  return client.call('GetInstrumentFunds', input, { userId });
}

export function createWithdrawal(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
  choices: Omit<CallInput<'CreateWithdrawal'>, 'paymentManagerArn'>,
): Promise<WithdrawalView> {
  return client.call('CreateWithdrawal', { paymentManagerArn, ...choices }, { userId });
}

/** What became of it. */
export function getWithdrawal(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
  processPaymentId: string,
): Promise<WithdrawalState> {
  return client.call('GetWithdrawal', { paymentManagerArn, processPaymentId }, { userId });
}
