import { expect } from 'vitest';
import type { ErrorName } from '../../lib/contract/errors.ts';
import { classOf, errorSchemaOf, findModelOperation, findModelProblems, findParsedProblems } from './model.ts';
import type { Exchange } from './recorder.ts';
import type { Failure, Input, Outcome, Sdk, Way } from './sdk.ts';

const USER_HEADER = 'x-amzn-bedrock-agentcore-payments-user-id';
const AGENT_HEADER = 'x-amzn-bedrock-agentcore-payments-agent-name';
const REQUEST_ID = /^[0-9A-Za-z-]{16,64}$/;

/** How ids look, as AWS's API reference has it; the service's own patterns are not asked. */
const ID_PATTERNS: Readonly<Record<string, RegExp>> = {
  paymentManagerArn:
    /^arn:(aws|aws-[a-z0-9-]+):bedrock-agentcore:[a-z0-9-]+:[0-9]{12}:payment-manager\/[a-z0-9]([a-z0-9-]{0,47}[a-z0-9])?-[a-z0-9]{10}$/,
  paymentManagerId: /^([0-9a-z]-?){1,100}-[0-9a-z]{10}$/,
  paymentConnectorId: /^([0-9a-z_]-?){1,100}-[0-9a-z]{10}$/,
  paymentInstrumentId: /^payment-instrument-[0-9a-zA-Z-]{15}$/,
  paymentSessionId: /^payment-session-[0-9a-zA-Z-]{15}$/,
  processPaymentId: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  credentialProviderArn:
    /^arn:aws[a-z-]*:bedrock-agentcore:[a-z0-9-]+:[0-9]{12}:token-vault\/[^/]+\/paymentcredentialprovider\/.+$/,
  workloadIdentityArn:
    /^arn:aws[a-z-]*:bedrock-agentcore:[a-z0-9-]+:[0-9]{12}:workload-identity-directory\/[^/]+\/workload-identity\/.+$/,
};
const ARN_LENGTH_MIN = 66;
const DEPTH_MAX = 8;

/** Every id in an answer that does not look as it must. */
function findIdProblems(value: unknown, depth = 0): readonly string[] {
  if (typeof value !== 'object' || value === null || depth > DEPTH_MAX) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const pattern = ID_PATTERNS[name];
    if (pattern === undefined || typeof member !== 'string') return findIdProblems(member, depth + 1);
    const isLongEnough = name !== 'paymentManagerArn' || member.length >= ARN_LENGTH_MIN;
    return pattern.test(member) && isLongEnough ? [] : [`${name} ${member} does not look like one`];
  });
}

/** Checks a request of an official client: the way, the route and the headers, as the model and the configuration have it. */
function expectRequest(sdk: Sdk, way: Way, operation: string, input: Input, exchange: Exchange): void {
  const model = findModelOperation(operation);
  const path = model.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(String(input[name])));
  expect([exchange.method, exchange.path]).toEqual([model.method, sdk.prefixOf(way) + path]);
  const { authorization = '' } = exchange.headers;
  expect(authorization).toMatch(
    way === 'IAM' ? /^AWS4-HMAC-SHA256 Credential=[^,]+\/execute-api\/aws4_request, / : /^Bearer \S+$/,
  );
  expect(exchange.headers[USER_HEADER]).toBe(input['userId']);
  expect(exchange.headers[AGENT_HEADER]).toBe(input['agentName']);
}

/** Checks an answer to an operation that must succeed: at the wire against the model, and as the client parsed it. */
export function expectSuccess(
  sdk: Sdk,
  call: { readonly way: Way; readonly operation: string; readonly input: Input },
  { output, error, exchanges }: Outcome,
): void {
  expect(error, error?.message).toBeNull();
  expect(exchanges).toHaveLength(1);
  const [exchange] = exchanges;
  expectRequest(sdk, call.way, call.operation, call.input, exchange!);
  const model = findModelOperation(call.operation);
  const { status, headers, text } = exchange!.answer;
  expect([status, output?.$metadata.httpStatusCode]).toEqual([model.successStatus, model.successStatus]);
  expect(output?.$metadata.attempts).toBe(1);
  expectRequestId(headers, output?.$metadata.requestId);
  if (status === 204) {
    expect(text).toBe('');
    return;
  }
  expect(headers['content-type']).toMatch(/^application\/json(;|$)/);
  const body: unknown = JSON.parse(text);
  expect(findModelProblems(model.output, body)).toEqual([]);
  expect(findParsedProblems(model.output, output)).toEqual([]);
  expect(findIdProblems(body)).toEqual([]);
}

function expectRequestId(headers: Exchange['answer']['headers'], parsed: string | undefined): void {
  expect(headers['x-amzn-requestid']).toMatch(REQUEST_ID);
  expect(parsed).toBe(headers['x-amzn-requestid']);
}

/** What an operation must be refused with. */
export interface Refused {
  readonly name: ErrorName;
  readonly status: number;
  /** Of a ValidationException. */
  readonly reason?: string;
  /** The names in `fieldList`, in any order. */
  readonly fields?: readonly string[];
  readonly message?: RegExp;
}

/** Checks a refusal: the client's own exception class, and header and body at the wire. Returns the error for more. */
export function expectRefusal(operation: string, outcome: Outcome, expected: Refused): Failure {
  const { error, exchanges } = outcome;
  if (error === null) throw new Error(`${operation} was expected to be refused with ${expected.name}`);
  const { plane } = findModelOperation(operation);
  const { headers, text, status } = exchanges.at(-1)!.answer;
  expect([error.name, status, error.message]).toEqual([expected.name, expected.status, expect.any(String)]);
  expect(error).toBeInstanceOf(classOf(plane, expected.name));
  expect(error.$metadata).toMatchObject({ httpStatusCode: expected.status, attempts: 1 });
  expect(exchanges).toHaveLength(1);
  expectRequestId(headers, error.$metadata.requestId);
  expect(headers['x-amzn-errortype']).toBe(expected.name);
  expect(headers['content-type']).toMatch(/^application\/json(;|$)/);
  const body = JSON.parse(text) as Readonly<Record<string, unknown>>;
  expect(body['__type']).toBe(expected.name);
  expect(body['message']).toBe(error.message);
  expect(findModelProblems(errorSchemaOf(plane, expected.name), body)).toEqual([]);
  expect(error.reason).toBe(expected.reason);
  if (expected.fields !== undefined) {
    expect((error.fieldList ?? []).map(({ name }) => name).toSorted()).toEqual([...expected.fields].toSorted());
  }
  if (expected.message !== undefined) expect(error.message).toMatch(expected.message);
  return error;
}

/** Headers whose values differ between any two answers: ids of the request, and its time. */
const OF_THE_REQUEST = new Set([
  'date',
  'traceresponse',
  'x-amz-apigw-id',
  'x-amz-cf-id',
  'x-amzn-requestid',
  'x-amzn-trace-id',
]);

/** All that a caller can see of an answer, but its request id and its time. */
export function visible({ exchanges, error }: Outcome) {
  const { status, headers, text } = exchanges[0]!.answer;
  const values = Object.entries(headers).map(([header, value]) => [header, OF_THE_REQUEST.has(header) ? '' : value]);
  const { name, message, fieldList } = error ?? { name: null, message: null, fieldList: null };
  return { status, text, name, message, fieldList, headers: Object.fromEntries(values) };
}
