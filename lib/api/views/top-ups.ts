import { formatManagerArn, type Deployment } from '../../domain/ids.ts';
import { formatUsd, toMicroUsd, type MicroUsd } from '../../domain/money.ts';
import type { TopUp } from '../../domain/payment/top-up.ts';
import { formatInstant } from '../../domain/time.ts';

const usd = (amount: MicroUsd) => ({ value: formatUsd(amount), currency: 'USD' as const });

export function toTopUpView(deployment: Deployment, { managerId, sessionId, userId, from, to, at, by }: TopUp) {
  return {
    paymentManagerArn: formatManagerArn(deployment, managerId),
    paymentSessionId: sessionId,
    userId,
    amount: usd(toMicroUsd(to - from)),
    previousLimit: usd(from),
    limit: usd(to),
    toppedUpAt: formatInstant(at),
    toppedUpBy: by,
  };
}
