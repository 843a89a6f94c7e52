import { ok, refuse, type Result } from '../result.ts';
import type { EpochMs } from '../time.ts';
import { FEED_MAX_CHARS } from './document.ts';
import { normalizeAddress } from './facts.ts';
import { sha256Hex } from './hash.ts';
import { isPlainHost, parentsOf } from './hosts.ts';
import type { RuleRef } from './refusal.ts';

/** A list of payees and hosts that nobody may pay: sanctioned addresses, sellers known to be bad. */
export interface DenyFeed {
  readonly name: string;
  /** SHA-256 of the file in hex, so that a receipt shows by which state of the list a payment was checked. */
  readonly version: string;
  readonly importedAt: EpochMs;
  readonly payees: number;
  readonly hosts: number;
  hasPayee(address: string): boolean;
  /** Whether the host is on the list, or is a subdomain of one that is. */
  hasHost(host: string): boolean;
}

/** The feed of a name; `null` where there is none, so that a rule that names it refuses. */
export type FeedLookup = (name: string) => DenyFeed | null;

/** That an allowed payment was held against a feed, for its receipt. */
export interface FeedCheck {
  readonly rule: RuleRef;
  readonly feed: Pick<DenyFeed, 'name' | 'version' | 'importedAt'>;
  readonly checked: readonly ('payee' | 'origin')[];
}

export interface FeedProblem {
  /** From 1; 0 for the file as a whole. */
  readonly line: number;
  readonly expected: string;
}

const EVM_ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const BASE58_ADDRESS = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;

/**
 * Reads a feed: a line is an address or a host in its plain form, empty, or a remark after `#`. Refuses the whole file at the
 * first line that is neither: with a part of the list missing, bad payees would pass unnoticed.
 */
export function parseDenyFeed(name: string, text: string, importedAt: EpochMs): Result<DenyFeed, FeedProblem> {
  if (text.length > FEED_MAX_CHARS)
    return refuse({ line: 0, expected: `a file of at most ${FEED_MAX_CHARS} characters` });
  const payees = new Set<string>();
  const hosts = new Set<string>();
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    const entry = line.replace(/#.*/, '').trim();
    if (entry === '') continue;
    const host = entry.toLowerCase();
    if (EVM_ADDRESS.test(entry) || BASE58_ADDRESS.test(entry)) payees.add(normalizeAddress(entry));
    else if (host.includes('.') && isPlainHost(host)) hosts.add(host);
    else return refuse({ line: at + 1, expected: 'an address, a host such as bad.example.com, or a remark after #' });
  }
  return ok({
    name,
    version: sha256Hex(text),
    importedAt,
    payees: payees.size,
    hosts: hosts.size,
    hasPayee: (address) => payees.has(normalizeAddress(address)),
    hasHost: (host) => hosts.has(host) || parentsOf(host).some((parent) => hosts.has(parent)),
  });
}
