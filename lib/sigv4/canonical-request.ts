/** Name and value of each query parameter, decoded, in the order of the request. */
export type Query = readonly (readonly [name: string, value: string])[];

export interface Target {
  /** As sent, not decoded. */
  readonly path: string;
  readonly query: Query;
}

/**
 * Splits a request target. A `+` in the query means a space, as it does to the signers in use; what is not valid
 * percent-encoding stays as it is.
 */
export function splitTarget(target: string): Target {
  const mark = target.indexOf('?');
  if (mark === -1) return { path: target, query: [] };
  const query = target
    .slice(mark + 1)
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      const [name, value] = equals === -1 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
      return [decode(name), decode(value)] as const;
    });
  return { path: target.slice(0, mark), query };
}

function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/** Percent-encodes everything but the unreserved characters of RFC 3986. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Encodes a path once more than it was sent with, as every service but S3 has it. */
export function canonicalPath(path: string, normalize: boolean): string {
  const segments = normalize ? removeDotSegments(path) : path;
  return segments.split('/').map(encode).join('/');
}

function removeDotSegments(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  const trailing = kept.length > 0 && path.endsWith('/') ? '/' : '';
  return `/${kept.join('/')}${trailing}`;
}

export function canonicalQuery(query: Query): string {
  return query
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** One line for each signed header, in the order given, with an empty line at the end. */
export function canonicalHeaders(
  headers: readonly (readonly [name: string, value: string])[],
  signed: readonly string[],
): string {
  return signed
    .map((name) => {
      const values = headers
        .filter(([key]) => key.toLowerCase() === name)
        .map(([, value]) => value.trim().replaceAll(/\s+/g, ' '));
      return `${name}:${values.join(',')}\n`;
    })
    .join('');
}

export function sortedAndUnique(names: readonly string[]): boolean {
  return names.every(
    (name, at) => name !== '' && name === name.toLowerCase() && (at === 0 || compare(names[at - 1]!, name) < 0),
  );
}
