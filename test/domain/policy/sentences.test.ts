import { describe, expect, test } from 'vitest';
import { judgeCounters, refuseCharge, type Rule } from '../../../lib/domain/policy/index.ts';
import { formatFigure } from '../../../lib/domain/policy/refusal.ts';
import { showRule } from '../../../lib/domain/policy/show-refusal.ts';
import { addMs } from '../../../lib/domain/time.ts';
import {
  BARE,
  BASE,
  chargesOf,
  feedOf,
  judgeOne,
  OTHER_PAYEE,
  PAYEE,
  STATED,
  usd,
  USDC,
  VERIFIED,
  type SomeFacts,
} from './support.ts';

// A person reads these sentences, and decides by them what to change: each names what was looked at and what it was.

const SANCTIONS = feedOf(`${OTHER_PAYEE}\nbad.example.com\n`);
const feeds = (name: string) => (name === SANCTIONS.name ? SANCTIONS : null);

const bare: SomeFacts = { declared: BARE };
const address = OTHER_PAYEE;

describe('a refusal says', () => {
  test.each<[Rule, SomeFacts, string]>([
    [{ kind: 'payees', allow: [PAYEE] }, { verified: { payee: address } }, `does not list the payee '${address}'`],
    [{ kind: 'payees', deny: [address] }, { verified: { payee: address } }, `denies the payee '${address}'`],
    [{ kind: 'networks', allow: ['eip155:1'] }, {}, `does not list the network '${BASE}'`],
    [{ kind: 'assets', deny: ['USDC'] }, {}, "denies the asset 'USDC'"],
    [{ kind: 'protocols', deny: ['x402'] }, {}, "denies the protocol 'x402'"],
    [{ kind: 'schemes', deny: ['exact'] }, {}, "denies the scheme 'exact'"],
    [{ kind: 'transferMethods', deny: ['eip3009'] }, {}, "denies the transfer method 'eip3009'"],
    [
      { kind: 'facilitators', deny: [address] },
      { verified: { facilitator: address } },
      `denies the facilitator '${address}'`,
    ],
    [{ kind: 'facilitators', allow: [address] }, {}, 'lists the facilitator, which the signature does not name'],
    [{ kind: 'paymentFlows', deny: ['authorization'] }, {}, "denies the payment flow 'authorization'"],
    [{ kind: 'wallets', allow: ['w-2'] }, { verified: { instrumentId: 'w-1' } }, "does not list the wallet 'w-1'"],
    [{ kind: 'principals', allow: ['c-2'] }, { verified: { principal: 'c-1' } }, "does not list the caller 'c-1'"],
    [{ kind: 'tools', deny: ['search'] }, {}, "denies the tool 'search'"],
    [{ kind: 'tools', deny: ['other'] }, bare, 'lists the tool, which the call does not state'],
    [{ kind: 'agents', allow: ['other'] }, {}, "does not list the agent 'assistant'"],
    [{ kind: 'agents', allow: ['other'] }, bare, 'lists the agent, which the call does not state'],
    [{ kind: 'freeze', network: 'base' }, {}, `lets nothing be paid on '${BASE}' for now`],
    [{ kind: 'freeze', asset: 'USDC' }, {}, `lets nothing be paid in 'USDC' on '${BASE}' for now`],
    [{ kind: 'require', facts: ['tool'] }, bare, 'wants the call to state the tool'],
    [{ kind: 'require', facts: ['origin'] }, bare, 'wants the call to state the origin'],
    [{ kind: 'require', facts: ['url'] }, bare, 'wants the call to state the URL'],
    [{ kind: 'require', facts: ['method'] }, bare, 'wants the call to state the method'],
    [{ kind: 'require', facts: ['bodyHash'] }, bare, 'wants the call to state the hash of the body'],
    [{ kind: 'require', facts: ['agentName'] }, bare, 'wants the call to state the name of the agent'],
    [{ kind: 'require', facts: ['intent'] }, bare, 'wants the call to state the intent'],
    [{ kind: 'origins', deny: ['api.example.com'] }, {}, "denies the origin 'https://api.example.com'"],
    [{ kind: 'origins', allow: ['a.example'] }, {}, "does not list the origin 'https://api.example.com'"],
    [{ kind: 'breaker' }, bare, 'is about the origin, which the call does not state in its plain form'],
    [{ kind: 'breaker' }, {}, 'is about failures at the origin, which were not read'],
    [{ kind: 'pinPayee' }, {}, 'compares with the pinned payee, which was not read'],
    [{ kind: 'priceChange', maxPercent: 5 }, {}, 'compares with the last price, which was not read'],
    [
      { kind: 'priceChange', maxPercent: 5 },
      bare,
      'compares prices by what is bought, and the call does not state its URL in the plain form',
    ],
    [
      { kind: 'priceChange', maxPercent: 5 },
      { remembered: { lastPrice: usd('0.20') } },
      "allows the price of 'https://api.example.com/search' to change by 5 %, and it went from 0.20 to 0.25 USD",
    ],
    [{ kind: 'denyFeed', feed: 'none' }, {}, "names the feed 'none', which is not there"],
    [
      { kind: 'denyFeed', feed: 'sanctions' },
      { verified: { payee: address } },
      `denies the payee '${address}', which is on the feed 'sanctions'`,
    ],
    [
      { kind: 'denyFeed', feed: 'sanctions' },
      { declared: { ...STATED, origin: null, url: 'https://bad.example.com/' } },
      "denies the host 'bad.example.com', which is on the feed 'sanctions'",
    ],
    [{ kind: 'sessionCap', of: 'tool', maxCount: 1 }, bare, 'counts by tool, which the call does not state'],
    [{ kind: 'sessionCap', of: 'agent', maxCount: 1 }, bare, 'counts by agent, which the call does not state'],
    [
      { kind: 'sameRequest', maxCount: 1, perSeconds: 60 },
      bare,
      'counts equal requests, and the call does not state its method, its URL in the plain form and its body',
    ],
  ])('%o: %o', (rule, facts, says) => {
    const verdict = judgeOne({ ...rule, name: 'r' }, facts, 'user', feeds);
    expect(verdict.ok ? 'allowed' : verdict.error.message).toBe(`The rule 'r' of the user policy ${says}.`);
  });

  test('for which agent a policy is, where the call names none', () => {
    const verdict = judgeOne({ kind: 'perPayment', name: 'r', max: usd('1') }, bare, 'agent');
    expect(verdict.ok ? '' : verdict.error.message).toBe(
      "The rule 'r' of the agent policy is for an agent that the call does not state.",
    );
  });

  test('how much a counter of the session still has', () => {
    const [cap] = chargesOf([{ kind: 'sessionCap', name: 'r', of: 'tool', max: usd('1') }]);
    expect(refuseCharge(cap!, 900_000n).message).toBe(
      "The rule 'r' of the user policy allows 1.00 USD within this session; asked for were 0.25 USD, and 0.10 USD remain.",
    );
  });

  test('one payment, and several payments', () => {
    expect([formatFigure(1n, 'count'), formatFigure(0n, 'count'), formatFigure(2n, 'count')]).toEqual([
      '1 payment',
      '0 payments',
      '2 payments',
    ]);
    expect([formatFigure(60n, 'seconds'), formatFigure(5n, 'percent')]).toEqual(['60 s', '5 %']);
  });
});

