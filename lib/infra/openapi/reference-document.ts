import { toJsonSchema } from '@valibot/to-json-schema';
import { ANSWERS } from '../../contract/answers.ts';
import { DOCUMENTS, FAMILIES, tagOf } from '../../contract/documents.ts';
import { OPERATIONS, type OperationName, type OperationRoute } from '../../contract/operations.ts';
import { AGENT_HEADER, USER_HEADER } from '../../contract/headers.ts';
import { VALIDATION_REASONS, WIRE_ERRORS } from '../../contract/errors.ts';
import { REQUESTS } from '../../contract/requests.ts';
import {
  AGENT_NAME_MAX_CHARS,
  USER_HEADER_MAX_CHARS,
  USER_HEADER_PLAIN_MAX_CHARS,
  USER_ID_MAX_CHARS,
} from '../../domain/limits.ts';
import { pathParametersOf, waysOf, type OpenApiDocument, type Way } from './gateway-document.ts';

type Members = Readonly<Record<string, unknown>>;

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: object;
  readonly example?: unknown;
}

const SERVERS = [
  {
    url: 'https://{apiId}.execute-api.{region}.amazonaws.com/v1',
    description: 'The output Endpoint of the service stack.',
    variables: { apiId: { default: 'your-api-id' }, region: { default: 'us-east-1' } },
  },
  {
    url: 'http://127.0.0.1:{port}/v1',
    description: 'The local stack: npm run local.',
    variables: { port: { default: '8402' } },
  },
];

