import { OPERATIONS, type FunctionName, type OperationRoute } from '../api/operations.ts';
import { GATEWAY_RESPONSES } from './gateway-responses.ts';

export interface OpenApiOptions {
  readonly title: string;
  /** Where API Gateway sends the operations of each function; may be CDK tokens. */
  readonly integrationUris: Readonly<Record<FunctionName, string>>;
}

export type OpenApiDocument = Readonly<Record<string, unknown>>;

const PATH_PARAMETER = /\{(\w+)\}/g;
/** The longest that API Gateway waits without a raised quota; every function stops earlier by its own timeout. */
const INTEGRATION_TIMEOUT_MS = 29_000;

/**
 * The API as API Gateway imports it: every operation of the table with IAM authorization and its function. Bodies are not
 * described, because the functions check them and answer with better messages than API Gateway could.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
 */
export function createOpenApi({ title, integrationUris }: OpenApiOptions): OpenApiDocument {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, route] of Object.entries<OperationRoute>(OPERATIONS)) {
    const path = (paths[route.path] ??= {});
    path[route.method.toLowerCase()] = toOperation(name, route, integrationUris[route.function]);
  }
  return {
    openapi: '3.0.1',
    info: { title, version: '1' },
    paths,
    components: {
      securitySchemes: {
        sigv4: { type: 'apiKey', name: 'Authorization', in: 'header', 'x-amazon-apigateway-authtype': 'awsSigv4' },
      },
    },
    'x-amazon-apigateway-gateway-responses': GATEWAY_RESPONSES,
  };
}

function toOperation(name: string, route: OperationRoute, uri: string): Readonly<Record<string, unknown>> {
  const parameters = [...route.path.matchAll(PATH_PARAMETER)].map(([, parameter]) => ({
    name: parameter,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  return {
    operationId: name,
    summary: route.summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    responses: { [route.successStatus]: { description: 'Success' } },
    security: [{ sigv4: [] }],
    'x-amazon-apigateway-auth': { type: 'AWS_IAM' },
    'x-amazon-apigateway-integration': {
      type: 'aws_proxy',
      httpMethod: 'POST',
      uri,
      passthroughBehavior: 'when_no_match',
      timeoutInMillis: INTEGRATION_TIMEOUT_MS,
    },
  };
}

/** The path of an operation as a resource of `execute-api:Invoke`: parameters become `*`, everything else is exact. */
export function toInvokePath({ method, path }: Pick<OperationRoute, 'method' | 'path'>): string {
  return `${method}${path.replaceAll(PATH_PARAMETER, '*')}`;
}
