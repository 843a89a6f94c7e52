import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { openRecordStore, type RecordStore } from '../aws-endpoint/record-store.ts';

/** With which an issuer signs access tokens. */
export type SigningAlgorithm = 'ES256' | 'RS256';

/** A private key as JWK. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly [member: string]: string;
}

/** What an issuer keeps between starts. */
export interface IssuerState {
  /** The port in the issuer's URL, or `null` before the first start is through. */
  readonly port: number | null;
  /** The newest first. */
  readonly keys: readonly SigningKey[];
  /** By client id. A client that is no longer named keeps its secret. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Keys of one algorithm that stay published; tokens of older ones ended long ago. */
const KEYS_MAX = 8;
const RSA_BITS = 2_048;
const SECRET_BYTES = 32;
const RECORD = 'issuer';
const EMPTY: IssuerState = { port: null, keys: [], secrets: {} };

/** One issuer's state on disk, or in memory. */
export interface IssuerStore {
  read(): IssuerState;
  /** Returns when the state would survive the end of the process. */
  write(state: IssuerState): void;
}

/**
 * Opens the state in a directory that only its owner can read. Not for two issuers at a time.
 * @param dataDir `null` keeps it in memory
 * @throws Error where the file is not an issuer's
 */
export function openIssuerStore(dataDir: string | null): IssuerStore {
  const records: RecordStore<IssuerState> = openRecordStore(dataDir, parseState);
  return {
    read: () => records.get(RECORD) ?? EMPTY,
    write: (state) => records.put(RECORD, state),
  };
}

/** The state with a key for every algorithm and a secret for every client that had none. */
export function completeState(
  state: IssuerState,
  algorithms: readonly SigningAlgorithm[],
  clientIds: readonly string[],
): IssuerState {
  const keyless = algorithms.filter((alg) => state.keys.every((key) => key.alg !== alg));
  const secretless = clientIds.filter((id) => !Object.hasOwn(state.secrets, id));
  const secrets = secretless.map((id) => [id, randomBytes(SECRET_BYTES).toString('base64url')]);
  return {
    port: state.port,
    keys: [...keyless.map(createKey), ...state.keys],
    secrets: { ...state.secrets, ...Object.fromEntries(secrets) },
  };
}

/** The state with a new key of each algorithm in front of the old ones, of which the last few stay. */
export function rotateState(state: IssuerState, algorithms: readonly SigningAlgorithm[]): IssuerState {
  const seen: Record<SigningAlgorithm, number> = { ES256: 0, RS256: 0 };
  const keys = [...algorithms.map(createKey), ...state.keys].filter(({ alg }) => (seen[alg] += 1) <= KEYS_MAX);
  return { ...state, keys };
}

function createKey(alg: SigningAlgorithm): SigningKey {
  const { privateKey } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: RSA_BITS });
  return { ...(privateKey.export({ format: 'jwk' }) as Record<string, string>), kid: randomUUID(), alg, use: 'sig' };
}

function parseState(value: unknown): IssuerState {
  const { port, keys, secrets } = (value ?? {}) as Partial<Record<keyof IssuerState, unknown>>;
  if (port !== null && !Number.isInteger(port)) throw new TypeError('no port');
  if (!Array.isArray(keys) || !keys.every(isSigningKey)) throw new TypeError('no keys');
  if (!isTexts(secrets)) throw new TypeError('no secrets');
  return { port: port as number | null, keys, secrets };
}

function isSigningKey(value: unknown): value is SigningKey {
  return isTexts(value) && value['kid'] !== undefined && (value['alg'] === 'ES256' || value['alg'] === 'RS256');
}

function isTexts(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' && value !== null && Object.values(value).every((member) => typeof member === 'string')
  );
}
