import { memberOf } from '../../json/record.ts';

/**
 * Which resource an offer may be for, besides none. `related`: the requested host, a host above or below it, a server's own name for
 * itself, or something that is no URL of the web. `same-origin`: the requested scheme, host and port. `any`: whatever the seller writes.
 */
export type ResourceRule = 'related' | 'same-origin' | 'any';

/**
 * Whether what a seller says of the resource lets its offer be paid for a request. Version 1 says it in the offer, version 2 beside
 * the offers, and some sellers in both places or the other one; all that is said counts, since nobody knows which of it a seller reads.
 * It is a seller's own word and no signature covers it: this keeps a proof from being bought for an obvious stranger, no more.
 * @param said `resource` of the document and of the offer: a text, or an object with a `url`
 */
export function isForRequested(said: readonly unknown[], requestedUrl: string, rule: ResourceRule): boolean {
  if (rule === 'any') return true;
  const requested = parseWebUrl(requestedUrl);
  if (requested === null) return false;
  return said.every((each) => {
    const text = typeof each === 'string' ? each : memberOf(each, 'url');
    if (text === undefined || text === null) return true;
    // A relative one, a path or the number of a product, is for the host that was asked.
    const named = typeof text === 'string' ? parseWebUrl(text, rule === 'related' ? requested : undefined) : null;
    if (rule === 'same-origin') return named?.origin === requested.origin;
    return named === null || isRelated(named, requested) || isOwnName(named, requested);
  });
}

/** `null` for all that is no URL of http or https. */
function parseWebUrl(text: string, base?: URL): URL | null {
  if (!URL.canParse(text, base)) return null;
  const url = new URL(text, base);
  return url.protocol === 'https:' || url.protocol === 'http:' ? url : null;
}

/** A URL's host whose last label is a number is an address. @see https://url.spec.whatwg.org/#ends-in-a-number-checker */
const IPV4 = /\.\d+$/;

function hostOf({ hostname }: URL): string {
  return hostname.replace(/\.$/, '');
}

function isAddress(host: string): boolean {
  return IPV4.test(host) || host.startsWith('[');
}

function isRelated(named: URL, requested: URL): boolean {
  const [one, other] = [hostOf(named), hostOf(requested)];
  if (one === other) return true;
  return isBelow(one, other) || isBelow(other, one);
}

/** A name without a dot is a top-level domain, which is related to none of the hosts below it. No address is below another. */
function isBelow(host: string, parent: string): boolean {
  return parent.includes('.') && host.endsWith(`.${parent}`);
}

/** Names of a machine for itself. @see https://www.rfc-editor.org/rfc/rfc6761 */
const LOOPBACK_NAME = /(^|\.)localhost$/;
const LOOPBACK_ADDRESS = /^(0\.0\.0\.0|127\.|\[::1?\])/;
/** Names that no public name server answers for. */
const PRIVATE_NAME = /\.(local|localdomain|internal|lan|intranet|home\.arpa)$/;
/** Addresses of one network. @see https://www.rfc-editor.org/rfc/rfc6890 */
const PRIVATE_ADDRESS =
  /^(10\.|169\.254\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|\[f[cd]|\[fe[89ab])/;

function isLoopback(url: URL): boolean {
  const host = hostOf(url);
  return isAddress(host) ? LOOPBACK_ADDRESS.test(host) : LOOPBACK_NAME.test(host);
}

/** Whether only those within a network find a host. A name without a dot is one of theirs. */
function isPrivate(url: URL): boolean {
  const host = hostOf(url);
  if (isAddress(host)) return PRIVATE_ADDRESS.test(host);
  return !host.includes('.') || PRIVATE_NAME.test(host);
}

/**
 * Whether a host is a server's own name for itself, as it has it behind a proxy: no other seller of the web has such a name. Inside a
 * network its names are other sellers' names.
 */
function isOwnName(named: URL, requested: URL): boolean {
  return isLoopback(named) || (isPrivate(named) && !isPrivate(requested) && !isLoopback(requested));
}
