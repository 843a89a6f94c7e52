import type { ApiDefinition } from '../template/api.ts';
import type { RouteDefinition } from '../template/route.ts';

export interface RouteMatch {
  readonly route: RouteDefinition;
  /** Percent-encoded as sent, which is how REST APIs hand them on; `null` for a route without parameters. */
  readonly pathParameters: Readonly<Record<string, string>> | null;
  /** As sent, without the stage. */
  readonly path: string;
}

export type FindRoute = (method: string, path: string) => RouteMatch | null;

interface Candidate {
  readonly route: RouteDefinition;
  readonly segments: readonly string[];
}

const PARAMETER = /^\{([\w.-]+)\}$/;

/**
 * Finds the route of a path as it was sent. The path begins with the stage, as on AWS's own host names, or not, as on a
 * custom domain. A literal segment goes before a parameter; an empty or a dot segment is never a parameter's value. An
 * encoded slash is part of its segment.
 *
 * @see https://github.com/dherault/serverless-offline/issues/265 for what REST APIs were seen to do
 */
export function createRouter(api: ApiDefinition): FindRoute {
  const candidates: readonly Candidate[] = api.routes
    .map((route) => ({ route, segments: route.path.slice(1).split('/') }))
    .sort((a, b) => countParameters(a) - countParameters(b));
  const find = (method: string, path: string): RouteMatch | null => {
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

function countParameters({ segments }: Candidate): number {
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
