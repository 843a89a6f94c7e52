import type { Packed, PackedValue } from '../../domain/ports/schemes.ts';
import type { PaymentChallenge } from './challenge.ts';

/** By the names that a store has for them. Method and intent are the scheme's. */
const NAMES = {
  id: 'ci',
  realm: 'cr',
  request: 'cq',
  expires: 'ce',
  digest: 'cg',
  description: 'cd',
  opaque: 'co',
  header: 'ch',
} as const;
const ENTRIES = Object.entries(NAMES) as [keyof typeof NAMES, string][];

/** All of a challenge that a credential gives back, for a store. */
export function packChallenge(challenge: PaymentChallenge): Packed {
  const packed: Record<string, PackedValue> = {};
  for (const [name, short] of ENTRIES) if (challenge[name] !== undefined) packed[short] = { text: challenge[name] };
  return packed;
}

/** Throws where a member is missing: the item is then none of ours. */
export function unpackChallenge(packed: Packed, method: Pick<PaymentChallenge, 'method' | 'intent'>): PaymentChallenge {
  const texts: Partial<Record<keyof typeof NAMES, string>> = {};
  for (const [name, short] of ENTRIES) {
    const value = packed[short];
    if (value !== undefined && 'text' in value) texts[name] = value.text;
  }
  const { id, realm, request, ...others } = texts;
  if (!id || !realm || !request) throw new Error('no stored challenge');
  return { id, realm, request, ...method, ...others };
}
