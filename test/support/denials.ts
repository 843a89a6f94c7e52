import { toMicroUsd } from '../../lib/domain/money.ts';
import type { Session } from '../../lib/domain/payment/session.ts';
import { processPayment } from '../../lib/service/paying/process-payment.ts';
import { paid, type PayingWorld } from './paying.ts';

/** What the requests of a paying world ask for, and the most that is less. */
export const PRICE = toMicroUsd(500_000n);
export const TOO_LITTLE = toMicroUsd(499_999n);

export const denied = (available: bigint, reserved = 0n) => ({
  ok: false,
  error: { reason: 'budget_exceeded', requested: PRICE, available, reserved },
});

/** A process that knows the session and the instrument from an earlier payment, and one that knows nothing. */
export const PROCESSES = ['cold', 'warm'] as const;

/** A session that has too little left, in a process of the kind. */
export async function shortSession(world: PayingWorld, process: (typeof PROCESSES)[number]): Promise<Session> {
  if (process === 'cold') return world.open({ limit: TOO_LITTLE });
  const session = await world.open({ limit: toMicroUsd(PRICE + TOO_LITTLE) });
  paid(await processPayment(world.deps, world.request(session)));
  return session;
}
