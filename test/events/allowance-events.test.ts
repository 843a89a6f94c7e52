import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { newAllowance, type Allowance } from '../../lib/domain/allowances/allowance.ts';
import { ask, concluded, freeze, keepBytes, raise, sent } from '../../lib/domain/allowances/steps.ts';
import { APPROVAL_AMOUNT_MAX } from '../../lib/domain/limits.ts';
import { addMs, type EpochMs } from '../../lib/domain/time.ts';
import { toEvent } from '../../lib/events/event.ts';
import { EVENT_SCHEMAS } from '../../lib/events/schemas.ts';
import { EVENT_FILTERS } from '../../lib/ledger/dynamodb/books/stream-filters.ts';
import { assertPattern, fits } from '../../lib/local/triggers/stream-filter.ts';
import { PAYER } from '../support/paying.ts';
import { BASE_SEPOLIA, NOW } from '../support/payments.ts';
import { allowanceChange } from './records.ts';

const RAW = `0x${'5ec2e7'.repeat(40)}` as const;
const HASH = `0x${'5c'.repeat(32)}` as const;
const at = (ms: number): EpochMs => addMs(NOW, ms);
const TOKEN = BASE_SEPOLIA.usdc.address;
const none = newAllowance({
  network: BASE_SEPOLIA.id,
  owner: PAYER,
  managerId: 'acme-0123456789',
  userId: 'ada',
  instrumentId: 'payment-instrument-aaaaaaaaaaaaaaa',
});
const want = { token: TOKEN, most: 500n, least: 100n, askedAt: NOW, sessionId: 'payment-session-aaaaaaaaaaaaaaa' };
const asked = ask(none, want);
const sight = { nonce: 7, pendingNonce: 7, mined: null };
const facts = { allowance: 0n, balance: 10n ** 18n, gasLimit: 60_000n, maxFeePerGas: 10n, maxPriorityFeePerGas: 1n };
const need = { most: null, signed: 0n };
const gas = { now: at(1_000), gasPerDay: 10n ** 18n };
const frozen = freeze(asked, { sight, facts, need }, gas);
const kept = keepBytes(frozen, { raw: RAW, hash: HASH }, at(2_000));
const out = sent(kept, at(3_000));

function told(before: Allowance | null, after: Allowance) {
  const record = allowanceChange(before, after);
  const event = toEvent(record);
  if (event === null) return null;
  expect(EVENT_FILTERS.some((pattern) => fits(assertPattern(pattern), record))).toBe(true);
  v.assert(EVENT_SCHEMAS[event.type], event.detail);
  expect(JSON.stringify(event)).not.toContain(RAW.slice(2, 40));
  const { type, at: when, detail } = event;
  return { type, when, detail };
}

const common = {
  version: 1,
  paymentManagerId: 'acme-0123456789',
  userId: 'ada',
  paymentInstrumentId: 'payment-instrument-aaaaaaaaaaaaaaa',
  network: BASE_SEPOLIA.id,
  walletAddress: PAYER,
  asset: TOKEN,
};

describe('of an approval are told', () => {
  test('that it is asked for, once, with whose payment it is for and the most of it', () => {
    const detail = { ...common, paymentSessionId: want.sessionId, assetAmountMax: '500' };
    expect(told(null, asked)).toMatchObject({ type: 'allowance.requested', when: NOW, detail });
    const later = { ...want, askedAt: at(5), most: APPROVAL_AMOUNT_MAX, least: null, sessionId: null };
    expect(told(out, ask(out, later))).toMatchObject({
      type: 'allowance.requested',
      detail: { paymentSessionId: null, assetAmountMax: null },
    });
  });

  test('that it was sent, again for each copy, with its transaction and never its bytes', () => {
    const detail = { ...common, assetAmount: '500', transaction: HASH };
    expect(told(kept, out)).toMatchObject({ type: 'allowance.sent', when: at(3_000), detail });
    const raised = raise(out, facts, { now: at(200_000), gasPerDay: 10n ** 18n });
    const second = sent(keepBytes(raised, { raw: RAW, hash: `0x${'5d'.repeat(32)}` }, at(201_000)), at(202_000));
    expect(told(raised, second)).toMatchObject({
      type: 'allowance.sent',
      detail: { transaction: `0x${'5d'.repeat(32)}` },
    });
  });

  test('that it is in a block, or that the token refused', () => {
    const mined = (succeeded: boolean) =>
      concluded(out, { nonce: 8, pendingNonce: 8, mined: { hash: HASH, succeeded } }, at(9_000))!;
    expect(told(out, mined(true))).toMatchObject({
      type: 'allowance.mined',
      when: at(9_000),
      detail: { ...common, assetAmount: '500', transaction: HASH },
    });
    expect(told(out, mined(false))).toMatchObject({
      type: 'allowance.failed',
      detail: { ...common, reason: 'REVERTED', transaction: HASH },
    });
  });

  test('that the chain showed enough, or that nothing is needed', () => {
    const enough = freeze(asked, { sight, facts: { ...facts, allowance: 900n }, need }, gas);
    expect(told(asked, enough)).toMatchObject({ type: 'allowance.sufficient', detail: { assetAmount: '900' } });
    const useless = freeze(asked, { sight, facts, need: { most: 99n, signed: 0n } }, gas);
    expect(told(asked, useless)).toMatchObject({ type: 'allowance.failed', detail: { reason: 'NOT_NEEDED' } });
  });

  test.each([
    ['GAS', { facts: { ...facts, balance: 1n } }],
    ['GAS_BUDGET', { facts: { ...facts, maxFeePerGas: 10n ** 18n } }],
    ['NONCE', { sight: { ...sight, pendingNonce: 8 } }],
  ] as const)('once that it waits for %s, when it began to', (reason, change) => {
    const waiting = freeze(asked, { sight, facts, need, ...change }, gas);
    expect(told(asked, waiting)).toMatchObject({ type: 'allowance.failed', when: gas.now, detail: { reason } });
    const still = freeze(waiting, { sight, facts, need, ...change }, { ...gas, now: at(61_000) });
    expect(told(waiting, still)).toBeNull();
  });
});

test('nothing is told of what is frozen or signed, nor of a nonce that another transaction took', () => {
  expect([told(asked, frozen), told(frozen, kept)]).toEqual([null, null]);
  const lost = concluded(out, { nonce: 8, pendingNonce: 8, mined: null }, at(9_000))!;
  expect(lost.want).toEqual(want);
  expect(told(out, lost)).toBeNull();
});
