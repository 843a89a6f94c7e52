import { describe, expect, test } from 'vitest';
import type { Rule } from '../../../lib/domain/policy/index.ts';
import { judgeOne, PAYEE, STATED, USDC } from './support.ts';

describe('the case of letters', () => {
  test('is nothing in the address of a token, however list and payment spell it', () => {
    for (const entry of [USDC, USDC.toLowerCase()])
      for (const asset of [USDC, USDC.toLowerCase()])
        expect(judgeOne({ kind: 'assets', allow: [entry] }, { verified: { asset } }).ok).toBe(true);
  });

  test('counts in names, though one look like an address', () => {
    const rule: Rule = { kind: 'tools', allow: [PAYEE] };
    expect(judgeOne(rule, { declared: { ...STATED, tool: PAYEE } }).ok).toBe(true);
    expect(judgeOne(rule, { declared: { ...STATED, tool: PAYEE.toLowerCase() } }).ok).toBe(false);
  });

  test('counts in an address of another chain, though it contain one of an EVM chain', () => {
    for (const other of [`9${PAYEE}`, `${PAYEE}9`]) {
      const rule: Rule = { kind: 'payees', allow: [other] };
      expect(judgeOne(rule, { verified: { payee: other } }).ok).toBe(true);
      expect(judgeOne(rule, { verified: { payee: other.toLowerCase() } }).ok).toBe(false);
    }
  });
});
