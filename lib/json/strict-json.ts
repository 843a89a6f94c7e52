import { refuse, ok, type Result } from '../domain/result.ts';

export interface JsonBounds {
  /** Of the text in UTF-8. @default - the caller has bounded it already */
  readonly maxBytes?: number;
  readonly maxDepth: number;
  readonly maxMembers: number;
}

export type JsonRefusal = { readonly reason: 'cannot_parse'; readonly message: string };

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Parses JSON from a stranger: bounded in size, depth and members, no name twice in an object, none of the names that reach into
 * JavaScript's prototypes. Never throws. Says nothing about the shape; schemas do.
 */
export function parseStrictJson(text: string, bounds: JsonBounds): Result<unknown, JsonRefusal> {
  if (bounds.maxBytes !== undefined && isLongerThan(text, bounds.maxBytes)) {
    return cannotParse(`the JSON is larger than ${bounds.maxBytes} bytes`);
  }
  const scanned = scan(text, bounds);
  if (!scanned.ok) return scanned;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return cannotParse('the text is not valid JSON');
  }
  return checkTree(value, scanned.value);
}

function cannotParse(message: string): Result<never, JsonRefusal> {
  return refuse({ reason: 'cannot_parse', message });
}

/** A UTF-16 unit takes one to three bytes of UTF-8, so that only a text between those bounds needs encoding. */
function isLongerThan(text: string, bytesMax: number): boolean {
  if (text.length > bytesMax) return true;
  return text.length * 3 > bytesMax && new TextEncoder().encode(text).length > bytesMax;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Counts members (colons outside strings) and nesting in one pass, before anything is built from the text. */
function scan(text: string, { maxDepth, maxMembers }: JsonBounds): Result<number, JsonRefusal> {
  let depth = 0;
  let members = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) inString = false;
      continue;
    }
    if (code === QUOTE) inString = true;
    else if (code === 0x3a) members += 1;
    else if (code === 0x7b || code === 0x5b) depth += 1;
    else if (code === 0x7d || code === 0x5d) depth -= 1;
    if (depth > maxDepth) return cannotParse(`the JSON is nested deeper than ${maxDepth} levels`);
    if (members > maxMembers) return cannotParse(`the JSON has more than ${maxMembers} members`);
  }
  return ok(members);
}

/** Fewer members in the tree than in the text means that a name stood twice in one object: the parser keeps the last. */
function checkTree(root: unknown, membersInText: number): Result<unknown, JsonRefusal> {
  let members = 0;
  const stack: unknown[] = [root];
  while (stack.length > 0) {
    const value = stack.pop();
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) {
      for (const element of value) if (typeof element === 'object') stack.push(element);
      continue;
    }
    for (const [name, member] of Object.entries(value)) {
      if (FORBIDDEN_KEYS.has(name)) return cannotParse(`the JSON has a member named '${name}', which is not allowed`);
      members += 1;
      stack.push(member);
    }
  }
  return members === membersInText ? ok(root) : cannotParse('the JSON has two members of the same name in one object');
}
