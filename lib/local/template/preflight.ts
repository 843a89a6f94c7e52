import type { ResolvedResource } from './resolved-resource.ts';

/** What API Gateway itself answers a browser that asks whether a page of another origin may call. */
export interface PreflightDefinition {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Whom the answer names as allowed, where they ask. */
  readonly origins: readonly string[];
}

const HEADER_PREFIX = 'method.response.header.';
const STATIC_VALUE = /^'(.*)'$/;
const LISTED = /\$origin == "([^"]+)"/g;
const OVERRIDE = '#set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)';

/**
 * Reads a mock integration that answers preflights: static headers, and a template that gives listed origins back. No other mock
 * integration is played.
 */
export function readPreflight(
  api: ResolvedResource,
  { method, path }: Pick<PreflightDefinition, 'method' | 'path'>,
  integration: { readonly responses?: unknown },
): PreflightDefinition {
  const responses = (integration.responses ?? {}) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  const { statusCode, responseParameters = {}, responseTemplates = {} } = responses['default'] ?? {};
  const template = String((responseTemplates as Readonly<Record<string, unknown>>)['application/json']);
  if (method !== 'OPTIONS' || !template.includes(OVERRIDE)) {
    throw api.error(`${method} ${path}: a mock integration is only played where it answers preflights`);
  }
  const headers = Object.entries(responseParameters as Readonly<Record<string, string>>).map(
    ([name, value]) => [name.slice(HEADER_PREFIX.length), STATIC_VALUE.exec(value)?.[1] ?? ''] as const,
  );
  const origins = [...template.matchAll(LISTED)].map(([, origin = '']) => origin);
  return { method, path, status: Number(statusCode), headers: Object.fromEntries(headers), origins };
}
