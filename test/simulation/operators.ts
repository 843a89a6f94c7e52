import { NotNow, OutcomeUnknown } from '../../lib/domain/ports/services.ts';
import { toEpochMs, type Clock, type EpochMs } from '../../lib/domain/time.ts';
import { manager, START_MS } from '../support/explorer/tenant.ts';
import { DEPLOYMENT, type FreezeRules } from './freeze-rules.ts';
import type { Network } from './network.ts';
import { sessionIdOf, type PartPlan } from './policy-plan.ts';

interface Operating {
  readonly time: Clock;
  readonly network: Network;
  readonly freezes: FreezeRules;
}

export async function deleteAt(
  { time, network }: Pick<Operating, 'time' | 'network'>,
  index: number,
  atMs: number | null,
): Promise<void> {
  if (atMs === null) return;
  await time.sleep(atMs);
  const key = { managerId: manager.managerId, sessionId: sessionIdOf(index) };
  await untilDone(() => network.carryFor('operator')({ method: 'deleteSession', args: [key, time.now()] }));
}

/** Freezes and thaws the whole deployment, alternately. */
export function moveGate(operating: Operating, movesAtMs: readonly number[]): Promise<void> {
  const carry = operating.network.carryFor('operator');
  return move(operating, movesAtMs, DEPLOYMENT, {
    freeze: (at) => carry({ method: 'freeze', args: [at] }),
    thaw: (since) => carry({ method: 'thaw', args: [since] }),
  });
}

/** Freezes and thaws a part, alternately. */
export function movePart(operating: Operating, { key, movesAtMs }: PartPlan): Promise<void> {
  const carry = operating.network.carryFor('operator');
  return move(operating, movesAtMs, key, {
    freeze: (at) => carry({ method: 'freezePart', args: [key, at] }),
    thaw: (since) => carry({ method: 'thawPart', args: [key, since] }),
  });
}

interface Moves {
  readonly freeze: (at: EpochMs) => Promise<unknown>;
  readonly thaw: (since: EpochMs) => Promise<unknown>;
}

async function move(
  { time, freezes }: Operating,
  movesAtMs: readonly number[],
  part: string,
  { freeze, thaw }: Moves,
): Promise<void> {
  let passed = 0;
  let since = toEpochMs(time.now());
  for (const [index, atMs] of movesAtMs.entries()) {
    await time.sleep(atMs - passed);
    passed = atMs;
    if (index % 2 === 0) {
      const at = time.now();
      since = at;
      await untilDone(() => freeze(at));
      freezes.frozen(part, time.now());
    } else {
      const closedBy = since;
      freezes.frozen(part, null);
      await untilDone(() => thaw(closedBy));
    }
    passed = Math.max(passed, time.now() - START_MS);
  }
}

/** Repeats what may be repeated until it is acknowledged. */
async function untilDone(work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if (!(error instanceof OutcomeUnknown || error instanceof NotNow)) throw error;
    }
  }
}
