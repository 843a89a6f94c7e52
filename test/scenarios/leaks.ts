import { createPrivateKey } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalStack } from '../../lib/local/stack.ts';

const WORDS_OF_A_LEAK = 4;
const CHARS_OF_A_LEAK = 24;

/** Everything that the stack keeps secret: access keys, seeds, runs of mnemonic words, credentials of wallet providers, and private keys as they are stored. */
export function secretsOf({ info }: Pick<LocalStack, 'info'>, dataDir: string): readonly string[] {
  const keys = Object.values(info.credentials).map(({ secretAccessKey }) => secretAccessKey);
  const stored = filesBelow(join(dataDir, 'keys-and-secrets')).flatMap((path) => {
    const record = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, unknown>>;
    const { secretString, material } = record;
    if (typeof material === 'string') return scalarOf(material);
    if (typeof secretString !== 'string') throw new Error(`${path} holds neither a secret nor a key`);
    const { mnemonic, ...others } = JSON.parse(secretString) as Readonly<Record<string, string>>;
    return [...Object.values(others), ...(mnemonic === undefined ? [] : runsOfWords(mnemonic))];
  });
  if (stored.length === 0) throw new Error('the stack keeps no keys: there is nothing to look for');
  return [...keys, ...stored];
}

/** A key of KMS without what all such keys begin with, in the forms that a line could show. */
function scalarOf(material: string): string[] {
  const key = createPrivateKey({ key: Buffer.from(material, 'base64'), format: 'der', type: 'pkcs8' });
  const { d = '' } = key.export({ format: 'jwk' });
  return [d, Buffer.from(d, 'base64url').toString('hex')];
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(directory, name));
}

function runsOfWords(mnemonic: string): string[] {
  const words = mnemonic.split(' ');
  return words.slice(WORDS_OF_A_LEAK - 1).map((_, at) => words.slice(at, at + WORDS_OF_A_LEAK).join(' '));
}

/** The texts that hold a secret or the beginning of one; hexadecimal in either case. */
export function leaksIn(texts: readonly string[], secrets: readonly string[]): readonly string[] {
  const wanted = secrets.map((secret) => secret.replace(/^0x/, '').slice(0, CHARS_OF_A_LEAK).toLowerCase());
  return texts.filter((text) => wanted.some((secret) => text.toLowerCase().includes(secret)));
}
