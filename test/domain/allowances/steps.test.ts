import { describe, expect, test } from 'vitest';
import {
  gasOfDay,
  newAllowance,
  unsignedCopy,
  type Allowance,
  type ApprovalAttempt,
  type Copy,
  type Want,
  type Withdrawal,
} from '../../../lib/domain/allowances/allowance.ts';
import {
  ask,
  concluded,
  freeze,
  isAskedFor,
  isStuck,
  keepBytes,
  raise,
  remind,
  sent,
  toSend,
} from '../../../lib/domain/allowances/steps.ts';
import {
  APPROVAL_COPIES_MAX,
  APPROVAL_LOOK_MS,
  APPROVAL_STUCK_MS,
  APPROVAL_WAIT_MS,
} from '../../../lib/domain/limits.ts';
import type { PaymentId } from '../../../lib/domain/ids.ts';
import { addMs } from '../../../lib/domain/time.ts';
import { NOW } from '../../support/payments.ts';

const names = { managerId: 'm-1', userId: 'ada', instrumentId: 'i-1' };
const fresh = newAllowance({ network: 'eip155:8453', owner: '0x01', ...names });
const want: Want = { token: '0xaa', most: 100n, least: null, askedAt: NOW, sessionId: null };
const sight = { nonce: 7, pendingNonce: 7, mined: null };
const facts = { allowance: 0n, balance: 1_000n, gasLimit: 10n, maxFeePerGas: 8n, maxPriorityFeePerGas: 2n };
const need = { most: 500n, signed: 0n };
const at = { now: NOW, gasPerDay: 200n };
const DAY = Math.floor(NOW / 86_400_000);
const bytes = { raw: '0x02', hash: '0xbeef' } as const;
const copy: Copy = { maxFeePerGas: 8n, maxPriorityFeePerGas: 2n, frozenAt: NOW, signed: bytes };
const attempt: ApprovalAttempt = {
  want,
  withdrawal: null,
  amount: 100n,
  nonce: 7,
  gasLimit: 10n,
  copies: [copy],
  sentAt: NOW,
};
const withdrawal: Withdrawal = {
  paymentId: 'p-1' as PaymentId,
  to: '0x02',
  amount: 5n,
  askedAt: NOW,
  until: addMs(NOW, 900_000),
  hindrance: null,
};
const asked = ask(fresh, want);
const out: Allowance = { ...fresh, attempt, gas: { day: DAY, wei: 80n } };

describe('what is asked for', () => {
  test('is written under the next version, looked at at once, and known again', () => {
    const hindered = { ...fresh, hindrance: 'gas_missing' } as const;
    expect(ask(hindered, want)).toEqual({ ...fresh, version: 1, want, visitAt: NOW, hindrance: null });
    expect(isAskedFor(fresh, want)).toBe(false);
    expect([isAskedFor(asked, want), isAskedFor(out, want)]).toEqual([true, true]);
    for (const other of [{ token: '0xbb' }, { most: 99n }, { least: 5n }] as const)
      expect(isAskedFor(asked, { ...want, ...other })).toBe(false);
  });

  test('covers a need that is no larger', () => {
    const enough = ask(fresh, { ...want, least: 50n });
    expect([50n, 49n, 51n].map((least) => isAskedFor(enough, { ...want, least }))).toEqual([true, true, false]);
    expect(isAskedFor(enough, { ...want, least: 50n, most: 99n })).toBe(false);
    expect(isAskedFor(enough, want)).toBe(false);
  });
});

