import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { newAllowance, type Allowance } from '../../lib/domain/allowances/allowance.ts';
import type { ApprovalSight } from '../../lib/domain/allowances/sight.ts';
import { ask, keepBytes, raise, sent } from '../../lib/domain/allowances/steps.ts';
import type { WithdrawalOutcome } from '../../lib/domain/allowances/withdrawal-outcome.ts';
import { askToWithdraw, freezeWithdrawal, putAway } from '../../lib/domain/allowances/withdrawal-steps.ts';
import type { PaymentId } from '../../lib/domain/ids.ts';
import { coinOf } from '../../lib/domain/tokens/coin.ts';
import { addMs, formatInstant } from '../../lib/domain/time.ts';
import { toEvent } from '../../lib/events/event.ts';
import { EVENT_SCHEMAS } from '../../lib/events/schemas.ts';
import { EVENT_FILTERS } from '../../lib/ledger/dynamodb/books/stream-filters.ts';
import { assertPattern, fits } from '../../lib/local/triggers/stream-filter.ts';
import { PAYER } from '../support/paying.ts';
import { BASE_SEPOLIA, NOW } from '../support/payments.ts';
import { HOME } from '../support/withdrawing.ts';
import { allowanceChange, newOutcome } from './records.ts';

const HASH = `0x${'5c'.repeat(32)}` as const;
const wallet = { managerId: 'acme-0123456789', userId: 'ada', instrumentId: 'payment-instrument-aaaaaaaaaaaaaaa' };
const outcome: WithdrawalOutcome = {
  ...wallet,
  paymentId: 'pay-1' as PaymentId,
  sessionId: 'withdrawal-aaaaaaaaaaaaaaa',
  agentName: null,
  network: BASE_SEPOLIA.id,
  asset: coinOf(BASE_SEPOLIA.id).address,
  amount: 7n,
  payTo: HOME,
  transaction: HASH,
  succeeded: true,
  at: NOW,
};

describe('of a withdrawal of a coin', () => {
  test('its arrival is told, with its transaction, as a withdrawal and as no spending', () => {
    const record = newOutcome(outcome);
    expect(EVENT_FILTERS.some((pattern) => fits(assertPattern(pattern), record))).toBe(true);
    const event = toEvent(record)!;
    v.assert(EVENT_SCHEMAS[event.type], event.detail);
    expect(event).toMatchObject({
      type: 'payment.settled',
      at: NOW,
      detail: {
        id: 'pay-1/settled',
        processPaymentId: 'pay-1',
        purpose: 'WITHDRAWAL',
        amountUsd: '0.00',
        assetAmount: '7',
        asset: outcome.asset,
        payTo: HOME,
        transaction: HASH,
        settledAt: formatInstant(NOW),
      },
    });
  });

  test('that moved nothing no arrival is told', () => {
    expect(toEvent(newOutcome({ ...outcome, succeeded: false }))).toBeNull();
  });

  test('no step is told as one of an approval, also where one waits', () => {
    const sight: ApprovalSight = { nonce: 7, pendingNonce: 7, mined: null };
    const fees = { balance: 10n ** 18n, gasLimit: 21_000n, maxFeePerGas: 10n, maxPriorityFeePerGas: 1n };
    const gas = { now: NOW, gasPerDay: 10n ** 18n };
    const want = { token: BASE_SEPOLIA.usdc.address, most: 5n, least: null, askedAt: NOW, sessionId: null };
    const key = { network: BASE_SEPOLIA.id, owner: PAYER };
    for (const known of [newAllowance({ ...key, ...wallet }), ask(newAllowance({ ...key, ...wallet }), want)]) {
      const { paymentId, amount } = outcome;
      const until = addMs(NOW, 900_000);
      const asked = askToWithdraw(known, { paymentId, to: HOME, amount, askedAt: NOW, until, hindrance: null });
      const poor = freezeWithdrawal(asked, { sight, facts: { ...fees, dataFee: 0n, balance: 0n } }, gas);
      const frozen = freezeWithdrawal(asked, { sight, facts: { ...fees, dataFee: 0n } }, gas);
      const kept = keepBytes(frozen, { raw: '0xaa', hash: HASH }, NOW);
      const out = sent(kept, NOW);
      const raised = raise(out, fees, gas);
      const dear = raise(out, fees, { ...gas, gasPerDay: 1n });
      const steps: readonly (readonly [Allowance, Allowance])[] = [
        [known, asked],
        [asked, poor],
        [asked, frozen],
        [frozen, kept],
        [kept, out],
        [out, raised],
        [out, dear],
        [out, putAway(out, NOW)],
      ];
      for (const [before, after] of steps) expect(toEvent(allowanceChange(before, after))).toBeNull();
    }
  });
});
