import type { Environment } from './intrinsics.ts';
import {
  readIntegration,
  toGatewayResponse,
  type FunctionArn,
  type GatewayResponse,
  type RouteDefinition,
} from './template-api.ts';
import type { ResolvedResource } from './template.ts';

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
  readonly 'x-amazon-apigateway-integration'?: { readonly type?: unknown; readonly uri?: unknown };
}

export interface OpenApiReading {
  readonly routes: readonly RouteDefinition[];
  readonly gatewayResponses: Readonly<Record<string, GatewayResponse>>;
  readonly binaryMediaTypes: readonly string[];
  readonly policy: object | null;
}

const METHODS: ReadonlySet<string> = new Set(['get', 'put', 'post', 'delete', 'patch', 'head', 'options']);

/** What an API's OpenAPI body says to API Gateway. Empty without a body. Request validators are not played. */
export function readOpenApi(api: ResolvedResource, environment: Environment): OpenApiReading {
  const document = (api.property('Body') ?? {}) as OpenApiDocument;
  const routes = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => METHODS.has(method))
      .map(([method, operation]) => {
        const where = `${method.toUpperCase()} ${path}`;
        const { name, arn } = readIntegration(
          api,
          where,
          (operation as Operation)['x-amazon-apigateway-integration'] ?? {},
          environment,
        );
        return {
          method: method.toUpperCase(),
          path,
          ...readAuthorization(api, where, document, operation as Operation, environment),
          functionName: name,
          functionArn: arn,
        };
      }),
  );
  const responses = Object.entries(document['x-amazon-apigateway-gateway-responses'] ?? {});
  return {
    routes,
    gatewayResponses: Object.fromEntries(responses.map(([type, response]) => [type, toGatewayResponse(response)])),
    binaryMediaTypes: document['x-amazon-apigateway-binary-media-types'] ?? [],
    policy: document['x-amazon-apigateway-policy'] ?? null,
  };
}

function readAuthorization(
  api: ResolvedResource,
  where: string,
  document: OpenApiDocument,
  operation: Operation,
  environment: Environment,
): Pick<RouteDefinition, 'authorization' | 'authorizer'> {
  const given = operation['x-amazon-apigateway-auth']?.type;
  if (given === 'AWS_IAM' || given === 'NONE') return { authorization: given, authorizer: null };
  if (given !== undefined) throw api.error(`${where}: authorization ${JSON.stringify(given)} is not supported`);
  const names = (operation.security ?? document.security ?? []).flatMap((requirement) => Object.keys(requirement));
  const [name] = names;
  if (name === undefined) return { authorization: 'NONE', authorizer: null };
  if (names.length > 1) throw api.error(`${where}: more than one security scheme is not supported`);
  const scheme = document.components?.securitySchemes?.[name] ?? {};
  switch (scheme['x-amazon-apigateway-authtype']) {
    case 'awsSigv4':
      return { authorization: 'AWS_IAM', authorizer: null };
    case 'custom':
      return { authorization: 'CUSTOM', authorizer: readAuthorizer(api, `${where}, ${name}`, scheme, environment) };
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
  };
  for (const [member, value] of Object.entries(expected)) {
    if (authorizer[member] === value) continue;
    throw api.error(`${where}: expected ${member} ${value}, found ${JSON.stringify(authorizer[member])}`);
  }
  return readIntegration(api, where, { type: 'aws_proxy', uri: authorizer['authorizerUri'] }, environment);
}