describe('an approval that is frozen', () => {
  const froze = (
    more: {
      want?: Partial<Want>;
      sight?: object;
      facts?: object;
      need?: object;
      at?: object;
      gas?: Allowance['gas'];
    } = {},
  ) =>
    freeze(
      { ...asked, want: { ...want, ...more.want }, ...(more.gas === undefined ? {} : { gas: more.gas }) },
      { sight: { ...sight, ...more.sight }, facts: { ...facts, ...more.facts }, need: { ...need, ...more.need } },
      { ...at, ...more.at },
    );

  test('has amount, nonce and fees, and counts what it can cost', () => {
    expect(froze()).toEqual({
      ...asked,
      version: 2,
      want: null,
      attempt: {
        want,
        withdrawal: null,
        amount: 100n,
        nonce: 7,
        gasLimit: 10n,
        copies: [{ ...copy, signed: null }],
        sentAt: null,
      },
      gas: { day: DAY, wei: 80n },
      hindrance: null,
      visitAt: addMs(NOW, APPROVAL_LOOK_MS),
    });
    expect(freeze(fresh, { sight, facts, need }, at)).toBe(fresh);
    expect(freeze({ ...out, want }, { sight, facts, need }, at)).toEqual({ ...out, want });
  });

  test('is of no more than sessions may still need', () => {
    expect(froze({ need: { most: 99n } }).attempt).toMatchObject({ amount: 99n });
    expect(froze({ need: { most: null } }).attempt).toMatchObject({ amount: 100n });
  });

  test('is none where nothing is needed, or the chain shows it', () => {
    const notNeeded = { want: null, attempt: null, visitAt: null, end: { kind: 'not_needed', token: '0xaa', at: NOW } };
    expect(froze({ need: { most: 0n } })).toMatchObject(notNeeded);
    expect(froze({ want: { most: 0n }, facts: { allowance: 3n } }).attempt).toMatchObject({ amount: 0n });
    expect(froze({ facts: { allowance: 100n } }).end).toEqual({
      kind: 'sufficient',
      token: '0xaa',
      amount: 100n,
      at: NOW,
    });
    expect(froze({ facts: { allowance: 101n } }).attempt).not.toBeNull();
    for (const [allowance, kind] of [
      [49n, undefined],
      [50n, 'sufficient'],
      [51n, 'sufficient'],
    ] as const)
      expect(froze({ want: { least: 50n }, facts: { allowance } }).end?.kind).toBe(kind);
    expect(froze({ want: { least: 50n }, need: { signed: 60n }, facts: { allowance: 59n } }).end).toBeNull();
    expect(froze({ want: { least: 50n }, need: { most: 49n } })).toMatchObject(notNeeded);
    expect(froze({ want: { least: 50n }, need: { most: 50n } }).attempt).toMatchObject({ amount: 50n });
    expect(froze({ want: { least: 50n }, need: { most: 0n }, facts: { allowance: 50n } }).end?.kind).toBe('sufficient');
  });

  test('waits for a foreign transaction, for the next day and for gas money', () => {
    const waits = { want, attempt: null, visitAt: addMs(NOW, APPROVAL_WAIT_MS) };
    expect(froze({ sight: { pendingNonce: 8 } })).toMatchObject({ ...waits, hindrance: 'nonce_busy' });
    expect(froze({ at: { gasPerDay: 79n } })).toMatchObject({ ...waits, hindrance: 'gas_budget' });
    expect(froze({ at: { gasPerDay: 80n } }).hindrance).toBeNull();
    expect(froze({ facts: { balance: 79n } })).toMatchObject({ ...waits, hindrance: 'gas_missing' });
    expect(froze({ facts: { balance: 80n } }).hindrance).toBeNull();
    expect(froze({ gas: { day: DAY, wei: 121n } }).hindrance).toBe('gas_budget');
    expect(froze({ gas: { day: DAY, wei: 120n } }).gas).toEqual({ day: DAY, wei: 200n });
    expect(froze({ gas: { day: DAY - 1, wei: 121n } }).gas).toEqual({ day: DAY, wei: 80n });
    expect(gasOfDay(out, NOW)).toBe(out.gas);
  });
});

