import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { formatUsd, parseUsd, type MicroUsd } from '../money.ts';
import type { PolicyDocument, Rule } from './document.ts';

const NAME_HASH_CHARS = 8;

/** Base64url of the first bits of SHA-256 over a text: six bits a character. */
export function shortHash(text: string, chars: number): string {
  return hash('sha256', text, 'base64url').slice(0, chars);
}

export function sha256Hex(text: string): string {
  return hash('sha256', text, 'hex');
}

/** RFC 8785 over what a document holds, amounts as dollars. Members without a value are absent. */
function canonicalText(value: object): string {
  const text = canonicalize(showAmounts(value));
  if (text === undefined) throw new Error('a policy has no canonical form');
  return text;
}

/** Every bigint of a policy is an amount of micro-dollars. */
function showAmounts(value: unknown): unknown {
  if (typeof value === 'bigint') return formatUsd(value as MicroUsd);
  if (Array.isArray(value)) return value.map(showAmounts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => (member === undefined ? [] : [[name, showAmounts(member)]])),
  );
}

/** A policy as the JSON that it is written in: amounts as dollars, such as `0.25`. */
export function formatPolicy(document: PolicyDocument): object {
  return showAmounts(document) as object;
}

/** A policy as the text that is stored. {@link parsePolicyText} reads it again. */
export function formatPolicyText(document: PolicyDocument): string {
  return canonicalText(document);
}

/**
 * Reads what {@link formatPolicyText} wrote. Checks no rule: the schema did before anything was stored, and the hash that stands
 * beside the text tells whether it is still that.
 */
export function parsePolicyText(text: string): PolicyDocument {
  return JSON.parse(text, (name, member: unknown) =>
    name === 'max' && typeof member === 'string' ? readAmount(member) : member,
  ) as PolicyDocument;
}

function readAmount(text: string): MicroUsd {
  const amount = parseUsd(text);
  if (!amount.ok) throw new Error(`a stored policy has an amount that is none: expected ${amount.error.expected}`);
  return amount.value;
}

/** SHA-256 in hex over the canonical JSON of a policy: one hash for every way to write the same rules in the same order. */
export function hashPolicy(document: PolicyDocument): string {
  return sha256Hex(canonicalText(document));
}

/** The rule's own name, or one made from what it says, which stays the same while that does. */
export function nameOfRule(rule: Rule): string {
  return rule.name ?? `${rule.kind}-${shortHash(canonicalText(rule), NAME_HASH_CHARS)}`;
}
