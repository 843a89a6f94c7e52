import { mnemonicToSeedWebcrypto, validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { deriveAccountKey } from '../../wallets/seed-vault/provisioner.ts';
import { formatSeedSecret, parseSeedSecret } from '../../wallets/seed-vault/seed-secret.ts';

/** Everything that brings the seed of one connector back. Anybody who reads it can spend from all of its wallets. */
export interface SeedBackup {
  readonly paymentManagerArn: string;
  readonly paymentConnectorId: string;
  readonly region: string;
  readonly account: string;
  readonly secretName: string;
  readonly description: string;
  /** The wallets' keys name this version, so it comes back under the same id. */
  readonly secretVersionId: string;
  /** `null`: the account's own `aws/secretsmanager` key. */
  readonly kmsKeyId: string | null;
  readonly createdAt: string;
  readonly mnemonic: string;
  /** The secret's value, character by character: a version id stands for one value only. */
  readonly secretString: string;
  /** Of m/44'/60'/0', without the private part; worked out anew from the words whenever a backup is read. */
  readonly extendedPublicKey: string;
}

const FORMAT = 'bursar-seed-backup';
const VERSION = 1;
const MANAGER_ARN = /^arn:aws[a-z-]*:bedrock-agentcore:[a-z0-9-]+:\d{12}:payment-manager\/[0-9a-z-]{12,211}$/;
const CONNECTOR_ID = /^[0-9a-z-]{12,211}$/;
const SHAPES: Readonly<Record<string, RegExp>> = {
  paymentManagerArn: MANAGER_ARN,
  paymentConnectorId: CONNECTOR_ID,
  region: /^[a-z]{2}(?:-[a-z]+)+-\d$/,
  account: /^\d{12}$/,
  secretName: /^[A-Za-z0-9/_+=.@-]{1,512}$/,
  description: /^[^\p{Cc}]{0,2048}$/u,
  secretVersionId: /^[A-Za-z0-9-]{32,64}$/,
  createdAt: /^\d{4}-\d{2}-\d{2}T[0-9:.]{8,12}Z$/,
};
const KMS_KEY = /^[\w:/-]{1,2048}$/;

/** How to read the backup in ten years, with nothing but the file, age and the passphrase. */
const NOTE =
  "The mnemonic is BIP-39, without a passphrase of its own. Any Ethereum wallet restores it; wallet number i is m/44'/60'/0'/0/i.";

export function formatSeedBackup({ extendedPublicKey: _derived, ...backup }: SeedBackup): string {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, note: NOTE, ...backup }, null, 2)}\n`;
}

/**
 * Reads the words and the account's public key from a secret's value; `null` unless the words are BIP-39 and give the
 * very seed beside them.
 */
export async function readSeed(
  secretString: string,
): Promise<Pick<SeedBackup, 'mnemonic' | 'secretString' | 'extendedPublicKey'> | null> {
  const seed = parseSeedSecret(secretString);
  if (seed === null) return null;
  const { mnemonic } = JSON.parse(secretString) as { readonly mnemonic?: unknown };
  if (typeof mnemonic !== 'string' || !validateMnemonic(mnemonic, wordlist)) return null;
  const drawn = await mnemonicToSeedWebcrypto(mnemonic);
  const same = Buffer.from(drawn).equals(seed) && formatSeedSecret(mnemonic, drawn) === secretString;
  const read = same ? { mnemonic, secretString, extendedPublicKey: deriveAccountKey(seed) } : null;
  seed.fill(0);
  drawn.fill(0);
  return read;
}

/** Reads what `formatSeedBackup` wrote; `null` for anything else, and for a seed that is not that of its words. */
export async function parseSeedBackup(text: string): Promise<SeedBackup | null> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const members = value as Readonly<Record<string, unknown>>;
  const { format, version, kmsKeyId, mnemonic, secretString } = members;
  if (format !== FORMAT || version !== VERSION || typeof secretString !== 'string') return null;
  const shaped = Object.entries(SHAPES).every(([name, shape]) => {
    const member = members[name];
    return typeof member === 'string' && shape.test(member);
  });
  if (!shaped || (kmsKeyId !== null && !(typeof kmsKeyId === 'string' && KMS_KEY.test(kmsKeyId)))) return null;
  const seed = await readSeed(secretString);
  if (seed === null || seed.mnemonic !== mnemonic) return null;
  const {
    paymentManagerArn,
    paymentConnectorId,
    region,
    account,
    secretName,
    description,
    secretVersionId,
    createdAt,
  } =
    // Each was held against its shape above.
    members as unknown as SeedBackup;
  const place = { paymentManagerArn, paymentConnectorId, region, account, secretName, description };
  return { ...place, secretVersionId, kmsKeyId, createdAt, ...seed };
}
