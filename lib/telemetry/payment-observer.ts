import { findNetwork } from '../domain/assets.ts';
import { isWithdrawal } from '../domain/ids.ts';
import { formatUsd, toMicroUsd, type MicroUsd } from '../domain/money.ts';
import type { Payment } from '../domain/payment/payment.ts';
import type { SigningStep } from '../domain/ports/services.ts';
import type { InstrumentType } from '../domain/tenants/wallet-shapes.ts';
import type { MetricName } from './metric-names.ts';
import type { PaymentPhase, RequestRecord } from './request-record.ts';

const PHASE_METRICS: Readonly<Record<PaymentPhase, MetricName> & Partial<Record<SigningStep, MetricName>>> = {
  reserve: 'ReserveLatency',
  sign: 'SignLatency',
  decide: 'DecideLatency',
  settle: 'SettleLatency',
};

/** Watches a payment on its way, and has no say in it: its methods do not throw and take no time. */
export interface PaymentObserver {
  /** The request was understood as this payment, which may exist already or never come to be. */
  offered(payment: Pick<Payment, 'id' | 'offer' | 'amount'>): void;
  /** What the call says of the purchase, checked and bounded. */
  stated(said: { readonly origin: string | null; readonly tool: string | null }): void;
  /**
   * @param phase or a step of the one that signs
   * @param wallet of the phase in which it signs
   * @returns what to call when the phase is over, however it ended
   */
  readonly begin: (phase: PaymentPhase | SigningStep, wallet?: InstrumentType) => () => void;
  /** The answer is a stored outcome: nothing new was decided. */
  replayed(): void;
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
    offered: ({ id, offer: { network, payTo, token }, amount }) => {
      const asset = (token ?? findNetwork(network)?.usdc)?.symbol;
      const paid = asset === undefined ? {} : { asset };
      record.note({ paymentId: id, network, payee: payTo, amountUsd: formatUsd(amount), ...paid });
    },
    stated: ({ origin, tool }) =>
      record.note({ ...(origin === null ? {} : { origin }), ...(tool === null ? {} : { tool }) }),
    begin: (phase, wallet) => {
      const startMs = nowMs();
      return () => {
        const endMs = nowMs();
        const metric = PHASE_METRICS[phase];
        if (metric !== undefined) record.measure({ [metric]: Math.round((endMs - startMs) * 1_000) / 1_000 });
        record.addPhase({ phase, startMs, endMs, wallet });
      };
    },
    replayed: () => record.note({ replayed: true }),
    signed: ({ amount, budget, sessionId }) => {
      // What its owner takes home is nobody's spending, and must not set off the alarm on it.
      if (isWithdrawal({ sessionId })) return;
      record.measure({ SpendAmount: toMetricUsd(amount) });
      if (budget?.available == null) return;
      const { available, reserved, spent } = budget;
      record.note({
        remainingUsd: formatUsd(available),
        limitUsd: formatUsd(toMicroUsd(available + reserved + spent)),
      });
    },
  };
}

/** The double that is nearest to an amount in dollars: exact to the micro-dollar below a billion. For graphs, never for books. */
export function toMetricUsd(amount: MicroUsd): number {
  return Number(formatUsd(amount));
}
