import type { Environment } from './environment.ts';
import { toGatewayResponse, type GatewayResponse } from './gateway-response.ts';
import type { RouteAuthorization, RouteDefinition } from './route.ts';
import { readIntegration, type FunctionArn } from './integration.ts';
import { readPreflight, type PreflightDefinition } from './preflight.ts';
import type { ResolvedResource } from './resolved-resource.ts';

interface OpenApiDocument {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly components?: { readonly securitySchemes?: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
  readonly 'x-amazon-apigateway-binary-media-types'?: readonly string[];
  readonly 'x-amazon-apigateway-gateway-responses'?: Readonly<Record<string, object>>;
  readonly 'x-amazon-apigateway-policy'?: object;
}

interface Operation {
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly 'x-amazon-apigateway-auth'?: { readonly type?: unknown };
  readonly 'x-amazon-apigateway-integration'?: {
    readonly type?: unknown;
    readonly uri?: unknown;
    readonly responses?: unknown;
  };
}

export interface OpenApiReading {
  readonly routes: readonly RouteDefinition[];
  readonly preflights: readonly PreflightDefinition[];
  readonly gatewayResponses: Readonly<Record<string, GatewayResponse>>;
  readonly binaryMediaTypes: readonly string[];
  readonly policy: object | null;
}

const METHODS: ReadonlySet<string> = new Set(['get', 'put', 'post', 'delete', 'patch', 'head', 'options']);

/** What an API's OpenAPI body says to API Gateway. Empty without a body. Request validators are not played. */
export function readOpenApi(api: ResolvedResource, environment: Environment): OpenApiReading {
  const document = (api.property('Body') ?? {}) as OpenApiDocument;
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => METHODS.has(method))
      .map(([method, operation]) => ({ method: method.toUpperCase(), path, operation: operation as Operation })),
  );
  const routes = operations
    .filter((each) => !isMock(each))
    .map(({ method, path, operation }) => {
      const where = `${method} ${path}`;
      const integration = operation['x-amazon-apigateway-integration'] ?? {};
      const { name, arn } = readIntegration(api, where, integration, environment);
      const authorization = readAuthorization(api, where, document, operation, environment);
      return { method, path, authorization, functionName: name, functionArn: arn };
    });
  const preflights = operations
    .filter(isMock)
    .map(({ method, path, operation }) =>
      readPreflight(api, { method, path }, operation['x-amazon-apigateway-integration'] ?? {}),
    );
  const responses = Object.entries(document['x-amazon-apigateway-gateway-responses'] ?? {});
  return {
    routes,
    preflights,
    gatewayResponses: Object.fromEntries(responses.map(([type, response]) => [type, toGatewayResponse(response)])),
    binaryMediaTypes: document['x-amazon-apigateway-binary-media-types'] ?? [],
    policy: document['x-amazon-apigateway-policy'] ?? null,
  };
}

function isMock({ operation }: { readonly operation: Operation }): boolean {
  return operation['x-amazon-apigateway-integration']?.type === 'mock';
}

/** What an operation says of itself, in either of two ways, goes before what the document says of all. */
function readAuthorization(
  api: ResolvedResource,
  where: string,
  document: OpenApiDocument,
  operation: Operation,
  environment: Environment,
): RouteAuthorization {
  const given = operation['x-amazon-apigateway-auth']?.type;
  const read = (security: Operation['security'] = []): RouteAuthorization | null =>
    readSecurity(api, where, document, security, environment);
  const own = read(operation.security);
  if (given === undefined) {
    return own ?? (operation.security === undefined ? read(document.security) : null) ?? { type: 'NONE' };
  }
  if (own !== null && own.type !== given) {
    throw api.error(`${where}: its security means ${own.type}, x-amazon-apigateway-auth says ${JSON.stringify(given)}`);
  }
  if (own !== null) return own;
  if (given === 'AWS_IAM' || given === 'NONE') return { type: given };
  throw api.error(`${where}: authorization ${JSON.stringify(given)} is not supported without a security scheme`);
}

/** `null` for no requirement. */
function readSecurity(
  api: ResolvedResource,
  where: string,
  { components }: OpenApiDocument,
  security: NonNullable<Operation['security']>,
  environment: Environment,
): RouteAuthorization | null {
  const [name, ...others] = security.flatMap((requirement) => Object.keys(requirement));
  if (name === undefined) return null;
  if (others.length > 0) throw api.error(`${where}: more than one security scheme is not supported`);
  const scheme = components?.securitySchemes?.[name] ?? {};
  switch (scheme['x-amazon-apigateway-authtype']) {
    case 'awsSigv4':
      return { type: 'AWS_IAM' };
    case 'custom':
      return { type: 'CUSTOM', authorizer: readAuthorizer(api, `${where}, ${name}`, scheme, environment) };
    default:
      throw api.error(`${where}: security scheme ${name} is not supported`);
  }
}

/** A Lambda authorizer that sees the whole request but its body, asked for every request that has the Authorization header. */
function readAuthorizer(
  api: ResolvedResource,
  where: string,
  scheme: Readonly<Record<string, unknown>>,
  environment: Environment,
): FunctionArn {
  const authorizer = (scheme['x-amazon-apigateway-authorizer'] ?? {}) as Readonly<Record<string, unknown>>;
  const expected = {
    type: 'request',
    identitySource: 'method.request.header.Authorization',
    authorizerResultTtlInSeconds: 0,
    // With a role of its own API Gateway would not need the function's permission.
    authorizerCredentials: undefined,
  };
  for (const [member, value] of Object.entries(expected)) {
    if (authorizer[member] === value) continue;
    throw api.error(`${where}: expected ${member} ${value}, found ${JSON.stringify(authorizer[member])}`);
  }
  return readIntegration(api, where, { type: 'aws_proxy', uri: authorizer['authorizerUri'] }, environment);
}
