import { AGENT_HEADER } from '../../contract/headers.ts';

/** What a page of another origin may send besides what every page may. */
const SENT_HEADERS = ['authorization', 'content-type', 'traceparent', AGENT_HEADER.toLowerCase()];
/** How long a browser need not ask again. */
const MAX_AGE_SECONDS = 600;

/**
 * Answers a browser that asks whether a page of another origin may call, by API Gateway itself. An origin that is not listed is given
 * no permission, and credentials of the browser's own are never asked for: a token is what lets a caller in.
 *
 * @param methods that the path has
 */
export function toPreflight(methods: readonly string[], origins: readonly string[]): object {
  const stated = {
    'Access-Control-Allow-Headers': SENT_HEADERS.join(','),
    'Access-Control-Allow-Methods': methods.join(','),
    'Access-Control-Max-Age': `${MAX_AGE_SECONDS}`,
    Vary: 'Origin',
  };
  const schema = { type: 'string' };
  const headers = [...Object.keys(stated), ALLOW_ORIGIN].map((name) => [name, { schema }] as const);
  return {
    responses: { 204: { description: 'What pages of other origins may send', headers: Object.fromEntries(headers) } },
    'x-amazon-apigateway-auth': { type: 'NONE' },
    'x-amazon-apigateway-integration': {
      type: 'mock',
      requestTemplates: { 'application/json': '{"statusCode":204}' },
      responses: {
        default: {
          statusCode: '204',
          responseParameters: Object.fromEntries(
            Object.entries(stated).map(([name, value]) => [`method.response.header.${name}`, `'${value}'`]),
          ),
          responseTemplates: { 'application/json': toTemplate(origins) },
        },
      },
    },
  };
}

const ALLOW_ORIGIN = 'Access-Control-Allow-Origin';

/** In API Gateway's language of templates; an origin has no character that means anything in it. */
function toTemplate(origins: readonly string[]): string {
  const isListed = origins.map((origin) => `$origin == "${origin}"`).join(' || ');
  return [
    '#set($origin = $input.params().header.get("Origin"))',
    '#if($origin == "")#set($origin = $input.params().header.get("origin"))#end',
    `#if(${isListed})#set($context.responseOverride.header.${ALLOW_ORIGIN} = $origin)#end`,
  ].join('\n');
}
