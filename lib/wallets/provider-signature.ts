import type { CompactSignature } from './secp256k1.ts';

const SIGNATURE = /^0x([0-9a-fA-F]{128})[0-9a-fA-F]{2}$/;

/** r and s of a signature as providers write it: 65 bytes in hex. `null` for anything else. Does not say who made it. */
export function readCompactSignature(value: unknown): CompactSignature | null {
  const [, compact] = SIGNATURE.exec(typeof value === 'string' ? value : '') ?? [];
  // Scalars that are out of range are found when the signer is recovered.
  return compact === undefined ? null : (new Uint8Array(Buffer.from(compact, 'hex')) as CompactSignature);
}
