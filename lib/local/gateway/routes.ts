import type { RouteDefinition } from '../template/route.ts';

export interface RouteMatch<R = RouteDefinition> {
  readonly route: R;
  /** Percent-encoded as sent, which is how REST APIs hand them on; `null` for a route without parameters. */
  readonly pathParameters: Readonly<Record<string, string>> | null;
  /** As sent, without the stage. */
  readonly path: string;
}

export type FindRoute<R = RouteDefinition> = (method: string, path: string) => RouteMatch<R> | null;

interface Candidate<R> {
  readonly route: R;
  readonly segments: readonly string[];
}

/** What is found by method and path. */
type Routable = Pick<RouteDefinition, 'method' | 'path'>;

const PARAMETER = /^\{([\w.-]+)\}$/;

/**
 * Finds the route of a path as it was sent. The path begins with the stage, as on AWS's own host names, or not, as on a
 * custom domain. A literal segment goes before a parameter; an empty or a dot segment is never a parameter's value. An
 * encoded slash is part of its segment.
 *
 * @see https://github.com/dherault/serverless-offline/issues/265 for what REST APIs were seen to do
 */
export function createRouter<R extends Routable = RouteDefinition>(api: {
  readonly stage: string;
  readonly routes: readonly R[];
}): FindRoute<R> {
  const candidates: readonly Candidate<R>[] = api.routes
    .map((route) => ({ route, segments: route.path.slice(1).split('/') }))
    .sort((a, b) => countParameters(a) - countParameters(b));
  const find = (method: string, path: string): RouteMatch<R> | null => {
    const given = path.slice(1).split('/');
    for (const { route, segments } of candidates) {
      if (route.method !== method && route.method !== 'ANY') continue;
      const parameters = matchSegments(segments, given);
      if (parameters === null) continue;
      return { route, path, pathParameters: Object.keys(parameters).length === 0 ? null : parameters };
    }
    return null;
  };
  const prefix = `/${api.stage}`;
  return (method, path) => {
    const inStage = path.startsWith(`${prefix}/`) ? find(method, path.slice(prefix.length)) : null;
    return inStage ?? find(method, path);
  };
}

function countParameters({ segments }: Pick<Candidate<Routable>, 'segments'>): number {
  return segments.filter((segment) => PARAMETER.test(segment)).length;
}

function matchSegments(segments: readonly string[], given: readonly string[]): Record<string, string> | null {
  if (segments.length !== given.length) return null;
  const parameters: Record<string, string> = {};
  for (const [at, segment] of segments.entries()) {
    const value = given[at]!;
    const name = PARAMETER.exec(segment)?.[1];
    if (name === undefined) {
      if (segment !== value) return null;
      continue;
    }
    const decoded = decode(value);
    if (decoded === null || decoded === '' || decoded === '.' || decoded === '..') return null;
    parameters[name] = value;
  }
  return parameters;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