const ERROR_SCHEMA = {
  type: 'object',
  required: ['__type', 'message'],
  properties: {
    __type: { type: 'string', description: 'The name of the error; also in the header x-amzn-errortype.' },
    message: { type: 'string' },
    reason: {
      type: 'string',
      enum: VALIDATION_REASONS,
      description: 'Of a ValidationException.',
    },
    fieldList: {
      type: 'array',
      description: 'One entry for each wrong member; names that begin with bursar: are stable codes.',
      items: {
        type: 'object',
        required: ['name', 'message'],
        properties: { name: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

/**
 * The API for people and tools, as OpenAPI 3.0: made from the contract, with its requests, its answers and an example of each;
 * the same for every deployment.
 */
export function formatOpenApiReference(): string {
  return `${JSON.stringify(createOpenApiReference(), null, 2)}\n`;
}

export function createOpenApiReference(): OpenApiDocument {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, route] of Object.entries<OperationRoute>(OPERATIONS)) {
    for (const way of waysOf(name, route)) {
      const path = (paths[way.path] ??= {});
      // Object.entries widens the names of the table to texts.
      path[route.method.toLowerCase()] = toOperation(name as OperationName, route, way);
    }
  }
  return {
    openapi: '3.0.3',
    info: {
      title: 'Bursar',
      version: '1',
      description: 'The payments API of Amazon Bedrock AgentCore, served by Bursar. Made by `npm run reference`.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: SERVERS,
    tags: FAMILIES.map(({ tag, description }) => ({ name: tag, description })),
    paths,
    components: {
      securitySchemes: toSecuritySchemes(),
      schemas: { Error: ERROR_SCHEMA, ...toAnswers() },
      responses: toErrors(),
    },
  };
}

function toSecuritySchemes(): Members {
  return {
    sigv4: {
      type: 'apiKey',
      name: 'Authorization',
      in: 'header',
      description: 'AWS Signature Version 4 for the service execute-api.',
    },
    jwt: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: 'A token of the issuer that the payment manager trusts. The user is its subject.',
    },
  };
}

function toErrors(): Members {
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } };
  const headers = { 'x-amzn-errortype': { schema: { type: 'string' } } };
  return Object.fromEntries(
    Object.entries(WIRE_ERRORS).map(([name, { description }]) => [name, { description, headers, content }]),
  );
}

function toOperation(name: OperationName, route: OperationRoute, way: Way): Members {
  const { summary, request, members = {} } = DOCUMENTS[name];
  const { properties: plain = {}, required = [] } = toOpenApiSchema(REQUESTS[name]);
  const properties = {
    ...plain,
    ...Object.fromEntries(Object.entries(members).map(([member, schema]) => [member, toOpenApiSchema(schema)])),
  };
  const outside = new Set([...pathParametersOf(route.path), ...Object.keys(route.query ?? {})]);
  const inBody = Object.entries(properties).filter(([member]) => !outside.has(member));
  const examples = new Map<string, unknown>(Object.entries(request));
  const bodyExample = Object.fromEntries([...examples].filter(([member]) => !outside.has(member)));
  const parameters = [...toParameters(route, { properties, required }, examples), ...toHeaders(route, way)];
  const requiredInBody = required.filter((member) => !outside.has(member));
  return {
    operationId: way.operationId,
    summary,
    description: toDescription(route, way),
    tags: [tagOf(name)],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(inBody.length === 0
      ? {}
      : { requestBody: toRequestBody(Object.fromEntries(inBody), requiredInBody, bodyExample) }),
    responses: {
      [route.successStatus]: {
        description: 'Success',
        headers: { 'x-amzn-requestid': { schema: { type: 'string' } } },
        ...toAnswerContent(name),
      },
      ...Object.fromEntries(
        Object.entries(WIRE_ERRORS).map(([error, { status }]) => [status, { $ref: `#/components/responses/${error}` }]),
      ),
    },
    security: [{ [way.scheme]: [] }],
  };
}

function toDescription({ roles, oauth }: OperationRoute, { scheme }: Way): string {
  if (scheme === 'sigv4') return `Roles: ${roles.join(', ')}.`;
  if (oauth === 'wallet') return "Needs the manager's management scope, or that of its page of wallets.";
  return oauth === 'manage'
    ? "Needs the manager's management scope."
    : 'Any token that the manager admits, but one with its management scope may not pay unless the manager lets it.';
}

function toRequestBody(properties: object, required: readonly string[], example: object): Members {
  const schema = { type: 'object', properties, ...(required.length === 0 ? {} : { required }) };
  return { required: required.length > 0, content: { 'application/json': { schema, example } } };
}

/** Operations with a body to their answers. */
function hasBody(name: OperationName): boolean {
  const { answer } = DOCUMENTS[name];
  return answer !== undefined && answer !== null;
}

function toAnswers(): Members {
  const names = (Object.keys(OPERATIONS) as OperationName[]).filter(hasBody);
  return Object.fromEntries(names.map((name) => [`${name}Answer`, toOpenApiSchema(ANSWERS[name])]));
}

function toAnswerContent(name: OperationName): Members {
  if (!hasBody(name)) return {};
  const schema = { $ref: `#/components/schemas/${name}Answer` };
  return { content: { 'application/json': { schema, example: DOCUMENTS[name].answer } } };
}

function toParameters(
  route: OperationRoute,
  { properties = {}, required = [] }: ObjectSchema,
  examples: ReadonlyMap<string, unknown>,
): Parameter[] {
  const exampleOf = (name: string) => (examples.has(name) ? { example: examples.get(name) } : {});
  return [
    ...pathParametersOf(route.path).map((name) => ({
      name,
      in: 'path' as const,
      required: true,
      schema: schemaOf(properties, name),
      ...exampleOf(name),
    })),
    ...Object.keys(route.query ?? {}).map((name) => ({
      name,
      in: 'query' as const,
      required: required.includes(name),
      schema: schemaOf(properties, name),
      ...exampleOf(name),
    })),
  ];
}

function schemaOf(properties: NonNullable<ObjectSchema['properties']>, name: string): object {
  const schema = properties[name];
  if (schema === undefined) throw new Error(`the parameter ${name} is no member of its operation's schema`);
  return schema;
}

function toHeaders({ user }: OperationRoute, { scheme }: Way): Parameter[] {
  if (user === 'none') return [];
  const userHeader: Parameter = {
    name: USER_HEADER,
    in: 'header',
    required: true,
    description:
      `For whom the call is: the id as it is, if it is printable ASCII of at most ${USER_HEADER_PLAIN_MAX_CHARS} characters ` +
      "without blanks at its ends, else `UTF-8''` and its UTF-8, percent-encoded as in RFC 8187, of up to " +
      `${USER_ID_MAX_CHARS} characters. Where the deployment binds users to role sessions it may be left out.`,
    schema: { type: 'string', minLength: 1, maxLength: USER_HEADER_MAX_CHARS },
  };
  const agentHeader: Parameter = {
    name: AGENT_HEADER,
    in: 'header',
    required: false,
    schema: { type: 'string', minLength: 1, maxLength: AGENT_NAME_MAX_CHARS },
  };
  return scheme === 'sigv4' ? [userHeader, agentHeader] : [agentHeader];
}

/** A schema of the contract in the words of OpenAPI 3.0. */
function toOpenApiSchema(source: Parameters<typeof toJsonSchema>[0]): ObjectSchema {
  const schema: unknown = toJsonSchema(source, {
    errorMode: 'ignore',
    typeMode: 'input',
    target: 'openapi-3.0',
  });
  // Requests and answers are objects.
  return tidy(schema) as ObjectSchema;
}

/** Leaves out what says nothing, and members that must not be given. */
function tidy(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(tidy);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node)
    .filter(([key, value]) => key !== '$schema' && !isEmptyRequired(key, value) && !isAnyPattern(key, value))
    .map(([key, value]) => [key, key === 'properties' ? tidyMembers(value) : tidy(value)] as const);
  return Object.fromEntries(entries);
}

function tidyMembers(properties: object): Members {
  const given = Object.entries(properties).filter(([, schema]) => !('not' in (schema as object)));
  return Object.fromEntries(given.map(([name, schema]) => [name, tidy(schema)]));
}

function isEmptyRequired(key: string, value: unknown): boolean {
  return key === 'required' && Array.isArray(value) && value.length === 0;
}

function isAnyPattern(key: string, value: unknown): boolean {
  return key === 'pattern' && value === '(?:)';
}