describe('the figures of a price that changed', () => {
  const changed = (from: string, to: string) => {
    const verdict = judgeOne(
      { kind: 'priceChange', maxPercent: 10 },
      { verified: { amount: usd(to) }, remembered: { lastPrice: usd(from) } },
    );
    return verdict.ok ? null : { asked: verdict.error.figures?.asked, help: verdict.error.help };
  };

  test('are rounded up to the whole per cent', () => {
    expect(changed('0.10', '0.111')).toEqual({ asked: 11n, help: { atMost: usd('0.11'), otherSeller: true } });
    expect(changed('0.10', '0.110001')).toMatchObject({ asked: 11n });
    expect(changed('0.10', '0.20')).toMatchObject({ asked: 100n });
    expect(changed('0.10', '0.05')).toEqual({ asked: 50n, help: { otherSeller: true } });
  });

  test('are a hundred per cent from nothing', () => {
    expect(changed('0', '0.01')).toEqual({ asked: 100n, help: { atMost: 0n, otherSeller: true } });
  });
});

test('a rule that no word of the call could satisfy advises another offer', () => {
  const verdict = judgeOne({ kind: 'facilitators', allow: [PAYEE] });
  expect(verdict).toMatchObject({ ok: false, error: { help: { otherOffer: true } } });
});

test('what is frozen is named: the network, or the asset', () => {
  expect(judgeOne({ kind: 'freeze', network: 'base' })).toMatchObject({ error: { fact: 'network', found: BASE } });
  expect(judgeOne({ kind: 'freeze', asset: USDC })).toMatchObject({ error: { fact: 'asset', found: 'USDC' } });
});

describe('for programs a refusal shows', () => {
  const show = (rule: Rule, facts: SomeFacts) => {
    const verdict = judgeOne({ ...rule, name: 'r' }, facts);
    return verdict.ok ? null : showRule(verdict.error);
  };
  const rule = { scope: 'user', rule: 'r' };

  test('what it looked at and what that was', () => {
    expect(show({ kind: 'tools', allow: ['other'] }, {})).toEqual({
      ...rule,
      code: 'bursar:policy_tool',
      fact: 'tool',
      found: 'search',
    });
  });

  test('the fact alone that was not stated, and that it would have to be', () => {
    expect(show({ kind: 'require', facts: ['intent'] }, bare)).toEqual({
      ...rule,
      code: 'bursar:policy_fact_required',
      fact: 'intent',
      state: 'intent',
    });
  });

  test('figures in their unit, and what would help', () => {
    expect(show({ kind: 'perPayment', max: usd('0.10') }, {})).toEqual({
      ...rule,
      code: 'bursar:policy_per_payment',
      fact: 'amount',
      unit: 'usd',
      limit: '0.10',
      asked: '0.25',
      remaining: '0.10',
      atMostUsd: '0.10',
      otherSeller: true,
    });
    expect(show({ kind: 'validity', maxSeconds: 30 }, {})).toMatchObject({
      unit: 'seconds',
      limit: '30',
      asked: '60',
      remaining: '30',
    });
  });

  test('no fact where a counter is full, and when there is room again', () => {
    const [day] = chargesOf([{ kind: 'rate', name: 'r', of: 'user', perSeconds: 60, maxCount: 1 }]);
    const verdict = judgeCounters([day!], new Map([[day!.key, 1n]]));
    expect(verdict.ok ? null : showRule(verdict.error)).toEqual({
      ...rule,
      code: 'bursar:policy_rate',
      unit: 'count',
      limit: '1',
      asked: '1',
      remaining: '0',
      waitUntil: '2026-11-28T12:31:00.000Z',
    });
    expect(show({ kind: 'breaker' }, { remembered: { breaker: { openUntil: addMs(VERIFIED.time, 1_000) } } })).toEqual({
      ...rule,
      code: 'bursar:policy_breaker',
      fact: 'origin',
      found: 'https://api.example.com',
      waitUntil: '2026-11-28T12:30:16.000Z',
      otherSeller: true,
    });
  });
});
