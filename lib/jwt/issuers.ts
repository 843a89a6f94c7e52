import { createBoundedMap } from '../domain/bounded-map.ts';
import {
  ISSUER_CACHE_ENTRIES_MAX,
  ISSUER_KEYS_MAX_AGE_MS,
  ISSUER_REFETCH_INTERVAL_MS,
  ISSUER_RETRY_INTERVAL_MAX_MS,
  ISSUER_RETRY_INTERVAL_MIN_MS,
  STRANGER_ENTRIES_MAX,
  STRANGER_MAX_AGE_MS,
} from '../domain/limits.ts';
import type { Clock, EpochMs } from '../domain/time.ts';
import { memberOf } from '../json/record.ts';
import { isLoopbackUrl } from '../domain/loopback.ts';
import { parseIssuerUrl, type FetchJson } from './fetch-json.ts';
import { createIssuerVerifier, type IssuerVerifier } from './issuer-verifier.ts';
import { createKeySet, type DroppedKeys } from './key-set.ts';

/** The issuer can't be asked or answers nonsense. An outage: nothing is known about the token. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable';
}

/** What an issuer said of itself when it was asked. A later answer is another object. */
export interface Issuer extends IssuerVerifier {
  hasKey(keyId: string): boolean;
}

/** Told each time an issuer's key set had members that are not taken. */
export type ReportDroppedKeys = (report: {
  readonly issuer: string;
  readonly taken: number;
  readonly dropped: DroppedKeys;
}) => void;

export interface IssuersDeps {
  readonly clock: Clock;
  readonly fetchJson: FetchJson;
  /** The discovery URL by which some manager trusts the issuer with this key, or `null`. */
  readonly findDiscoveryUrl: (issuerKey: string) => Promise<string | null>;
  readonly reportDroppedKeys: ReportDroppedKeys;
}

/**
 * The issuer with this key, or `null` for one that nobody trusts. It is asked again if it has no key of the id, or if it is the
 * very answer whose key did not verify (`rejected`), and may still be without; then it is the same object as before.
 */
export type FindIssuer = (issuerKey: string, keyId: string, rejected?: Issuer) => Promise<Issuer | null>;

interface Known {
  readonly found: Issuer | null;
  /** When the question began that found it: its keys are not older than that. */
  readonly foundAt: EpochMs;
  readonly failure: IssuerUnavailable | null;
  /** Failures since the last answer. */
  readonly failures: number;
  /** When the last question ended, whatever came of it. */
  readonly endedAt: EpochMs;
  /** Whether the last question was asked though there was a fresh answer. */
  readonly repeated: boolean;
}

/**
 * Remembers what issuers publish, for ten minutes at most. Each issuer is asked one question at a time, which concurrent callers
 * share; nobody waits for the question of another issuer. An unknown key id or a bad signature repeats the question at once, since
 * the issuer may have a new key, and then at most every ten seconds. After a failure the issuer is left alone, for two seconds
 * first and up to half a minute, counted from the end of the question: one that accepts and never answers costs little. So
 * nobody who invents tokens can burden an issuer or the registry with one name; different names cost the registry one read each.
 */
