import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { close, listen } from '../../lib/local/loopback/server.ts';
import { LOOPBACK } from '../../lib/domain/loopback.ts';
import { propertiesOf, type Template } from '../infra/synthesis.ts';

interface Behavior {
  readonly PathPattern?: string;
  readonly AllowedMethods: readonly string[];
  readonly CachePolicyId: unknown;
  readonly OriginRequestPolicyId?: string;
}

interface Kept {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** AWS's own policies: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesManagedPolicies.html */
const CACHING_DISABLED = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';
const ALL_VIEWER_EXCEPT_HOST = 'b689b0a8-53d0-40ab-baf2-68738e2966ac';
/** What CloudFront sends to an origin unasked; the rest of a viewer's headers go by a policy alone. */
const ALWAYS_SENT = new Set(['accept-encoding', 'content-type', 'content-length']);
const HOP_BY_HOP = new Set(['connection', 'content-encoding', 'content-length', 'keep-alive', 'transfer-encoding']);

/** CloudFront as far as the distribution of a template goes: which paths, methods, headers and queries get through, and what is kept. */
export interface PlayedDistribution {
  readonly origin: string;
  /** Methods and paths with queries that reached the origin. */
  readonly passed: readonly string[];
  close(): Promise<void>;
}

/** @param originUrl in place of the host of the template's origin */
export async function startDistribution(template: Template, originUrl: string): Promise<PlayedDistribution> {
  const [distribution] = propertiesOf(template, 'AWS::CloudFront::Distribution');
  const config = distribution!['DistributionConfig'] as {
    readonly CacheBehaviors: readonly Behavior[];
    readonly DefaultCacheBehavior: Behavior;
    readonly Origins: readonly { readonly OriginPath: string }[];
  };
  const [policy] = propertiesOf(template, 'AWS::CloudFront::CachePolicy');
  const { QueryStringsConfig: queries } = (
    policy!['CachePolicyConfig'] as {
      readonly ParametersInCacheKeyAndForwardedToOrigin: {
        readonly QueryStringsConfig: { readonly QueryStrings: readonly string[] };
      };
    }
  ).ParametersInCacheKeyAndForwardedToOrigin;
  const passed: string[] = [];
  const kept = new Map<string, Kept>();

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url!, 'http://viewer');
    const behavior =
      config.CacheBehaviors.find(({ PathPattern }) => toPattern(PathPattern!).test(pathname)) ??
      config.DefaultCacheBehavior;
    if (!behavior.AllowedMethods.includes(request.method!)) return void response.writeHead(403).end();
    const whole = behavior.OriginRequestPolicyId === ALL_VIEWER_EXCEPT_HOST;
    const isKept = behavior.CachePolicyId !== CACHING_DISABLED;
    const names = [...searchParams.keys()].filter((name) => whole || (isKept && queries.QueryStrings.includes(name)));
    const query = new URLSearchParams(names.map((name) => [name, searchParams.get(name)!])).toString();
    const path = pathname + (query === '' ? '' : `?${query}`);
    let answer = isKept && request.method === 'GET' ? kept.get(path) : undefined;
    if (answer === undefined) {
      passed.push(`${request.method} ${path}`);
      const body = ['GET', 'HEAD'].includes(request.method!) ? null : await buffer(request);
      const asked = await fetch(originUrl + config.Origins[0]!.OriginPath + path, {
        method: request.method!,
        headers: toOriginHeaders(request.headers, whole),
        body: body as BodyInit | null,
        redirect: 'manual',
      });
      answer = { status: asked.status, headers: asked.headers, body: Buffer.from(await asked.arrayBuffer()) };
      const [, seconds = '0'] = /max-age=(\d+)/.exec(asked.headers.get('cache-control') ?? '') ?? [];
      if (isKept && asked.status === 200 && Number(seconds) > 0) kept.set(path, answer);
    }
    const headers = Object.fromEntries([...answer.headers].filter(([name]) => !HOP_BY_HOP.has(name)));
    response.writeHead(answer.status, { ...headers, 'content-length': answer.body.length }).end(answer.body);
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  const port = await listen(server, 0);
  return { origin: `http://${LOOPBACK}:${port}`, passed, close: () => close(server) };
}

function toPattern(glob: string): RegExp {
  return new RegExp(
    `^${glob
      .replaceAll('.', String.raw`\.`)
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
}

function toOriginHeaders(headers: IncomingHttpHeaders, whole: boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const goes = whole ? name !== 'host' : ALWAYS_SENT.has(name);
      return goes && !HOP_BY_HOP.has(name) && value !== undefined ? [[name, String(value)]] : [];
    }),
  );
}
