import { signersOf } from '../../support/wallet-lists.ts';
import { describe, expect, test } from 'vitest';
import { formatSessionId } from '../../../lib/domain/drawn-ids.ts';
import type { WindowCharge } from '../../../lib/domain/payment/charge.ts';
import { assertSessionBalances } from '../../../lib/domain/payment/session.ts';
import { assertWindowBalances } from '../../../lib/domain/payment/window.ts';
import { NotNow, OutcomeUnknown } from '../../../lib/domain/ports/services.ts';
import { signedCaller } from '../../../lib/domain/tenants/principal.ts';
import { addMs, toEpochMs } from '../../../lib/domain/time.ts';
import { createPayerCache } from '../../../lib/service/paying/payer.ts';
import { processPayment } from '../../../lib/service/paying/process-payment.ts';
// Before it is asked for: virtual time does not wait for a file that is read.
import '../../../lib/service/paying/resume-payment.ts';
import '../../../lib/service/paying/window-grants.ts';
import { createDraw } from '../../../scripts/nemesis/plan.ts';
import {
  INSTRUMENT,
  instrument,
  manager,
  network,
  sessionWith,
  START_MS,
  USER,
} from '../../support/explorer/tenant.ts';
import { newBooks, type Carry } from '../../support/model-ledger.ts';
import { carryTo, ledgerOver, windowsOver } from '../../support/model-ports.ts';
import { keyOfWindow } from '../../support/model-windows.ts';
import { createVirtualTime } from '../../support/virtual-time.ts';
import { chargingBy } from '../../support/policies.ts';
import { noPurchases } from '../../support/purchases.ts';
import { USDC_ALONE } from '../../support/tokens.ts';

const SESSIONS = 50;
const PRICE = 10_000n;
const ANSWER_MIN_MS = 2;
const ANSWER_MAX_MS = 12;
const INVOCATION_MS = 15_000;

interface Day {
  readonly seed: number;
  readonly payments: number;
  readonly max: bigint;
  /** Handlers that work at the same time. */
  readonly atOnce: number;
  /** How often a write of a window or of a reserve meets a transaction, or gets no answer. */
  readonly conflicts: number;
  readonly unanswered: number;
}