export function createIssuers(deps: IssuersDeps): FindIssuer {
  const issuers = createBoundedMap<string, Known>(ISSUER_CACHE_ENTRIES_MAX);
  const strangers = createBoundedMap<string, EpochMs>(STRANGER_ENTRIES_MAX);
  const asking = new Map<string, Promise<Known | null>>();

  const ask = async (issuerKey: string, known: Known | undefined): Promise<Known | null> => {
    const discoveryUrl = await deps.findDiscoveryUrl(issuerKey);
    const startedAt = deps.clock.now();
    if (discoveryUrl === null) {
      issuers.delete(issuerKey);
      strangers.set(issuerKey, startedAt);
      return null;
    }
    const answer = await askIssuer(deps, discoveryUrl);
    const last = { endedAt: deps.clock.now(), repeated: known !== undefined && isFresh(known, startedAt) };
    const entry: Known =
      answer instanceof IssuerUnavailable
        ? {
            found: known?.found ?? null,
            foundAt: known?.foundAt ?? startedAt,
            failure: answer,
            failures: (known?.failures ?? 0) + 1,
            ...last,
          }
        : { found: answer, foundAt: startedAt, failure: null, failures: 0, ...last };
    issuers.set(issuerKey, entry);
    return entry;
  };

  return async (issuerKey, keyId, rejected) => {
    const now = deps.clock.now();
    const strangerSince = strangers.get(issuerKey);
    if (strangerSince !== undefined && now - strangerSince < STRANGER_MAX_AGE_MS) return null;

    const known = issuers.get(issuerKey);
    const entry =
      known !== undefined && (isAnswered(known, keyId, rejected, now) || wasAskedLately(known, now))
        ? known
        : await shared(asking, issuerKey, () => ask(issuerKey, known));
    if (entry === null) return null;
    const { found, failure } = entry;
    const isAnswer = found !== null && isFresh(entry, deps.clock.now());
    if (isAnswer && (failure === null || found.hasKey(keyId))) return found;
    throw new IssuerUnavailable('the issuer of the token cannot be asked for its keys', { cause: failure });
  };
}

function isAnswered(known: Known, keyId: string, rejected: Issuer | undefined, now: EpochMs): boolean {
  const { found } = known;
  return found !== null && found !== rejected && isFresh(known, now) && found.hasKey(keyId);
}

/** Whether the issuer was asked in vain so lately that it is left alone. */
function wasAskedLately(known: Known, now: EpochMs): boolean {
  const { failure, failures, endedAt, repeated } = known;
  if (failure !== null) return now - endedAt < retryIntervalMs(failures);
  return isFresh(known, now) && repeated && now - endedAt < ISSUER_REFETCH_INTERVAL_MS;
}

function retryIntervalMs(failures: number): number {
  return Math.min(ISSUER_RETRY_INTERVAL_MAX_MS, ISSUER_RETRY_INTERVAL_MIN_MS * 2 ** (failures - 1));
}

function isFresh({ found, foundAt }: Pick<Known, 'found' | 'foundAt'>, now: EpochMs): boolean {
  return found !== null && now - foundAt < ISSUER_KEYS_MAX_AGE_MS;
}

/** One question per name at a time; as many entries as there are calls under way. */
async function shared<T>(asking: Map<string, Promise<T>>, name: string, ask: () => Promise<T>): Promise<T> {
  const underWay = asking.get(name);
  if (underWay !== undefined) return underWay;
  const question = ask().finally(() => asking.delete(name));
  asking.set(name, question);
  return question;
}

/**
 * Discovery document, then key set. Plain http for the keys needs plain http for the document, so that no issuer elsewhere can
 * point us at a port of our own host.
 *
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
 */
async function askIssuer(
  { fetchJson, reportDroppedKeys }: IssuersDeps,
  discoveryUrl: string,
): Promise<Issuer | IssuerUnavailable> {
  try {
    const discovery = parseIssuerUrl(discoveryUrl);
    if (discovery === null) throw new IssuerUnavailable('the discovery URL is neither https nor on the own host');
    const document = await fetchJson(discoveryUrl);
    const issuer = memberOf(document, 'issuer');
    const jwksUri = memberOf(document, 'jwks_uri');
    const jwksUrl = typeof jwksUri === 'string' ? parseIssuerUrl(jwksUri) : null;
    if (typeof issuer !== 'string' || jwksUrl === null || (isLoopbackUrl(jwksUrl) && !isLoopbackUrl(discovery))) {
      throw new IssuerUnavailable('the discovery document has no `issuer` or no `jwks_uri` that may be asked');
    }
    const keySet = createKeySet(fetchJson);
    const verifier = createIssuerVerifier(issuer, jwksUrl.href, keySet);
    await verifier.hydrate();
    const { dropped, size } = keySet;
    if (Object.keys(dropped).length > 0) reportDroppedKeys({ issuer, taken: size, dropped });
    return { ...verifier, hasKey: (keyId) => keySet.has(keyId) };
  } catch (error) {
    if (error instanceof IssuerUnavailable) return error;
    return new IssuerUnavailable('the issuer could not be asked', { cause: error });
  }
}
