import { refuse, ok, type Result } from '../../domain/result.ts';

/** A challenge of a `WWW-Authenticate` header as it is written, whatever its scheme. */
export interface WrittenChallenge {
  /** In lower case. */
  readonly scheme: string;
  /** Names in lower case, values unquoted. `null` for a scheme with a single blob instead of parameters. */
  readonly params: ReadonlyMap<string, string> | null;
}

/** Challenges that one response may hold, and parameters of one. */
export const CHALLENGES_MAX = 32;
export const PARAMS_MAX = 32;

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const SCHEME = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?=[ \t,]|$)[ \t]*/y;
const BLOB = /[A-Za-z0-9._~+/-]+=*[ \t]*(?=,|$)/y;
const NAME_AND_EQUALS = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*/y;
const BLANKS = /[ \t]*/y;
const COMMAS = /[ \t,]*/y;
const QUOTED = /"(?:[^"\\]|\\.)*"/y;
/** mppx writes what Latin-1 does not have as `\uXXXX`, which RFC 9110 does not know. */
const ESCAPE = /\\(u[0-9A-Fa-f]{4}|.)/g;
// eslint-disable-next-line no-control-regex -- looked for in order to refuse them
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;

/**
 * Reads a header, or several that were joined by commas, into challenges. Refuses what two readers could read in two ways: control
 * characters, a parameter twice, text without its comma. The error says what is wrong. Linear in the length, which the caller bounds.
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-www-authenticate
 */
export function parseAuthenticate(header: string): Result<readonly WrittenChallenge[], string> {
  if (CONTROL.test(header) || !header.isWellFormed()) return refuse('it holds a control character');
  const cursor = new Cursor(header);
  const challenges: WrittenChallenge[] = [];
  cursor.take(COMMAS);
  while (!cursor.isAtEnd()) {
    if (challenges.length === CHALLENGES_MAX) return refuse(`it holds more than ${CHALLENGES_MAX} challenges`);
    const scheme = cursor.take(SCHEME)?.[1]?.toLowerCase();
    if (scheme === undefined) return refuse('it holds text that belongs to no challenge');
    if (cursor.isAtEnd() || cursor.isAt(',')) {
      challenges.push({ scheme, params: new Map() });
    } else {
      const blob = cursor.take(BLOB);
      const params = blob === null ? readParams(cursor) : ok(null);
      if (!params.ok) return params;
      challenges.push({ scheme, params: params.value });
    }
    cursor.take(COMMAS);
  }
  return ok(challenges);
}

/** Reads parameters up to the end, or to the scheme that comes next, with the commas before it. */
function readParams(cursor: Cursor): Result<ReadonlyMap<string, string>, string> {
  const params = new Map<string, string>();
  let named = cursor.take(NAME_AND_EQUALS);
  if (named === null) return refuse('a challenge holds something that is no parameter');
  while (named !== null) {
    const name = named[1]!.toLowerCase();
    const value = readValue(cursor);
    if (!value.ok) return value;
    if (params.has(name)) return refuse('a challenge holds a parameter twice');
    if (params.size === PARAMS_MAX) return refuse(`a challenge holds more than ${PARAMS_MAX} parameters`);
    params.set(name, value.value);
    cursor.take(BLANKS);
    if (cursor.isAtEnd()) break;
    if (!cursor.isAt(',')) return refuse('two of its parts are not separated by a comma');
    cursor.take(COMMAS);
    named = cursor.take(NAME_AND_EQUALS);
  }
  return ok(params);
}

function readValue(cursor: Cursor): Result<string, string> {
  const quoted = cursor.take(QUOTED)?.[0].slice(1, -1);
  const value = quoted ?? cursor.take(TOKEN)?.[0];
  if (value === undefined) return refuse('the value of a parameter is neither quoted nor a plain word');
  // Only an escape can bring in what the header as a whole was found not to hold.
  if (quoted === undefined || !quoted.includes('\\')) return ok(value);
  const plain = unescape(quoted);
  return CONTROL.test(plain) || !plain.isWellFormed() ? refuse('a parameter holds a control character') : ok(plain);
}

function unescape(text: string): string {
  return text.replace(ESCAPE, (_all, escaped: string) =>
    escaped.length === 1 ? escaped : String.fromCharCode(Number.parseInt(escaped.slice(1), 16)),
  );
}

/** A place in a text. */
class Cursor {
  #position = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  isAtEnd(): boolean {
    return this.#position >= this.#text.length;
  }

  isAt(character: string): boolean {
    return this.#text[this.#position] === character;
  }

  /** What matches here, which is passed over; `null` where nothing does. */
  take(sticky: RegExp): RegExpExecArray | null {
    sticky.lastIndex = this.#position;
    const found = sticky.exec(this.#text);
    if (found !== null) this.#position += found[0].length;
    return found;
  }
}
