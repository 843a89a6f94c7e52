import { URL_MAX_CHARS } from '../limits.ts';
import type { DeclaredFacts } from './facts.ts';
import { statedText } from './facts.ts';

/** Where a request goes, in the one spelling that counts. */
export interface Place {
  readonly scheme: 'http' | 'https';
  /** In lower case, without a dot at its end. */
  readonly host: string;
  readonly port: number;
  /** As `https://api.example.com`, with the port where it is not the scheme's own. */
  readonly origin: string;
  /** The URL as the URL parser writes it, without its fragment. */
  readonly url: string;
}

/**
 * Nothing that two programs could read differently: ASCII throughout, no user before the host, no backslash, blank, escape or
 * bracket in the host, a port without leading zeros.
 */
const STRICT_URL = /^(https?):\/\/([a-z0-9.-]{1,253})(?::([1-9][0-9]{0,4}))?(?:[/?#][\x21-\x5b\x5d-\x7e]*)?$/i;
const STRICT_HOST = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

/**
 * Reads a web URL; `null` for one that is not in its plain form. Two judges: our own expression, which knows only what is
 * harmless, and the WHATWG parser, which has to find the very host that stands there (it would read `0x7f.1` as `127.0.0.1`).
 */
export function parsePlace(text: string): Place | null {
  if (text.length > URL_MAX_CHARS) return null;
  const match = STRICT_URL.exec(text);
  if (match === null) return null;
  const scheme = match[1]!.toLowerCase() as Place['scheme'];
  const host = match[2]!.toLowerCase();
  const url = STRICT_HOST.test(host) ? URL.parse(text) : null;
  if (url === null || url.hostname !== host || url.username !== '' || url.password !== '') return null;
  url.hash = '';
  const port = url.port === '' ? defaultPort(scheme) : Number(url.port);
  return { scheme, host, port, origin: url.origin, url: url.href };
}

/** An origin alone, without a path. */
function parseOrigin(text: string): Place | null {
  return /[/?#]/.test(text.slice(text.indexOf('//') + 2)) ? null : parsePlace(text);
}

/** What is sold at a place: its origin and path. A query says how it is asked for, and a price is compared without it. */
export function resourceOf({ origin, url }: Place): string {
  return origin + new URL(url).pathname;
}

/** Where the caller says that the request goes. `null` where it does not say, or says two different things. */
export function statedPlace(declared: Pick<DeclaredFacts, 'origin' | 'url'>): Place | null {
  const origin = statedText(declared.origin);
  const url = statedText(declared.url);
  if (url === null) return origin === null ? null : parseOrigin(origin);
  const place = parsePlace(url);
  if (place === null || origin === null) return place;
  return parseOrigin(origin)?.origin === place.origin ? place : null;
}

function defaultPort(scheme: string): number {
  return scheme === 'https' ? 443 : 80;
}

/** An entry of a list of origins. */
export interface HostPattern {
  /** `null`: not given. */
  readonly scheme: Place['scheme'] | null;
  readonly host: string;
  readonly port: number | null;
  /** `*.`: the proper subdomains of the host, at any depth, and not the host. */
  readonly subdomains: boolean;
  /** The entry in its one spelling. */
  readonly text: string;
}

export const HOST_PATTERN_RULE =
  'must be a host such as api.example.com, *.example.com for its subdomains, optionally with http:// or https:// and a port; ' +
  'ASCII only (xn-- for other scripts), no path, no IPv6 address, and at least two labels after the asterisk';

const PATTERN = /^(?:(https?):\/\/)?(\*\.)?([a-z0-9.-]{1,253})(?::([1-9][0-9]{0,4}))?$/;

/** Reads an entry of a list of origins; `null` for what {@link HOST_PATTERN_RULE} does not describe. */
export function parseHostPattern(entry: string): HostPattern | null {
  const match = PATTERN.exec(entry.toLowerCase());
  if (match === null || !/^[\x21-\x7e]+$/.test(entry)) return null;
  const [, scheme, star, host = '', portText] = match;
  const port = portText === undefined ? '' : `:${portText}`;
  if (parsePlace(`${scheme ?? 'https'}://${host}${port}`) === null) return null;
  if (star !== undefined && (!host.includes('.') || endsInNumber(host))) return null;
  return {
    scheme: (scheme as Place['scheme'] | undefined) ?? null,
    host,
    port: portText === undefined ? null : Number(portText),
    subdomains: star !== undefined,
    text: match[0],
  };
}

/** Whether the last of several labels is a number: the host is then an IPv4 address, or not valid. */
function endsInNumber(host: string): boolean {
  return /\.[0-9]+$/.test(host);
}

/**
 * Makes a test of places against entries. A list of what is allowed takes an entry without a scheme as https, and without a port
 * as the scheme's own; a list of what is denied takes both as any. Throws on an entry that is no pattern: it was checked before.
 */
export function createPlaceTest(entries: readonly string[], list: 'allow' | 'deny'): (place: Place) => boolean {
  const hosts = new Set<string>();
  const parents = new Set<string>();
  for (const entry of entries) {
    const pattern = parseHostPattern(entry);
    if (pattern === null) throw new RangeError(`not a host pattern: ${entry}`);
    const scheme = pattern.scheme ?? (list === 'allow' ? 'https' : '*');
    const port = pattern.port ?? (list === 'allow' ? defaultPort(scheme) : '*');
    (pattern.subdomains ? parents : hosts).add(`${scheme}|${port}|${pattern.host}`);
  }
  return (place) => {
    const { scheme, port, host } = place;
    const above = parentsOf(host);
    return [`${scheme}|${port}|`, `*|${port}|`, `${scheme}|*|`, '*|*|'].some(
      (prefix) => hosts.has(prefix + host) || above.some((parent) => parents.has(prefix + parent)),
    );
  };
}

/** The hosts above one: `b.c` and `c` of `a.b.c`. */
export function parentsOf(host: string): readonly string[] {
  const parents: string[] = [];
  for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) parents.push(host.slice(dot + 1));
  return parents;
}

/** Whether a text is a host in its one spelling, as a list of bad hosts has it. */
export function isPlainHost(text: string): boolean {
  return parsePlace(`https://${text}`)?.host === text;
}
