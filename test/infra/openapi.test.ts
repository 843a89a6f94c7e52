import { expect, test } from 'vitest';
import {
  FUNCTION_NAMES,
  OAUTH_PREFIX,
  OPERATIONS,
  type FunctionName,
  type OperationRoute,
} from '../../lib/contract/operations.ts';
import { PAGE_ROUTES } from '../../lib/contract/wallet-page.ts';
import { GATEWAY_RESPONSES } from '../../lib/infra/openapi/gateway-responses.ts';
import { createOpenApi, toInvokePath } from '../../lib/infra/openapi/gateway-document.ts';

// Made from the names of the table, so every function has one.
const integrationUris = Object.fromEntries(FUNCTION_NAMES.map((name) => [name, `uri:${name}`])) as Record<
  FunctionName,
  string
>;
const document = createOpenApi({
  title: 'Bursar',
  integrationUris,
  authorizerUri: 'uri:authorize-jwt',
  pageUri: 'uri:page',
});

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly security: unknown;
  readonly 'x-amazon-apigateway-auth': unknown;
  readonly 'x-amazon-apigateway-integration': {
    readonly type: string;
    readonly httpMethod: string;
    readonly uri: string;
  };
}
const paths = document['paths'] as Readonly<Record<string, Readonly<Record<string, Operation>>>>;

const byRoute = (a: { route: string }, b: { route: string }): number => a.route.localeCompare(b.route);
const routes = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    name: operation.operationId,
    route: `${method.toUpperCase()} ${path}`,
    auth: operation['x-amazon-apigateway-auth'],
    security: operation.security,
    type: operation['x-amazon-apigateway-integration'].type,
    uri: operation['x-amazon-apigateway-integration'].uri,
  })),
);
const isPage = ({ uri }: { uri: string }): boolean => uri === 'uri:page';
const isUnderOauth = ({ route }: { route: string }): boolean => route.includes(` ${OAUTH_PREFIX}/`);

test('every operation of the table has a route with IAM auth to its function, and there is no other without a token but of the page', () => {
  const expected = Object.entries<OperationRoute>(OPERATIONS).map(([name, { method, path, function: fn }]) => ({
    name,
    route: `${method} ${path}`,
    auth: { type: 'AWS_IAM' },
    security: [{ sigv4: [] }],
    type: 'aws_proxy',
    uri: `uri:${fn}`,
  }));
  expect(routes.filter((route) => !isUnderOauth(route) && !isPage(route)).sort(byRoute)).toEqual(
    expected.sort(byRoute),
  );
});

test('the operations that take tokens stand a second time under /oauth, with the authorizer and nothing else', () => {
  const expected = Object.entries<OperationRoute>(OPERATIONS)
    .filter(([, { oauth }]) => oauth !== null)
    .map(([name, { method, path, function: fn }]) => ({
      name: `${name}WithToken`,
      route: `${method} /oauth${path}`,
      auth: undefined,
      security: [{ jwt: [] }],
      type: 'aws_proxy',
      uri: `uri:${fn}`,
    }));
  expect(expected).toHaveLength(27);
  expect(routes.filter(isUnderOauth).sort(byRoute)).toEqual(expected.sort(byRoute));
});

test('the page of wallets is for anybody, and is there where it is served', () => {
  const served = routes.filter(isPage);
  expect(served.map(({ route }) => route).toSorted()).toEqual([...PAGE_ROUTES].toSorted());
  for (const { auth, security } of served) expect([auth, security]).toEqual([{ type: 'NONE' }, []]);
  const without = createOpenApi({
    title: 'Bursar',
    integrationUris,
    authorizerUri: 'uri:authorize-jwt',
    pageUri: null,
  });
  expect(JSON.stringify(without)).not.toContain('"NONE"');
});

test('knows two ways in: signatures, and tokens that an authorizer judges every time', () => {
  expect(document['components']).toEqual({
    securitySchemes: {
      sigv4: { type: 'apiKey', name: 'Authorization', in: 'header', 'x-amazon-apigateway-authtype': 'awsSigv4' },
      jwt: {
        type: 'apiKey',
        name: 'Authorization',
        in: 'header',
        'x-amazon-apigateway-authtype': 'custom',
        'x-amazon-apigateway-authorizer': {
          type: 'request',
          identitySource: 'method.request.header.Authorization',
          authorizerResultTtlInSeconds: 0,
          authorizerUri: 'uri:authorize-jwt',
        },
      },
    },
  });
});

test('no two operations have one id', () => {
  expect(new Set(routes.map(({ name }) => name)).size).toBe(routes.length);
});

test('declares each path parameter as required', () => {
  const operation = paths['/payments/managers/{paymentManagerId}/connectors']!['post']!;
  expect(operation.parameters).toEqual([
    { name: 'paymentManagerId', in: 'path', required: true, schema: { type: 'string' } },
  ]);
  expect(paths['/payments/processPayment']!['post']!.parameters).toBeUndefined();
});

