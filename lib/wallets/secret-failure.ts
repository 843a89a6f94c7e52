import { serviceErrorName, toWalletError } from './service-failure.ts';

// Apart from other failures, so that a function loads it with the first secret that it cannot read.

/** Why a secret cannot be read. `missing`: there is no such secret, or it is marked for deletion; `denied`: this function may not. */
export type SecretTrouble = 'missing' | 'denied';

/** Thrown where a secret cannot be read for a reason that waiting does not mend. */
export class SecretUnusable extends Error {
  override readonly name = 'SecretUnusable';
  readonly trouble: SecretTrouble;

  constructor(trouble: SecretTrouble, message: string) {
    super(message);
    this.trouble = trouble;
  }
}

const SECRET_TROUBLES: ReadonlyMap<string | null, SecretTrouble> = new Map([
  ['ResourceNotFoundException', 'missing'],
  ['InvalidRequestException', 'missing'],
  ['AccessDeniedException', 'denied'],
]);

/** As `toWalletError`, and `SecretUnusable` where the service answered that there is nothing to read. */
export function toSecretError(secretId: string, error: unknown): Error {
  const known = toWalletError(`secretsmanager:GetSecretValue of ${secretId}`, error);
  const trouble = SECRET_TROUBLES.get(serviceErrorName(error));
  return trouble === undefined ? known : new SecretUnusable(trouble, known.message);
}
