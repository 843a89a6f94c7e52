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
  const withoutExamples = JSON.stringify(JSON.parse(formatOpenApiReference()), (name, value: unknown) =>
    name === 'example' ? undefined : value,
  );
  expect(withoutExamples).not.toMatch(/x-amazon-apigateway|arn:aws:lambda|[0-9]{12}/);
  // The account of AWS's own documents, and no other.
  const accounts = formatOpenApiReference().match(/(?<=:)[0-9]{12}(?=:)/g) ?? [];
  expect(new Set(accounts)).toEqual(new Set(['111122223333']));
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

test('describes every answer and shows an example of it', () => {
  const schemas = (document['components'] as { schemas: Record<string, Schema> }).schemas;
  const shown = Object.values(paths).flatMap((methods) =>
    Object.values(methods).flatMap(({ operationId, responses }) =>
      Object.entries(responses)
        .filter(([status]) => status.startsWith('2'))
        .map(([, { content }]) => ({ operationId, content })),
    ),
  );
  const described = shown.flatMap(({ operationId, content }) => {
    const json = (content as Record<string, { schema: { $ref: string }; example: object }> | undefined)?.[
      'application/json'
    ];
    return json === undefined ? [] : [{ operationId, ...json }];
  });
  for (const { schema, example } of described) {
    const { type, properties = {} } = schemas[schema.$ref.replace('#/components/schemas/', '')]!;
    expect(type).toBe('object');
    for (const member of Object.keys(example)) expect(Object.keys(properties)).toContain(member);
  }
  const silent = shown.filter(({ content }) => content === undefined).map(({ operationId }) => operationId);
  expect(silent.toSorted()).toEqual(
    [
      'DeletePaymentCredentialProvider',
      'DeleteWorkloadIdentity',
      'RotatePaymentConnectorCredentials',
      'TagResource',
      'UntagResource',
    ].toSorted(),
  );
});

test('sorts operations under headings for readers, and knows where the local stack is', () => {
  const tags = (document['tags'] as { name: string }[]).map(({ name }) => name);
  expect(tags).toContain('Sessions');
  expect(tags).not.toContain('process-payment');
  const servers = document['servers'] as { url: string }[];
  expect(servers.map(({ url }) => url)).toContain('http://127.0.0.1:{port}/v1');
});
