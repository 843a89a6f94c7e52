import { DOCUMENTS } from '../../contract/documents.ts';
import {
  OAUTH_PREFIX,
  OPERATIONS,
  type FunctionName,
  type OperationName,
  type OperationRoute,
} from '../../contract/operations.ts';
import { PAGE_ROUTES, type PageRoute } from '../../contract/wallet-page.ts';
import { GATEWAY_RESPONSES, withOrigin } from './gateway-responses.ts';
import { toPreflight } from './preflight.ts';

export interface OpenApiOptions {
  readonly title: string;
  /** Where API Gateway sends the operations of each function; may be CDK tokens. */
  readonly integrationUris: Readonly<Record<FunctionName, string>>;
  /** Where API Gateway asks about tokens; may be a CDK token. `null`: no operation takes tokens. */
  readonly authorizerUri: string | null;
  /** Where API Gateway sends whoever asks for the page of wallets; may be a CDK token. `null`: there is no page. */
  readonly pageUri: string | null;
  /** Origins of pages that may call with tokens. @default - none */
  readonly browserOrigins?: readonly string[];
}

export type OpenApiDocument = Readonly<Record<string, unknown>>;

/** One way to call an operation: signed with IAM, or under `/oauth` with a token. */
export interface Way {
  /** What the operation is called on this way; unique in a document. */
  readonly operationId: string;
  readonly path: string;
  readonly scheme: 'sigv4' | 'jwt';
}

const PATH_PARAMETER = /\{(\w+)\}/g;
/** The longest that API Gateway waits without a raised quota; every function stops earlier by its own timeout. */
const INTEGRATION_TIMEOUT_MS = 29_000;

/**
 * The API as API Gateway imports it: every operation of the table with IAM authorization and its function, and those that
 * take tokens a second time under `/oauth`. Bodies are not described, because the functions check them and answer with
 * better messages than API Gateway could.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
 */
export function createOpenApi({
  title,
  integrationUris,
  authorizerUri,
  pageUri,
  browserOrigins = [],
}: OpenApiOptions): OpenApiDocument {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, route] of Object.entries<OperationRoute>(OPERATIONS)) {
    for (const way of waysOf(name, route)) {
      if (way.scheme === 'jwt' && authorizerUri === null) continue;
      const path = (paths[way.path] ??= {});
      path[route.method.toLowerCase()] = toOperation(way, route, {
        // Object.entries widens the names of the table to texts.
        summary: DOCUMENTS[name as OperationName].summary,
        uri: integrationUris[route.function],
      });
    }
  }
  for (const route of pageUri === null ? [] : PAGE_ROUTES) {
    const [method = '', path = ''] = route.split(' ');
    (paths[path] ??= {})[method.toLowerCase()] = toPageOperation(route, pageUri!);
  }
  if (browserOrigins.length > 0) {
    for (const [path, item] of Object.entries(paths)) {
      if (!path.startsWith(`${OAUTH_PREFIX}/`)) continue;
      const methods = Object.keys(item).map((method) => method.toUpperCase());
      item['options'] = toPreflight(methods, browserOrigins);
    }
  }
  return {
    openapi: '3.0.1',
    info: { title, version: '1' },
    paths,
    components: {
      securitySchemes: {
        sigv4: { type: 'apiKey', name: 'Authorization', in: 'header', 'x-amazon-apigateway-authtype': 'awsSigv4' },
        ...(authorizerUri === null ? {} : { jwt: jwtScheme(authorizerUri) }),
      },
    },
    'x-amazon-apigateway-gateway-responses':
      browserOrigins.length === 0 ? GATEWAY_RESPONSES : withOrigin(GATEWAY_RESPONSES),
  };
}

function jwtScheme(authorizerUri: string): object {
  return {
    type: 'apiKey',
    name: 'Authorization',
    in: 'header',
    'x-amazon-apigateway-authtype': 'custom',
    'x-amazon-apigateway-authorizer': {
      type: 'request',
      // A request without the header is refused before the function is asked.
      identitySource: 'method.request.header.Authorization',
      // A cached answer would let a token in after its end, or after a manager ceased to trust its issuer.
      authorizerResultTtlInSeconds: 0,
      authorizerUri,
    },
  };
}

/** The ways to call an operation: the first is signed, a second one is there where tokens are taken. */
export function waysOf(name: string, { path, oauth }: OperationRoute): readonly Way[] {
  const signed: Way = { operationId: name, path, scheme: 'sigv4' };
  if (oauth === null) return [signed];
  return [signed, { operationId: `${name}WithToken`, path: `${OAUTH_PREFIX}${path}`, scheme: 'jwt' }];
}

/** The names of the parameters in a path, in order. */
export function pathParametersOf(path: string): string[] {
  return [...path.matchAll(PATH_PARAMETER)].map(([, name = '']) => name);
}

function toOperation(
  way: Way,
  route: OperationRoute,
  { summary, uri }: { readonly summary: string; readonly uri: string },
): Readonly<Record<string, unknown>> {
  const schema = { type: 'string' };
  const parameters = [
    ...pathParametersOf(route.path).map((name) => ({ name, in: 'path', required: true, schema })),
    // One that may be repeated is a text here, too: API Gateway takes the names from this, and passes all values on.
    ...Object.keys(route.query ?? {}).map((name) => ({ name, in: 'query', required: false, schema })),
  ];
  return {
    operationId: way.operationId,
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    responses: { [route.successStatus]: { description: 'Success' } },
    security: [{ [way.scheme]: [] }],
    // The extension knows AWS_IAM and NONE; an operation with an authorizer says so by its security scheme alone.
    ...(way.scheme === 'sigv4' ? { 'x-amazon-apigateway-auth': { type: 'AWS_IAM' } } : {}),
    'x-amazon-apigateway-integration': toIntegration(uri),
  };
}

function toIntegration(uri: string): object {
  return {
    type: 'aws_proxy',
    httpMethod: 'POST',
    uri,
    passthroughBehavior: 'when_no_match',
    timeoutInMillis: INTEGRATION_TIMEOUT_MS,
  };
}

/** What anybody may ask for: it shows nobody's wallet. */
function toPageOperation(route: PageRoute, uri: string): object {
  const schema = { type: 'string' };
  const parameters = pathParametersOf(route).map((name) => ({ name, in: 'path', required: true, schema }));
  return {
    operationId: route.replaceAll(/[^A-Za-z]+(\w)/g, (_, letter: string) => letter.toUpperCase()),
    summary: 'The page of wallets',
    ...(parameters.length === 0 ? {} : { parameters }),
    responses: { 200: { description: 'Success' } },
    security: [],
    'x-amazon-apigateway-auth': { type: 'NONE' },
    'x-amazon-apigateway-integration': toIntegration(uri),
  };
}

/** The path of an operation as a resource of `execute-api:Invoke`: parameters become `*`, everything else is exact. */
export function toInvokePath({ method, path }: Pick<OperationRoute, 'method' | 'path'>): string {
  return `${method}${path.replaceAll(PATH_PARAMETER, '*')}`;
}
