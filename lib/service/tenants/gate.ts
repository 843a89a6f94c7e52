import type { Gate } from '../../domain/payment/gate.ts';
import type { GateKeeper } from '../../domain/ports/books.ts';
import type { Clock, EpochMs } from '../../domain/time.ts';

const OPEN: Omit<Gate, 'deploymentId'> = { floor: null, frozenAt: null };

/** The gate as it is; open where the books are new. */
export async function getGate({
  gate,
}: {
  readonly gate: Pick<GateKeeper, 'find'>;
}): Promise<Omit<Gate, 'deploymentId'>> {
  return (await gate.find()) ?? OPEN;
}

/**
 * Changes what is named of the gate. The floor comes first, so that nobody who thaws and raises it in one request lets a session
 * from below it through. Asking for what is so already changes nothing.
 */
export async function updateGate(
  { gate, clock }: { readonly gate: GateKeeper; readonly clock: Clock },
  { frozen, floor }: { readonly frozen: boolean | null; readonly floor: EpochMs | null },
): Promise<Omit<Gate, 'deploymentId'>> {
  if (frozen === true) await gate.freeze(clock.now());
  if (floor !== null) await gate.raiseFloor(floor);
  if (frozen === false) await gate.thaw();
  return getGate({ gate });
}
