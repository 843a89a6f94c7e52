import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SIGNER_TIMEOUT_MS } from '../../domain/limits.ts';
import type { SecretLocation } from '../../domain/tenants/resources.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import { memberOf } from '../../json/record.ts';
import { serviceErrorName, toWalletError } from '../../wallets/service-failure.ts';

/**
 * Why a credential cannot be used. `missing`: there is no such secret, or it is marked for deletion; `denied`: this function
 * may not read it; `unreadable`: it is no JSON object with a text at the key.
 */
export type CredentialTrouble = 'missing' | 'denied' | 'unreadable';

/** Reads one credential from where it lies. Remembers none. Throws `NotNow` when throttled; no error carries a secret. */
export type ReadCredential = (location: SecretLocation) => Promise<Result<string, CredentialTrouble>>;

const TROUBLES: ReadonlyMap<string, CredentialTrouble> = new Map([
  ['ResourceNotFoundException', 'missing'],
  ['InvalidRequestException', 'missing'],
  ['AccessDeniedException', 'denied'],
]);

export function createCredentialReader(client: SecretsManagerClient): ReadCredential {
  return async ({ secretArn, jsonKey }) => {
    const command = new GetSecretValueCommand({ SecretId: secretArn });
    try {
      const answer = await client.send(command, { abortSignal: AbortSignal.timeout(SIGNER_TIMEOUT_MS) });
      const value = readMember(answer.SecretString ?? '', jsonKey);
      return value === null ? refuse('unreadable') : ok(value);
    } catch (error) {
      const trouble = TROUBLES.get(serviceErrorName(error) ?? '');
      if (trouble !== undefined) return refuse(trouble);
      throw toWalletError(`secretsmanager:GetSecretValue of ${secretArn}`, error);
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
