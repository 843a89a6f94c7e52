const SEED = /^[0-9a-f]{128}$/;

/** Prints the secret of a connector: the words for a person who restores it elsewhere, the seed for the signer. */
export function formatSeedSecret(mnemonic: string, seed: Uint8Array): string {
  return JSON.stringify({ mnemonic, seed: Buffer.from(seed).toString('hex') });
}

/**
 * Reads the seed from a connector's secret; `null` for anything that `formatSeedSecret` does not write.
 * Says no more than that, since whatever it quoted would be part of a secret.
 */
export function parseSeedSecret(text: string): Uint8Array | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('seed' in value)) return null;
  const { seed } = value;
  return typeof seed === 'string' && SEED.test(seed) ? Buffer.from(seed, 'hex') : null;
}
