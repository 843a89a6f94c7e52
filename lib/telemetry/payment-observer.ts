import { findNetwork } from '../domain/assets.ts';
import { formatUsd, type MicroUsd } from '../domain/money.ts';
import type { Payment } from '../domain/payment.ts';
import type { MetricName } from './metric-names.ts';
import type { RequestRecord } from './request-record.ts';

export type PaymentPhase = 'reserve' | 'sign' | 'decide' | 'settle';

const PHASE_METRICS = {
  reserve: 'ReserveLatency',
  sign: 'SignLatency',
  decide: 'DecideLatency',
  settle: 'SettleLatency',
} as const satisfies Readonly<Record<PaymentPhase, MetricName>>;

/** Watches a payment on its way, and has no say in it: its methods do not throw and take no time. */
export interface PaymentObserver {
  /** The request was understood as this payment, which may exist already or never come to be. */
  offered(payment: Pick<Payment, 'id' | 'offer' | 'amount'>): void;
  /** @returns what to call when the phase is over, however it ended */
  begin(phase: PaymentPhase): () => void;
  /** Called once for a payment that this very call signed, and never for a replay. */
  signed(payment: Payment): void;
}

/**
 * Writes what it sees into the record of the request.
 *
 * @param nowMs a clock that never goes back; fractions are welcome
 */
export function createPaymentObserver(record: RequestRecord, nowMs: () => number): PaymentObserver {
  return {
    offered: ({ id, offer: { network, payTo }, amount }) => {
      const asset = findNetwork(network)?.usdc.symbol;
      const paid = asset === undefined ? {} : { asset };
      record.note({ paymentId: id, network, payee: payTo, amountUsd: formatUsd(amount), ...paid });
    },
    begin: (phase) => {
      const startedAt = nowMs();
      return () => record.measure({ [PHASE_METRICS[phase]]: Math.round((nowMs() - startedAt) * 1_000) / 1_000 });
    },
    signed: ({ amount, budget }) => {
      record.measure({ SpendAmount: toMetricUsd(amount) });
      if (budget?.available != null) record.note({ remainingUsd: formatUsd(budget.available) });
    },
  };
}

/** The double that is nearest to an amount in dollars: exact to the micro-dollar below a billion. For graphs, never for books. */
export function toMetricUsd(amount: MicroUsd): number {
  return Number(formatUsd(amount));
}
