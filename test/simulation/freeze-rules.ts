import type { Payment } from '../../lib/domain/payment/payment.ts';
import type { Refusal } from '../../lib/domain/refusal.ts';
import type { Books } from '../support/model-ledger.ts';

/** What watches freezes. */
export interface FreezeRules {
  /** An operator knows that a part is frozen, the deployment among them; `null`: it is about to be thawed. */
  frozen(part: string, since: number | null): void;
  applied(before: Books, after: Books, at: number): void;
  /** A payment became SIGNED. Throws where a freeze forbade it. */
  signed(payment: Payment, reservedAt: number, at: number): void;
  refused(refusal: Refusal, askedAt: number, at: number): void;
  /** Payments that were reserved and signed after a thaw of a part of theirs. */
  signedAfterThaw(): number;
}

export const DEPLOYMENT = 'deployment';
/** Within so much of its acknowledgement a freeze holds for what had its second look before. */
const FREEZE_BOUND_MS = 5_000;
/** The clocks of two handlers are so far apart at most. */
const SKEW_MS = 4_000;

/** When a part was frozen, as the books had it; `null`: it still is. */
interface Interval {
  readonly part: string;
  to: number | null;
}

/** @param isPrompt whether nobody stands still and no request takes seconds, so that the bound holds for what is under way */
export function createFreezeRules({ isPrompt }: { readonly isPrompt: boolean }): FreezeRules {
  const known = new Map<string, number>();
  const intervals: Interval[] = [];
  let afterThaw = 0;
  return {
    frozen: (part, since) => {
      if (since === null) known.delete(part);
      else known.set(part, since);
    },
    applied: (before, after, at) => {
      if (before.gate === after.gate) return;
      const [had, has] = [frozenParts(before), frozenParts(after)];
      for (const part of has) if (!had.has(part)) intervals.push({ part, to: null });
      for (const interval of intervals) if (interval.to === null && !has.has(interval.part)) interval.to = at;
    },
    signed: (payment, reservedAt, at) => {
      const parts = partsOf(payment);
      for (const part of parts) {
        const since = known.get(part);
        if (since === undefined) continue;
        const name = `${payment.id}#${payment.attempt}`;
        if (reservedAt >= since) throw new Error(`frozen: ${name} is SIGNED although it was reserved after the freeze`);
        if (isPrompt && at > since + FREEZE_BOUND_MS) {
          throw new Error(`frozen: ${name} is SIGNED ${at - since} ms after ${part} was frozen`);
        }
      }
      if (intervals.some(({ part, to }) => parts.includes(part) && to !== null && to <= reservedAt)) afterThaw += 1;
    },
    refused: (refusal, askedAt, at) => {
      if (refusal.reason !== 'frozen') return;
      const meant = intervals.filter(({ part }) => part === refusal.scope || part.startsWith(`${refusal.scope}#`));
      if (meant.some(({ to }) => to === null || to + SKEW_MS >= askedAt)) return;
      throw new Error(`frozen: a call was refused at ${at} for a freeze of its ${refusal.scope}, and there was none`);
    },
    signedAfterThaw: () => afterThaw,
  };
}

function frozenParts({ gate: { frozenAt, freezes } }: Books): ReadonlySet<string> {
  return new Set([...(frozenAt === null ? [] : [DEPLOYMENT]), ...freezes.keys()]);
}

/** Said without the code that is tested: all that a payment may be frozen by. */
function partsOf({ managerId, userId, agentName, sessionId, instrumentId, offer }: Payment): readonly string[] {
  return [
    DEPLOYMENT,
    `manager#${managerId}`,
    `user#${managerId}#${userId}`,
    `agent#${managerId}#${agentName}`,
    `session#${managerId}#${sessionId}`,
    `instrument#${managerId}#${instrumentId}`,
    `payee#${managerId}#${offer.payTo}`,
    `asset#${managerId}#${offer.network}#${offer.asset}`,
  ];
}
