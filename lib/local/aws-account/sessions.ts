import { randomBytes } from 'node:crypto';
import { createBoundedMap } from '../../domain/bounded-map.ts';
import type { SigningCredential } from '../../sigv4/verification.ts';
import { createAccessKey, type AccessKey, type IssuedKey } from '../iam/credentials.ts';
import type { Environment } from '../template/environment.ts';

/** Who has signed a request: the developer whose account it is, or somebody who has assumed a role of it. */
export interface AccountCaller {
  readonly arn: string;
  readonly userId: string;
  /** `null` for the developer. */
  readonly roleName: string | null;
  /** Epoch milliseconds; `null` for never. */
  readonly expiresAtMs: number | null;
}

export type AccountCredential = SigningCredential & AccountCaller;

/** The keys of the account: the developer's, which stays, and those of sessions, which end with this process. */
export interface AccountSessions {
  find(accessKeyId: string): AccountCredential | null;
  issue(caller: AccountCaller): IssuedKey & { readonly sessionToken: string };
}

const SESSIONS_MAX = 10_000;

export function isDeveloper({ roleName }: AccountCaller): boolean {
  return roleName === null;
}

export function createAccountSessions(developer: AccessKey, { partition, account }: Environment): AccountSessions {
  const sessions = createBoundedMap<string, AccountCredential>(SESSIONS_MAX);
  const known: AccountCredential = {
    arn: `arn:${partition}:iam::${account}:user/developer`,
    userId: 'AIDALOCALDEVELOPER',
    roleName: null,
    expiresAtMs: null,
    secretAccessKey: developer.secretAccessKey,
    sessionToken: null,
  };
  return {
    find: (accessKeyId) => (accessKeyId === developer.accessKeyId ? known : (sessions.get(accessKeyId) ?? null)),
    issue: (caller) => {
      const key = { ...createAccessKey('ASIA'), sessionToken: randomBytes(96).toString('base64') };
      sessions.set(key.accessKeyId, { ...caller, ...key });
      return key;
    },
  };
}
