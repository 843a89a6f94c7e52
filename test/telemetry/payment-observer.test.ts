import { signersOf } from '../support/wallet-lists.ts';
import { describe, expect, test } from 'vitest';
import { NotNow } from '../../lib/domain/ports/services.ts';
import { addMs } from '../../lib/domain/time.ts';
import {
  processPayment,
  type ProcessPaymentDeps,
  type ProcessPaymentRequest,
} from '../../lib/service/paying/process-payment.ts';
import { withdraw } from '../../lib/service/paying/withdrawals.ts';
import { createPaymentObserver } from '../../lib/telemetry/payment-observer.ts';
import { createRequestRecord, type RequestRecord } from '../../lib/telemetry/request-record.ts';
import { withDatabase } from '../support/database.ts';
import { HOME, createWithdrawingWorld } from '../support/withdrawing.ts';
import { createPayingWorld, createTestClock, PAY_TO, paid } from '../support/paying.ts';

const database = withDatabase();

/** A payment as the paying function drives it, with a clock that ticks once with each look. */
async function watch(deps: ProcessPaymentDeps, request: ProcessPaymentRequest): Promise<RequestRecord> {
  const record = createRequestRecord();
  let ms = 0;
  const observer = createPaymentObserver(record, () => (ms += 1.5));
  await processPayment({ ...deps, observer }, request).catch(() => undefined);
  return record;
}

describe('what is seen of a payment', () => {
  test('is all of its phases, the offer and what was spent, for one that is signed', async () => {
    const world = await createPayingWorld(database);
    const { values, fields } = await watch(world.deps, world.request(await world.open()));
    expect(values).toEqual({
      ReserveLatency: 1.5,
      SignLatency: 1.5,
      DecideLatency: 1.5,
      SettleLatency: 1.5,
      SpendAmount: 0.5,
    });
    expect(fields).toMatchObject({ payee: PAY_TO, asset: 'USDC', amountUsd: '0.50', remainingUsd: '9.50' });
  });

  test('is no spending where money is withdrawn: the alarm on spending must not hear of it', async () => {
    const world = await createWithdrawingWorld(database, database.endpoint);
    const record = createRequestRecord();
    paid(await withdraw({ ...world.deps, observer: createPaymentObserver(record, () => 1) }, world.request()));
    expect(Object.keys(record.values)).toEqual(['ReserveLatency', 'SignLatency', 'DecideLatency', 'SettleLatency']);
    expect(record.fields).toMatchObject({ payee: HOME, asset: 'USDC', amountUsd: '7.250001' });
    expect(record.fields).not.toHaveProperty('remainingUsd');
  });

  test('is no budget where the session has none', async () => {
    const world = await createPayingWorld(database);
    const { fields } = await watch(world.deps, world.request(await world.open({ limit: null })));
    expect(fields).not.toHaveProperty('remainingUsd');
  });

  test('ends with the phase that failed, and spends nothing', async () => {
    const world = await createPayingWorld(database);
    const sign = () => Promise.reject(new Error('no signature'));
    const signers = signersOf({ type: 'SeedVault', sign });
    const { values } = await watch({ ...world.deps, signers }, world.request(await world.open()));
    expect(values).toEqual({ ReserveLatency: 1.5, SignLatency: 1.5 });
  });

  test('spends once where a later attempt signs what an earlier one could not', async () => {
    const clock = createTestClock();
    const world = await createPayingWorld(database, { clock });
    const request = world.request(await world.open());
    const sign = () => Promise.reject(new NotNow('too many'));
    const throttled = signersOf({ type: 'SeedVault', sign });
    expect((await watch({ ...world.deps, signers: throttled }, request)).values).not.toHaveProperty('SpendAmount');
    clock.advance(1_000);
    const retry = { ...request, deadline: addMs(clock.now(), 15_000) };
    expect((await watch(world.deps, retry)).values).toMatchObject({ SpendAmount: 0.5 });
    expect((await watch(world.deps, retry)).values).toEqual({});
    paid(await processPayment(world.deps, retry));
  });

  test('is nothing of what another handler signed meanwhile', async () => {
    const world = await createPayingWorld(database);
    const request = world.request(await world.open());
    const { ledger } = world.deps;
    const late: ProcessPaymentDeps['ledger'] = {
      ...ledger,
      // Somebody else took over and signed while this handler was about to decide.
      decide: async (id, attempt, verdict) => {
        const { payment } = await ledger.decide(id, attempt, verdict);
        return { kind: 'lost', payment: { ...payment, owner: '0x00', attempt: 2 } };
      },
    };
    const { values } = await watch({ ...world.deps, ledger: late }, request);
    expect(values).toHaveProperty('DecideLatency');
    expect(values).not.toHaveProperty('SpendAmount');
  });
});
