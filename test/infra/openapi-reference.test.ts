import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { OPERATIONS, type OperationRoute } from '../../lib/contract/operations.ts';
import { AGENT_HEADER, USER_HEADER } from '../../lib/contract/headers.ts';
import { createOpenApiReference, formatOpenApiReference } from '../../lib/infra/openapi/reference-document.ts';

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
  readonly responses: Readonly<Record<string, { readonly $ref?: string; readonly content?: object }>>;
  readonly security: readonly object[];
}

type Paths = Record<string, Record<string, Operation>>;

const document = createOpenApiReference();
const paths = document['paths'] as Paths;
const operation = (method: string, path: string): Operation => {
  const found = paths[path]?.[method];
  if (found === undefined) throw new Error(`no ${method} ${path}`);
  return found;
};
const parametersOf = (found: Operation): string[] =>
  (found.parameters ?? []).map(({ in: where, name, required }) => `${where} ${name}${required ? '' : '?'}`);
const bodyOf = (found: Operation): Schema | undefined => found.requestBody?.content['application/json'].schema;

/** @returns what a validator of the OpenAPI specification has against a document */
async function problemsOf(candidate: object): Promise<unknown> {
  const validator = new Validator();
  const result = await validator.validate(structuredClone(candidate) as Record<string, unknown>);
  expect(validator.version).toBe('3.0');
  return result.valid ? null : result.errors;
}

test('is valid OpenAPI 3.0', async () => {
  expect(await problemsOf(document)).toBeNull();
});

test('would be refused with a response without description, or a list of required members that is empty', async () => {
  const spoilt = structuredClone(document) as { paths: Paths };
  const { responses } = spoilt.paths['/payments/processPayment']!['post']!;
  (responses as Record<string, object>)['200'] = {};
  expect(await problemsOf(spoilt)).not.toBeNull();
  const empty = structuredClone(document) as { components: { schemas: { Error: { required: string[] } } } };
  empty.components.schemas.Error.required = [];
  expect(await problemsOf(empty)).not.toBeNull();
});

test('has every operation of the table, and those that take tokens twice', () => {
  const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
  const expected = Object.entries<OperationRoute>(OPERATIONS).flatMap(([name, { oauth }]) =>
    oauth === null ? [name] : [name, `${name}WithToken`],
  );
  expect(ids.sort()).toEqual(expected.sort());
});

test('is the same for every deployment: names no account, function or authorizer', () => {
  expect(formatOpenApiReference()).not.toMatch(/x-amazon-apigateway|arn:aws:lambda|[0-9]{12}/);
});

test('places each member where it stands: path, query or body', () => {
  expect(parametersOf(operation('delete', '/tags/{resourceArn}'))).toEqual(['path resourceArn', 'query tagKeys']);
  expect(bodyOf(operation('delete', '/tags/{resourceArn}'))).toBeUndefined();
  const update = operation('patch', '/payments/managers/{paymentManagerId}');
  expect(parametersOf(update)).toEqual(['path paymentManagerId']);
  expect(Object.keys(bodyOf(update)!.properties!)).not.toContain('paymentManagerId');
  expect(bodyOf(update)).not.toHaveProperty('required');
  expect(bodyOf(operation('post', '/payments/createPaymentSession'))).toMatchObject({
    required: ['paymentManagerArn', 'expiryTimeInMinutes'],
  });
});

test('leaves out members that must not be given', () => {
  const { properties } = bodyOf(operation('post', '/payments/processPayment'))!;
  expect(Object.keys(properties!)).toContain('paymentInput');
  expect(Object.keys(properties!)).not.toContain('paymentConnectorId');
});

test('asks for the user header with a signature, and not with a token, whose subject is the user', () => {
  const headers = [`header ${USER_HEADER}`, `header ${AGENT_HEADER}?`];
  expect(parametersOf(operation('post', '/payments/processPayment'))).toEqual(headers);
  expect(parametersOf(operation('post', '/oauth/payments/processPayment'))).toEqual([`header ${AGENT_HEADER}?`]);
  expect(operation('post', '/payments/processPayment').security).toEqual([{ sigv4: [] }]);
  expect(operation('post', '/oauth/payments/processPayment').security).toEqual([{ jwt: [] }]);
});

test('gives every operation its success and all errors', () => {
  const { responses } = operation('post', '/identities/DeleteWorkloadIdentity');
  expect(Object.keys(responses)).toEqual(['204', '400', '401', '402', '403', '404', '409', '429', '500'].sort());
  expect(responses['204']).not.toHaveProperty('content');
  expect(responses['429']).toEqual({ $ref: '#/components/responses/ThrottlingException' });
});