describe('an approval that is signed', () => {
  const unsigned: Allowance = { ...out, attempt: { ...attempt, copies: [{ ...copy, signed: null }], sentAt: null } };

  test('keeps its bytes, which the chain is to get', () => {
    expect([toSend(fresh), toSend(unsigned), toSend(out)]).toEqual([null, null, bytes]);
    const kept = keepBytes(unsigned, bytes, NOW);
    expect(kept).toEqual({ ...out, version: 1, attempt: { ...attempt, sentAt: null }, visitAt: NOW });
    expect(keepBytes(out, bytes, NOW)).toBe(out);
    expect(keepBytes(fresh, bytes, NOW)).toBe(fresh);
    expect([unsignedCopy(fresh), unsignedCopy(out), unsignedCopy(unsigned)?.signed]).toEqual([null, null, null]);
    expect(sent(kept, NOW)).toMatchObject({
      attempt: { sentAt: NOW },
      visitAt: addMs(NOW, APPROVAL_LOOK_MS),
      version: 2,
    });
    expect([sent(out, NOW), sent(fresh, NOW)]).toEqual([out, fresh]);
  });

  test('is asked for again where its signature does not come', () => {
    const late = addMs(NOW, APPROVAL_STUCK_MS);
    expect(remind(unsigned, addMs(late, -1))).toBe(unsigned);
    expect(remind(unsigned, late)).toEqual({ ...unsigned, version: 1, visitAt: addMs(late, APPROVAL_WAIT_MS) });
    expect(remind(out, late)).toBe(out);
  });

  test('gives its place to a withdrawal where its signature does not come, and what it cannot cost any more', () => {
    const late = addMs(NOW, APPROVAL_STUCK_MS);
    const waiting: Allowance = { ...unsigned, withdrawal };
    expect(remind(waiting, addMs(late, -1))).toBe(waiting);
    const given = { ...waiting, version: 1, attempt: null, want, visitAt: late };
    expect(remind(waiting, late)).toEqual({ ...given, gas: { day: DAY, wei: 0n } });
    const newer = { ...want, most: 7n };
    expect(remind({ ...waiting, want: newer }, late)).toMatchObject({ attempt: null, want: newer });
    const nextDay = { day: DAY + 1, wei: 80n };
    expect(remind({ ...waiting, gas: nextDay }, late)).toEqual({ ...given, gas: nextDay });
    // Bytes of it are out.
    const raised: Allowance = { ...waiting, attempt: { ...attempt, copies: [copy, { ...copy, signed: null }] } };
    expect(remind(raised, late)).toEqual({ ...raised, version: 1, visitAt: addMs(late, APPROVAL_WAIT_MS) });
  });

  test('is stuck when it has been out for long', () => {
    const late = addMs(NOW, APPROVAL_STUCK_MS);
    expect([isStuck(out, late), isStuck(out, addMs(late, -1)), isStuck(unsigned, late), isStuck(fresh, late)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
    const twice = { ...out, attempt: { ...attempt, copies: [copy, { ...copy, signed: null }] } };
    expect([isStuck(twice, late), toSend(twice)]).toEqual([false, bytes]);
    const higher = { raw: '0x03', hash: '0xcafe' } as const;
    expect(keepBytes(twice, higher, NOW).attempt?.copies.map(({ signed }) => signed)).toEqual([bytes, higher]);
  });
});

describe('a higher fee', () => {
  const usual = { balance: 1_000n, maxFeePerGas: 1n, maxPriorityFeePerGas: 1n };

  test('is an eighth more at least, or what is usual by then, and the difference counts', () => {
    const raised = raise(out, usual, at);
    expect(raised).toEqual({
      ...out,
      version: 1,
      attempt: {
        ...attempt,
        copies: [copy, { maxFeePerGas: 10n, maxPriorityFeePerGas: 3n, frozenAt: NOW, signed: null }],
        sentAt: null,
      },
      gas: { day: DAY, wei: 100n },
      hindrance: null,
      visitAt: addMs(NOW, APPROVAL_LOOK_MS),
    });
    const dear = raise(out, { ...usual, maxFeePerGas: 11n, maxPriorityFeePerGas: 4n }, at);
    expect(dear.attempt?.copies[1]).toMatchObject({ maxFeePerGas: 11n, maxPriorityFeePerGas: 4n });
    expect(raise(raised, usual, at)).toBe(raised);
    expect(raise(fresh, usual, at)).toBe(fresh);
  });

  test('is not raised over its bounds', () => {
    const waits = { attempt, visitAt: addMs(NOW, APPROVAL_WAIT_MS) };
    expect(raise(out, usual, { ...at, gasPerDay: 99n })).toMatchObject({ ...waits, hindrance: 'gas_budget' });
    expect(raise(out, usual, { ...at, gasPerDay: 100n }).hindrance).toBeNull();
    expect(raise(out, { ...usual, balance: 99n }, at)).toMatchObject({ ...waits, hindrance: 'gas_missing' });
    expect(raise(out, { ...usual, balance: 100n }, at).hindrance).toBeNull();
    const copies = Array.from({ length: APPROVAL_COPIES_MAX }, () => copy);
    expect(raise({ ...out, attempt: { ...attempt, copies } }, usual, at).hindrance).toBe('fee_ceiling');
    expect(raise({ ...out, attempt: { ...attempt, copies: copies.slice(1) } }, usual, at).hindrance).toBeNull();
  });
});

describe('what became of an approval', () => {
  const mined = (succeeded: boolean) => ({ ...sight, nonce: 8, mined: { hash: '0xfeed', succeeded } as const });

  test('is what the chain shows', () => {
    const over = { attempt: null, visitAt: null, hindrance: null, version: 1 };
    const end = { token: '0xaa', transaction: '0xfeed', at: NOW };
    const stuck = { ...out, hindrance: 'fee_ceiling' } as const;
    expect(concluded(stuck, mined(true), NOW)).toMatchObject({
      ...over,
      end: { ...end, kind: 'approved', amount: 100n },
    });
    expect(concluded(stuck, mined(false), NOW)).toMatchObject({ ...over, end: { ...end, kind: 'reverted' } });
    expect(concluded({ ...out, want }, mined(true), NOW)).toMatchObject({ want, visitAt: NOW });
    expect(concluded(fresh, mined(true), NOW)).toBeNull();
  });

  test('is nothing while its nonce is not used, and that it is asked for again where another took it', () => {
    expect(concluded(out, sight, NOW)).toBeNull();
    const lost = { attempt: null, want, visitAt: NOW, hindrance: null, version: 1 };
    const stuck = { ...out, hindrance: 'fee_ceiling' } as const;
    expect(concluded(stuck, { ...sight, nonce: 8 }, NOW)).toMatchObject(lost);
    const newer = { ...want, most: 7n };
    expect(concluded({ ...out, want: newer }, { ...sight, nonce: 8 }, NOW)).toMatchObject({ want: newer });
  });
});
