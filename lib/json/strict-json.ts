import { refuse, ok, type Result } from '../domain/result.ts';

/** What a text may hold. */
export interface JsonBounds {
  /** Of the text in UTF-8. @default - the caller has bounded it already */
  readonly maxBytes?: number;
  readonly maxDepth: number;
  readonly maxMembers: number;
  /** Members and list entries together. @default - no bound besides that of the text */
  readonly maxValues?: number;
  /** Whether members may have names that reach into JavaScript's prototypes. @default 'refused' */
  readonly prototypeNames?: 'refused' | 'read';
}

/** A part of a document that has bounds of its own, and none of the document's. */
export interface JsonPart extends Omit<JsonBounds, 'maxBytes'> {
  /** The names that lead to it from the root. */
  readonly path: readonly [string, ...string[]];
}

export interface DocumentBounds extends JsonBounds {
  readonly part?: JsonPart;
}

export type JsonRefusal = { readonly reason: 'cannot_parse'; readonly message: string };

/** Assigning to it changes an object's prototype instead of the object, so that no document may have it anywhere. */
const NEVER_NAME = '__proto__';
const PROTOTYPE_NAMES: ReadonlySet<string> = new Set(['constructor', 'prototype']);

/**
 * Parses JSON from a stranger: bounded in size, depth and members, no name twice in an object, none of the names that reach into
 * JavaScript's prototypes unless the bounds let them. Never throws, and needs no more stack for a deep text than for a flat one.
 * Says nothing about the shape; schemas do.
 */
export function parseStrictJson(text: string, bounds: DocumentBounds): Result<unknown, JsonRefusal> {
  if (bounds.maxBytes !== undefined && isLongerThan(text, bounds.maxBytes)) {
    return cannotParse(`the JSON is larger than ${bounds.maxBytes} bytes`);
  }
  const scanned = scan(text, widest(bounds));
  if (!scanned.ok) return scanned;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return cannotParse('the text is not valid JSON');
  }
  return checkTree(value, scanned.value, bounds);
}

function cannotParse(message: string): Result<never, JsonRefusal> {
  return refuse({ reason: 'cannot_parse', message });
}

/** A UTF-16 unit takes one to three bytes of UTF-8, so that only a text between those bounds needs encoding. */
function isLongerThan(text: string, bytesMax: number): boolean {
  if (text.length > bytesMax) return true;
  return text.length * 3 > bytesMax && new TextEncoder().encode(text).length > bytesMax;
}

/** What no document within the bounds exceeds, wherever its members stand. */
function widest({ maxDepth, maxMembers, part }: DocumentBounds): Pick<JsonBounds, 'maxDepth' | 'maxMembers'> {
  if (part === undefined) return { maxDepth, maxMembers };
  return {
    maxDepth: Math.max(maxDepth, part.path.length + part.maxDepth),
    maxMembers: maxMembers + part.maxMembers,
  };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Counts members (colons outside strings) and nesting in one pass, before anything is built from the text. */
function scan(
  text: string,
  { maxDepth, maxMembers }: Pick<JsonBounds, 'maxDepth' | 'maxMembers'>,
): Result<number, JsonRefusal> {
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

/** Counts against one set of bounds. */
interface Tally {
  readonly bounds: Omit<JsonBounds, 'maxBytes'>;
  members: number;
  values: number;
}

/** A list or an object of the tree, where it stands. */
interface Place {
  readonly value: object;
  readonly tally: Tally;
  /** Levels down to it from where its bounds begin; the outermost has 1. */
  readonly depth: number;
  /** Names of the part's path that led here; `null` off that path. */
  readonly onPath: number | null;
}

/** Fewer members in the tree than in the text means that a name stood twice in one object: the parser keeps the last. */
function checkTree(root: unknown, membersInText: number, bounds: DocumentBounds): Result<unknown, JsonRefusal> {
  const { part } = bounds;
  const whole: Tally = { bounds, members: 0, values: 0 };
  const inPart: Tally | null = part === undefined ? null : { bounds: part, members: 0, values: 0 };
  const stack: Place[] = isContainer(root) ? [{ value: root, tally: whole, depth: 1, onPath: 0 }] : [];
  for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
    const flaw = count(place);
    if (flaw !== null) return cannotParse(flaw);
    const { value, tally, depth, onPath } = place;
    const isList = Array.isArray(value);
    for (const [name, member] of Object.entries(value)) {
      if (!isContainer(member)) continue;
      const next = isList || onPath === null || part?.path[onPath] !== name ? null : onPath + 1;
      const isPart = inPart !== null && next === part?.path.length;
      stack.push(
        isPart
          ? { value: member, tally: inPart, depth: 1, onPath: null }
          : { value: member, tally, depth: depth + 1, onPath: next },
      );
    }
  }
  const members = whole.members + (inPart?.members ?? 0);
  return members === membersInText ? ok(root) : cannotParse('the JSON has two members of the same name in one object');
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Adds a list or an object to its tally; what is wrong with it, or `null`. */
function count({ value, tally, depth }: Place): string | null {
  const { maxDepth, maxMembers, maxValues = Infinity, prototypeNames = 'refused' } = tally.bounds;
  if (depth > maxDepth) return `the JSON is nested deeper than ${maxDepth} levels`;
  const names = Array.isArray(value) ? null : Object.keys(value);
  tally.values += names?.length ?? (value as unknown[]).length;
  if (tally.values > maxValues) return `the JSON has more than ${maxValues} members and list entries`;
  for (const name of names ?? []) {
    if (name !== NEVER_NAME && (prototypeNames === 'read' || !PROTOTYPE_NAMES.has(name))) continue;
    return `the JSON has a member named '${name}', which is not allowed`;
  }
  tally.members += names?.length ?? 0;
  return tally.members > maxMembers ? `the JSON has more than ${maxMembers} members` : null;
}
