import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SigningCredential } from '../../sigv4/verification.ts';

/** An access key as a client of the API needs it. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Whom an access key stands for. */
export interface Identity {
  readonly roleName: string;
  readonly sessionName: string;
}

export interface IssuedKey extends AccessKey {
  /** Given to functions, as Lambda does; `null` for the keys of callers. */
  readonly sessionToken: string | null;
}

/** The access keys of one local stack. Nothing else is a valid key. */
export interface CredentialStore {
  /** Makes a key with a session token that is forgotten with this process, for a function. */
  issue(identity: Identity): IssuedKey;
  /** Accepts a key that is kept elsewhere. */
  admit(key: AccessKey, identity: Identity): void;
  find(accessKeyId: string): (SigningCredential & Identity) | null;
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const KEY_ID_CHARS = 16;

export function createCredentialStore(): CredentialStore {
  const keys = new Map<string, SigningCredential & Identity>();
  return {
    issue: (identity) => {
      const key = { ...createAccessKey('ASIA'), sessionToken: randomBytes(96).toString('base64') };
      keys.set(key.accessKeyId, { ...identity, ...key });
      return key;
    },
    admit: (key, identity) => {
      keys.set(key.accessKeyId, { ...identity, ...key, sessionToken: null });
    },
    find: (accessKeyId) => keys.get(accessKeyId) ?? null,
  };
}

/** @param prefix `AKIA` for a key that lasts, `ASIA` for one that comes with a session token */
export function createAccessKey(prefix: 'AKIA' | 'ASIA'): AccessKey {
  const id = Array.from(randomBytes(KEY_ID_CHARS), (byte) => BASE32[byte % BASE32.length]).join('');
  return { accessKeyId: prefix + id, secretAccessKey: randomBytes(30).toString('base64') };
}

/**
 * The access keys that callers were given at an earlier start, with new ones for names that had none.
 * @param path a file that only its owner can read, or `null` for keys that are not kept
 */
export function keepAccessKeys(path: string | null, names: readonly string[]): Readonly<Record<string, AccessKey>> {
  const kept = path !== null && existsSync(path) ? parseAccessKeys(path, readFileSync(path, 'utf8')) : {};
  const keys = Object.fromEntries(names.map((name) => [name, kept[name] ?? createAccessKey('AKIA')]));
  if (path === null || names.every((name) => Object.hasOwn(kept, name))) return keys;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.partial`, `${JSON.stringify({ ...kept, ...keys }, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.partial`, path);
  return keys;
}

function parseAccessKeys(path: string, text: string): Record<string, AccessKey> {
  try {
    const value = JSON.parse(text) as Record<string, Partial<AccessKey>>;
    const entries = Object.entries(value).map(([name, { accessKeyId, secretAccessKey }]) => {
      if (typeof accessKeyId !== 'string' || typeof secretAccessKey !== 'string')
        throw new TypeError(`${name} is no key`);
      return [name, { accessKeyId, secretAccessKey }] as const;
    });
    return Object.fromEntries(entries);
  } catch {
    // Without the cause, which may quote what it read.
    throw new Error(`${path} does not hold access keys: delete it to have new ones made`);
  }
}
