/**
 * The staging label of the version that a connector's wallets come from. Secrets Manager keeps a version as long as it has a
 * label; one that was replaced twice has none of AWS's and may be forgotten any day.
 */
export const SEED_STAGE = 'BURSAR_SEED';

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

const SECRET_ARN = /^arn:[^:]+:secretsmanager:[^:]+:\d{12}:secret:(.+)-[A-Za-z0-9]{6}$/;

/**
 * The name within a secret's ARN; `null` for what is no ARN of a secret.
 *
 * A secret that is deleted and made again has the same name and another ARN: the six characters at its end are drawn anew.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
 */
export function parseSecretName(arn: string): string | null {
  return SECRET_ARN.exec(arn)?.[1] ?? null;
}
