import type { Environment } from './environment.ts';
import { toGatewayResponse, type GatewayResponse } from './gateway-response.ts';
import { readIntegration } from './integration.ts';
import type { PreflightDefinition } from './preflight.ts';
import type { RouteDefinition } from './route.ts';
import { readOpenApi } from './openapi.ts';
import type { FindResources, ResolvedResource } from './resolved-resource.ts';

export interface ApiDefinition {
  readonly id: string;
  readonly stage: string;
  readonly routes: readonly RouteDefinition[];
  readonly preflights: readonly PreflightDefinition[];
  /** By response type such as `DEFAULT_4XX`. */
  readonly gatewayResponses: Readonly<Record<string, GatewayResponse>>;
  /** Content types whose bodies are handed on in base64. */
  readonly binaryMediaTypes: readonly string[];
  /** The API's resource policy, or `null`. */
  readonly policy: object | null;
}

const PARENTS_MAX = 50;

/**
 * The one REST API of the templates: from an OpenAPI body or from `Method` resources, Lambda proxy integrations only.
 * Checks that API Gateway may invoke what each route names, since AWS answers 500 where a permission is missing.
 */
export function readApi(find: FindResources, environment: Environment): ApiDefinition | null {
  const [api, ...others] = find('AWS::ApiGateway::RestApi');
  if (api === undefined) return null;
  if (others.length > 0) throw others[0]!.error('only one REST API is supported');
  const [stage, ...stages] = find('AWS::ApiGateway::Stage');
  if (stage === undefined || stages.length > 0) throw api.error('expected one stage');
  if (api.property('BodyS3Location') !== undefined) throw api.error('expected its OpenAPI document in Body, not in S3');
  const body = readOpenApi(api, environment);
  const definition = {
    id: api.ref,
    stage: stage.ref,
    routes: [...body.routes, ...readMethods(find, api, environment)],
    preflights: body.preflights,
    gatewayResponses: { ...body.gatewayResponses, ...readGatewayResponses(find) },
    binaryMediaTypes: [...body.binaryMediaTypes, ...((api.property('BinaryMediaTypes') ?? []) as string[])],
    policy: (api.property('Policy') as object | undefined) ?? body.policy,
  };
  if (definition.routes.length === 0) throw api.error('it has no routes');
  if (definition.policy !== null && definition.routes.some(({ authorization }) => authorization.type !== 'AWS_IAM')) {
    throw api.error('a resource policy is only played for routes with IAM authorization');
  }
  checkPermissions(find, definition, environment, api);
  return definition;
}

function readMethods(find: FindResources, api: ResolvedResource, environment: Environment): RouteDefinition[] {
  const resources = new Map(find('AWS::ApiGateway::Resource').map((resource) => [resource.ref, resource]));
  const toPath = (id: string): string => {
    const parts: string[] = [];
    let resource = resources.get(id);
    for (; resource !== undefined && parts.length < PARENTS_MAX; resource = resources.get(resource.text('ParentId'))) {
      parts.unshift(resource.text('PathPart'));
    }
    return `/${parts.join('/')}`;
  };
  return find('AWS::ApiGateway::Method').flatMap((method) => {
    const integration = (method.property('Integration') ?? {}) as { readonly Type?: unknown; readonly Uri?: unknown };
    // Answers of CORS preflights, which are read where the document has them.
    if (integration.Type === 'MOCK') return [];
    const authorization = method.property('AuthorizationType') ?? 'NONE';
    if (authorization !== 'AWS_IAM' && authorization !== 'NONE') {
      throw method.error(`AuthorizationType must be AWS_IAM or NONE, found ${JSON.stringify(authorization)}`);
    }
    const verb = method.text('HttpMethod');
    const { name, arn } = readIntegration(api, verb, { type: integration.Type, uri: integration.Uri }, environment);
    const path = toPath(method.text('ResourceId'));
    return [{ method: verb, path, authorization: { type: authorization }, functionName: name, functionArn: arn }];
  });
}

function readGatewayResponses(find: FindResources): Record<string, GatewayResponse> {
  return Object.fromEntries(
    find('AWS::ApiGateway::GatewayResponse').map((response) => [
      response.text('ResponseType'),
      toGatewayResponse({
        statusCode: response.property('StatusCode'),
        responseParameters: response.property('ResponseParameters'),
        responseTemplates: response.property('ResponseTemplates'),
      }),
    ]),
  );
}

function checkPermissions(
  find: FindResources,
  { id, stage, routes }: ApiDefinition,
  { partition, region, account }: Environment,
  api: ResolvedResource,
): void {
  const permissions = find('AWS::Lambda::Permission')
    .filter((permission) => permission.property('Principal') === 'apigateway.amazonaws.com')
    .map((permission) => {
      const given = permission.text('FunctionName');
      const target = given.startsWith('arn:')
        ? given
        : `arn:${partition}:lambda:${region}:${account}:function:${given}`;
      const source = permission.property('SourceArn');
      return { target, source: typeof source === 'string' ? toPattern(source) : /^/ };
    });
  const apiArn = `arn:${partition}:execute-api:${region}:${account}:${id}`;
  const check = (route: string, functionArn: string, asked: string): void => {
    if (permissions.some(({ target, source }) => target === functionArn && source.test(asked))) return;
    throw api.error(`${route}: no AWS::Lambda::Permission lets API Gateway invoke ${functionArn} for ${asked}`);
  };
  for (const { method, path, functionArn, authorization } of routes) {
    check(`${method} ${path}`, functionArn, `${apiArn}/${stage}/${method}${path}`);
    if (authorization.type !== 'CUSTOM') continue;
    // API Gateway asks under an id that it gives the authorizer; a template can only grant all of them.
    check(`${method} ${path}`, authorization.authorizer.arn, `${apiArn}/authorizers/any`);
  }
}

/** An ARN with `*` and `?` as wildcards. */
function toPattern(arn: string): RegExp {
  const escaped = arn.replaceAll(/[\\^$.|+()[\]{}]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}
