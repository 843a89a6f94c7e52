import type { BursarClient } from '../../client/index.ts';
import type { Owner, ReceiptView } from '../operations.ts';
import type { SignedTransfer } from './transfer-call.ts';

export interface FundsView {
  readonly paymentInstrumentId: string;
  readonly status: string;
  readonly walletAddress: string;
  readonly funds: readonly {
    readonly network: string;
    readonly token: string;
    readonly asset: string;
    /** `null` where the chain could not be asked. */
    readonly amountUsd: string | null;
  }[];
}

export interface WithdrawalView {
  readonly withdrawal: ReceiptView & {
    readonly authorization: { readonly validBefore: number };
    readonly offer: { readonly asset: string };
  };
  /** The body of a facilitator's `POST /settle`. */
  readonly settlement: object & { readonly paymentPayload: { readonly payload: SignedTransfer } };
}

export function getFunds(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
  paymentInstrumentId: string,
  network: string | undefined,
): Promise<FundsView> {
  return client.call({
    method: 'GET',
    path: `/bursar/instruments/${encodeURIComponent(paymentInstrumentId)}/funds`,
    query: { paymentManagerArn, ...(network === undefined ? {} : { network }) },
    userId,
  });
}

export function createWithdrawal(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
  body: object,
): Promise<WithdrawalView> {
  return client.call({
    method: 'POST',
    path: '/bursar/withdrawals',
    userId,
    body: { paymentManagerArn, ...body },
  });
}

/** Whether the transfer has come to the chain. */
export async function isSettled(
  client: BursarClient,
  { paymentManagerArn, userId }: Owner,
  processPaymentId: string,
): Promise<boolean> {
  const { settled } = await client.call<{ readonly settled: boolean }>({
    method: 'GET',
    path: `/bursar/withdrawals/${encodeURIComponent(processPaymentId)}`,
    query: { paymentManagerArn },
    userId,
  });
  return settled;
}
