import type { Gate } from '../../domain/payment/gate.ts';
import { formatInstant } from '../../domain/time.ts';

export function toGateView({ frozenAt, floor }: Pick<Gate, 'floor' | 'frozenAt'>) {
  return {
    gate: {
      frozen: frozenAt !== null,
      ...(frozenAt === null ? {} : { frozenAt: formatInstant(frozenAt) }),
      ...(floor === null ? {} : { floor: formatInstant(floor) }),
    },
  };
}