/** Spends a day on the books as a value, over a network on a virtual clock: the same seed does the same. */
async function spendDay({ seed, payments, max, atOnce, conflicts, unanswered }: Day) {
  const draw = createDraw(seed);
  const time = createVirtualTime(START_MS);
  const sessions = Array.from({ length: SESSIONS }, (_, at) =>
    sessionWith(
      10n ** 12n,
      formatSessionId(Uint8Array.from({ length: 16 }, (_byte, place) => (place === 0 ? at : seed))),
    ),
  );
  const holder = { books: newBooks(...sessions) };
  const apply = carryTo(holder);
  const way = () => time.sleep(ANSWER_MIN_MS + Math.floor(draw() * (ANSWER_MAX_MS - ANSWER_MIN_MS)));
  let tried = 0;
  const carry: Carry = async (call) => {
    await way();
    const isWindow = call.method === 'change';
    if (isWindow) tried += 1;
    if ((isWindow || call.method === 'reserve') && draw() < conflicts) throw new NotNow('met a transaction');
    const reply = await apply(call);
    if (isWindow && draw() < unanswered) throw new OutcomeUnknown('the answer was lost');
    await way();
    return reply;
  };
  const sign = async () => `0x${'11'.repeat(65)}` as const;
  const signer = { type: 'SeedVault', sign } as const;
  const day: WindowCharge = {
    kind: 'window',
    key: 'dAy_0-user1',
    opensAt: toEpochMs(START_MS),
    closesAt: addMs(toEpochMs(START_MS), 86_400_000),
    quantity: PRICE,
    max,
  };
  const deps = {
    ledger: ledgerOver(carry),
    windows: windowsOver(carry),
    registry: { readManager: async () => manager, readInstrument: async () => instrument },
    signers: signersOf(signer),
    payers: createPayerCache(),
    clock: time,
    random: { bytes: (length: number) => Uint8Array.from({ length }, () => Math.floor(draw() * 256)), fraction: draw },
    allowedNetworks: new Set<string>([network.id]),
    validityCapSeconds: 300,
    repetitions: null,
    purchases: noPurchases,
    tokens: USDC_ALONE,
    facilitators: new Set<string>(),
    inFlightMax: 64,
    report: () => undefined,
    policies: chargingBy(() => [day]),
  };
  const outcomes = { signed: 0, denied: 0, busy: 0 };
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < payments) {
      const { sessionId } = sessions[next % SESSIONS]!;
      const clientToken = `payment-${next}`.padEnd(33, '.');
      next += 1;
      for (let decided = false; !decided;) {
        const { id, usdc } = network;
        const payload = {
          scheme: 'exact',
          network: id,
          amount: PRICE.toString(),
          asset: usdc.address,
          payTo: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
          maxTimeoutSeconds: 60,
          extra: { name: usdc.domainName, version: usdc.domainVersion },
        };
        const result = await processPayment(deps, {
          managerId: manager.managerId,
          principal: signedCaller(USER),
          agentName: null,
          resource: null,
          sessionId,
          instrumentId: INSTRUMENT,
          paymentType: 'CRYPTO_X402',
          paymentInput: { cryptoX402: { version: '2', payload } },
          clientToken,
          replayOnly: false,
          deadline: addMs(time.now(), INVOCATION_MS),
        });
        decided = result.ok || result.error.reason === 'policy_exceeded';
        if (result.ok) outcomes.signed += 1;
        else if (decided) outcomes.denied += 1;
        else if (result.error.reason === 'busy') outcomes.busy += 1;
        else throw new Error(`refused: ${result.error.reason}`);
      }
    }
  };
  await time.runUntil(Promise.all(Array.from({ length: atOnce }, work)));
  const window = holder.books.windows.get(keyOfWindow({ managerId: manager.managerId, key: day.key }))!;
  assertWindowBalances(window);
  let [spent, used, free] = [0n, 0n, 0n];
  for (const session of holder.books.sessions.values()) {
    assertSessionBalances(session);
    const grant = session.windows.get(day.key);
    expect((grant?.free ?? 0n) + (grant?.used ?? 0n)).toBe(window.grants.get(session.sessionId)?.amount ?? 0n);
    spent += session.budget.spent;
    used += grant?.used ?? 0n;
    free += grant?.free ?? 0n;
  }
  return { outcomes, window, spent, used, left: window.available + free, tried };
}

describe('a day that 50 sessions share, with 2,560 payments of which 100 run at once', () => {
  const payments = 2_560;
  const calm = { payments, atOnce: 100, conflicts: 0, unanswered: 0 };

  test.each([1, 2, 3])(
    'is spent to the last cent with less than one write to the day in eight (seed %i)',
    async (seed) => {
      const max = PRICE * BigInt(payments);
      const { outcomes, window, spent, used, left } = await spendDay({ ...calm, seed, max });
      expect(outcomes).toMatchObject({ signed: payments, denied: 0 });
      expect([spent, used, left]).toEqual([max, max, 0n]);
      expect(window.version).toBeLessThan(payments / 8);
    },
  );

  test.each([4, 5, 6])('denies nothing that it could have paid where it runs out half way (seed %i)', async (seed) => {
    const max = (PRICE * BigInt(payments)) / 2n;
    const { outcomes, window, spent, used, left } = await spendDay({ ...calm, seed, max });
    expect(outcomes).toMatchObject({ signed: payments / 2, denied: payments / 2 });
    expect([spent, used, left]).toEqual([max, max, 0n]);
    expect(window.version).toBeLessThan(payments / 8);
  });

  test.each([7, 8])('is exact where transactions meet and answers are lost (seed %i)', async (seed) => {
    const max = (PRICE * BigInt(payments)) / 2n;
    const { outcomes, spent, used, left } = await spendDay({ ...calm, seed, max, conflicts: 0.3, unanswered: 0.2 });
    expect(outcomes).toMatchObject({ signed: payments / 2, denied: payments / 2 });
    expect([spent, used, left]).toEqual([max, max, 0n]);
  });
});
