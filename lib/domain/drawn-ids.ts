// Ids of what is made anew. Apart from those that every payment reads.

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE36 = '0123456789abcdefghijklmnopqrstuvwxyz';

/** Prints the low digits of the entropy in the given alphabet; 16 bytes give 15 base-62 characters (89 bits). */
function formatDigits(entropy: Uint8Array, alphabet: string, length: number): string {
  let rest = entropy.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const base = BigInt(alphabet.length);
  let text = '';
  for (let i = 0; i < length; i += 1) {
    text += alphabet[Number(rest % base)];
    rest /= base;
  }
  return text;
}

/** @param entropy at least 16 bytes, random or a digest */
export function formatSessionId(entropy: Uint8Array): string {
  return `payment-session-${formatDigits(entropy, BASE62, 15)}`;
}

/** @param digest of the withdrawal's client token and its scope, at least 16 bytes */
export function formatWithdrawalSessionId(digest: Uint8Array): string {
  return `withdrawal-${formatDigits(digest, BASE62, 15)}`;
}

/** @param entropy at least 16 bytes, random or a digest */
export function formatInstrumentId(entropy: Uint8Array): string {
  return `payment-instrument-${formatDigits(entropy, BASE62, 15)}`;
}

/** AgentCore's form of manager and connector ids: the name in lower case and ten random characters. */
export function formatNamedId(name: string, entropy: Uint8Array): string {
  return `${name.toLowerCase()}-${formatDigits(entropy, BASE36, 10)}`;
}
