import type { Packed, PackedValue } from '../../domain/ports/schemes.ts';
import type { PaymentChallenge } from './challenge.ts';
import { fromStoredBytes, toStoredBytes } from './base64url.ts';

/** The texts of a challenge that are kept as they are, by the names that a store has for them. */
const TEXTS = { id: 'ci', realm: 'cr', expires: 'ce', digest: 'cg', description: 'cd', header: 'ch' } as const;

/**
 * All of a challenge that a credential gives back, for a store. The two texts in base64url are kept as their bytes; their one
 * spelling was checked. Method and intent are the scheme's.
 */
export function packChallenge(challenge: PaymentChallenge): Packed {
  const packed: Record<string, PackedValue> = { cq: { bytes: toStoredBytes(challenge.request) } };
  if (challenge.opaque !== undefined) packed['co'] = { bytes: toStoredBytes(challenge.opaque) };
  for (const [name, short] of Object.entries(TEXTS) as [keyof typeof TEXTS, string][]) {
    const value = challenge[name];
    if (value !== undefined) packed[short] = { text: value };
  }
  return packed;
}

/** Throws where a member is missing: the item is then none of ours. */
export function unpackChallenge(
  packed: Packed,
  { method, intent }: Pick<PaymentChallenge, 'method' | 'intent'>,
): PaymentChallenge {
  const texts: Partial<Record<keyof typeof TEXTS, string>> = {};
  for (const [name, short] of Object.entries(TEXTS) as [keyof typeof TEXTS, string][]) {
    const value = packed[short];
    if (value !== undefined && 'text' in value) texts[name] = value.text;
  }
  const { id, realm, ...others } = texts;
  const [request, opaque] = [readEncoded(packed['cq']), readEncoded(packed['co'])];
  if (id === undefined || realm === undefined || request === null) {
    throw new Error('a stored challenge lacks its id, its realm or its request');
  }
  return { id, realm, method, intent, request, ...others, ...(opaque === null ? {} : { opaque }) };
}

function readEncoded(value: PackedValue | undefined): string | null {
  return value !== undefined && 'bytes' in value ? fromStoredBytes(value.bytes) : null;
}