test('declares each query parameter, and requires none: the functions say better what is missing', () => {
  const parameter = (name: string) => ({ name, in: 'query', required: false, schema: { type: 'string' } });
  expect(paths['/payments/managers-list']!['post']!.parameters).toEqual(['maxResults', 'nextToken'].map(parameter));
  expect(paths['/tags/{resourceArn}']!['delete']!.parameters).toEqual([
    { name: 'resourceArn', in: 'path', required: true, schema: { type: 'string' } },
    parameter('tagKeys'),
  ]);
});

test('calls Lambda by POST, whatever the method of the route', () => {
  const methods = Object.values(paths).flatMap((operations) =>
    Object.values(operations).map((operation) => operation['x-amazon-apigateway-integration'].httpMethod),
  );
  expect(new Set(methods)).toEqual(new Set(['POST']));
});

test('widens only path parameters in what a role may invoke', () => {
  expect(toInvokePath(OPERATIONS.ProcessPayment)).toBe('POST/payments/processPayment');
  expect(toInvokePath(OPERATIONS.GetPayment)).toBe('GET/bursar/payments/*');
});

// What API Gateway answers by itself, and the status and name that AWS's clients expect for it.
test.each([
  ['ACCESS_DENIED', 403, 'AccessDeniedException'],
  ['EXPIRED_TOKEN', 403, 'AccessDeniedException'],
  ['INVALID_SIGNATURE', 403, 'AccessDeniedException'],
  ['MISSING_AUTHENTICATION_TOKEN', 403, 'AccessDeniedException'],
  ['UNAUTHORIZED', 403, 'AccessDeniedException'],
  ['WAF_FILTERED', 403, 'AccessDeniedException'],
  ['THROTTLED', 429, 'ThrottlingException'],
  ['QUOTA_EXCEEDED', 429, 'ThrottlingException'],
  ['INTEGRATION_FAILURE', 500, 'InternalServerException'],
  ['INTEGRATION_TIMEOUT', 500, 'InternalServerException'],
  ['DEFAULT_5XX', 500, 'InternalServerException'],
  ['AUTHORIZER_FAILURE', 500, 'InternalServerException'],
  ['BAD_REQUEST_BODY', 400, 'ValidationException'],
  ['BAD_REQUEST_PARAMETERS', 400, 'ValidationException'],
  ['REQUEST_TOO_LARGE', 400, 'ValidationException'],
  ['UNSUPPORTED_MEDIA_TYPE', 400, 'ValidationException'],
  ['DEFAULT_4XX', 400, 'ValidationException'],
])('answers %s as %i %s, in header and body', (type, status, name) => {
  const response = GATEWAY_RESPONSES[type]!;
  expect(response.statusCode).toBe(status);
  expect(response.responseParameters).toEqual({ 'gatewayresponse.header.x-amzn-errortype': `'${name}'` });
  const text = response.responseTemplates['application/json']!.replaceAll(
    '$context.error.messageString',
    '"Forbidden"',
  );
  const detail = type === 'ACCESS_DENIED' ? { detail: '$context.authorizer.refusal' } : {};
  const body: unknown = JSON.parse(text);
  const reason =
    name === 'ValidationException' ? { reason: expect.stringMatching(/^(CannotParse|FieldValidationFailed)$/) } : {};
  expect(body).toEqual({ __type: name, message: expect.stringMatching(/./), ...detail, ...reason });
});

test('says how large a body may be', () => {
  expect(GATEWAY_RESPONSES['REQUEST_TOO_LARGE']!.responseTemplates['application/json']).toContain(
    'at most 65536 bytes',
  );
});

test('the document carries the gateway responses', () => {
  expect(document['x-amazon-apigateway-gateway-responses']).toBe(GATEWAY_RESPONSES);
});

test('without origins of pages no path answers a preflight', () => {
  expect(Object.values(paths).flatMap((item) => Object.keys(item))).not.toContain('options');
  expect(JSON.stringify(document)).not.toContain('Access-Control');
});

test('with them every path that takes tokens does, for those alone and without credentials, and no other path', () => {
  const origins = ['https://app.example', 'https://admin.example'];
  const open = createOpenApi({
    title: 'Bursar',
    integrationUris,
    authorizerUri: 'uri',
    pageUri: null,
    browserOrigins: origins,
  });
  const items = Object.entries(open['paths'] as Readonly<Record<string, Readonly<Record<string, unknown>>>>);
  expect(items.filter(([, item]) => 'options' in item).map(([path]) => path)).toEqual(
    items.map(([path]) => path).filter((path) => path.startsWith(`${OAUTH_PREFIX}/`)),
  );
  const preflight = JSON.stringify(
    items.find(([path]) => path === `${OAUTH_PREFIX}/payments/processPayment`)![1]['options'],
  );
  expect(preflight).toContain("'authorization,content-type,");
  expect(preflight).toContain('"method.response.header.Access-Control-Allow-Methods":"\'POST\'"');
  for (const origin of origins) expect(preflight).toContain(`$origin == \\"${origin}\\"`);
  expect(preflight).not.toMatch(/credentials|'\*'/i);
  expect(JSON.stringify(open['x-amazon-apigateway-gateway-responses'])).not.toMatch(/credentials|'\*'/i);
});
