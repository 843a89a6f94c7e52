import type { Gate } from '../../domain/payment/gate.ts';
import type { GateReader } from '../../domain/ports/books.ts';

/** What the gate lets through, without the name of the books. */
export type GateState = Pick<Gate, 'floor' | 'frozenAt'>;

/** The gate as it is; open where the books are new. */
export async function getGate({ gate }: { readonly gate: GateReader }): Promise<GateState> {
  return (await gate.find()) ?? { floor: null, frozenAt: null };
}
