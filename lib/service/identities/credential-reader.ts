import type { SecretLocation } from '../../domain/tenants/resources.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import { memberOf } from '../../json/record.ts';
import type { ReadSecret } from '../../wallets/seed-vault/signer.ts';
import { SecretUnusable, type SecretTrouble } from '../../wallets/secret-failure.ts';

/** Why a credential cannot be used; `unreadable`: what is there is no JSON object with a text at the key. */
export type CredentialTrouble = SecretTrouble | 'unreadable';

/** Reads one credential from where it lies. Remembers none. Throws `NotNow` when throttled; no error carries a secret. */
export type ReadCredential = (location: SecretLocation) => Promise<Result<string, CredentialTrouble>>;

export function createCredentialReader(readSecret: ReadSecret): ReadCredential {
  return async ({ secretArn, jsonKey }) => {
    try {
      const value = readMember(await readSecret(secretArn), jsonKey);
      return value === null ? refuse('unreadable') : ok(value);
    } catch (error) {
      if (error instanceof SecretUnusable) return refuse(error.trouble);
      throw error;
    }
  };
}

/** A parser's message would quote the secret: it is dropped. */
function readMember(text: string, jsonKey: string): string | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const member = memberOf(value, jsonKey);
  return typeof member === 'string' && member !== '' ? member : null;
}
