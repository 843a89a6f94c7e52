import type { BursarClient } from '../../client/index.ts';
import type { Answer, CallInput } from '../../contract/client-types.ts';
import type { Owner } from '../operations.ts';

export type FundsView = Answer<'GetInstrumentFunds'>;
export type WithdrawalView = Answer<'CreateWithdrawal'>;

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

/** Whether the transfer has come to the chain. */
export async function isSettled(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
  processPaymentId: string,
): Promise<boolean> {
  return (await client.call('GetWithdrawal', { paymentManagerArn, processPaymentId }, { userId })).settled;
}
