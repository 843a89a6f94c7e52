import { createBoundedMap } from '../domain/bounded-map.ts';
import {
  ISSUER_CACHE_ENTRIES_MAX,
  ISSUER_KEYS_MAX,
  ISSUER_KEYS_MAX_AGE_MS,
  ISSUER_REFETCH_INTERVAL_MS,
  ISSUER_RETRY_INTERVAL_MS,
  STRANGER_ENTRIES_MAX,
  STRANGER_MAX_AGE_MS,
} from '../domain/limits.ts';
import type { Clock, EpochMs } from '../domain/time.ts';
import { memberOf } from '../json/record.ts';
import { isLoopbackUrl } from '../domain/loopback.ts';
import { parseIssuerUrl, type FetchJson } from './fetch-json.ts';
import { parseSigningKey, type SigningKey } from './signing-key.ts';

/** The issuer can't be asked or answers nonsense. An outage: nothing is known about the token. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable';
}

export interface IssuerKeys {
  /** As the issuer itself spells it. */
  readonly issuer: string;
  readonly keys: readonly SigningKey[];
}

/** The keys of the issuer with this key, looked for again if none has the id; `null` for an issuer that nobody trusts. */
export type FindIssuerKeys = (issuerKey: string, keyId: string) => Promise<IssuerKeys | null>;

export interface IssuerDeps {
  readonly clock: Clock;
  readonly fetchJson: FetchJson;
  /** The discovery URL by which some manager trusts the issuer with this key, or `null`. */
  readonly findDiscoveryUrl: (issuerKey: string) => Promise<string | null>;
}

interface Known {
  readonly discoveryUrl: string;
  readonly found: IssuerKeys | null;
  readonly failure: IssuerUnavailable | null;
  readonly foundAt: EpochMs;
  /** Of the last attempt, whatever came of it. */
  readonly askedAt: EpochMs;
  /** Whether the last attempt was made for a key id that fresh keys did not have. */
  readonly repeated: boolean;
}

/**
 * Remembers what issuers publish, for ten minutes at most. Concurrent callers share one question. An unknown key id repeats it at
 * once, since the issuer may have a new key, and then at most every ten seconds; a failure at most every two. So whoever invents
 * tokens can neither burden an issuer nor the registry with one name; different names cost the registry one read each.
 */
export function createIssuerKeys(deps: IssuerDeps): FindIssuerKeys {
  const issuers = createBoundedMap<string, Known>(ISSUER_CACHE_ENTRIES_MAX);
  const strangers = createBoundedMap<string, EpochMs>(STRANGER_ENTRIES_MAX);
  const asking = new Map<string, Promise<Known | null>>();

  const ask = async (issuerKey: string, known: Known | undefined): Promise<Known | null> => {
    const discoveryUrl = await deps.findDiscoveryUrl(issuerKey);
    const askedAt = deps.clock.now();
    if (discoveryUrl === null) {
      issuers.delete(issuerKey);
      strangers.set(issuerKey, askedAt);
      return null;
    }
    const answer = await askIssuer(deps.fetchJson, discoveryUrl);
    const repeated = known !== undefined && isFresh(known, askedAt);
    const entry: Known =
      answer instanceof IssuerUnavailable
        ? {
            discoveryUrl,
            found: known?.found ?? null,
            failure: answer,
            foundAt: known?.foundAt ?? askedAt,
            askedAt,
            repeated,
          }
        : { discoveryUrl, found: answer, failure: null, foundAt: askedAt, askedAt, repeated };
    issuers.set(issuerKey, entry);
    return entry;
  };

  return async (issuerKey, keyId) => {
    const now = deps.clock.now();
    const strangerSince = strangers.get(issuerKey);
    if (strangerSince !== undefined && now - strangerSince < STRANGER_MAX_AGE_MS) return null;

    const known = issuers.get(issuerKey);
    const entry =
      known !== undefined && isUsable(known, keyId, now)
        ? known
        : await shared(asking, issuerKey, () => ask(issuerKey, known));
    if (entry === null) return null;
    const { found, failure } = entry;
    const isAnswer = found !== null && isFresh(entry, deps.clock.now());
    if (isAnswer && (failure === null || hasKey(found, keyId))) return found;
    throw new IssuerUnavailable('the issuer of the token cannot be asked for its keys', { cause: failure });
  };
}

/** Whether what is known answers the question, or was asked for in vain too lately. */
function isUsable(known: Known, keyId: string, now: EpochMs): boolean {
  const { found, failure, askedAt, repeated } = known;
  const fresh = isFresh(known, now);
  if (fresh && found !== null && hasKey(found, keyId)) return true;
  if (failure !== null) return now - askedAt < ISSUER_RETRY_INTERVAL_MS;
  return fresh && repeated && now - askedAt < ISSUER_REFETCH_INTERVAL_MS;
}

function isFresh({ found, foundAt }: Pick<Known, 'found' | 'foundAt'>, now: EpochMs): boolean {
  return found !== null && now - foundAt < ISSUER_KEYS_MAX_AGE_MS;
}

function hasKey({ keys }: IssuerKeys, keyId: string): boolean {
  return keys.some(({ id }) => id === keyId);
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
async function askIssuer(fetchJson: FetchJson, discoveryUrl: string): Promise<IssuerKeys | IssuerUnavailable> {
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
    const list = memberOf(await fetchJson(jwksUrl.href), 'keys');
    if (!Array.isArray(list)) throw new IssuerUnavailable('the key set has no `keys`');
    const usable = list.slice(0, ISSUER_KEYS_MAX).map((jwk) => parseSigningKey(jwk, issuer, jwksUrl.href));
    return { issuer, keys: usable.filter((key) => key !== null) };
  } catch (error) {
    if (error instanceof IssuerUnavailable) return error;
    return new IssuerUnavailable('the issuer could not be asked', { cause: error });
  }
}
