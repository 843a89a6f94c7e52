import { validationError, type AwsError } from '../aws-endpoint/aws-error.ts';

/** The parameters of a call in AWS's Query protocol, of which these actions take texts only. */
export type QueryInput = Readonly<Record<string, string>>;

/** What an action answers: a tree whose leaves are texts. `null` stands for nothing at all. */
export type QueryResult = { readonly [member: string]: string | QueryResult | readonly string[] } | null;

/** What a service does, by the action's name. An action throws `AwsError` for every answer that is an error. */
export type QueryActions<Caller> = Readonly<
  Record<string, (caller: Caller, input: QueryInput) => QueryResult | Promise<QueryResult>>
>;

export interface QueryCall {
  readonly action: string;
  readonly input: QueryInput;
}

/** Reads the form that a call of the Query protocol is. Of a parameter that stands there twice the first counts. */
export function parseQueryCall(body: Uint8Array): QueryCall {
  const form = new URLSearchParams(Buffer.from(body).toString('utf8'));
  const input: Record<string, string> = {};
  for (const [name, value] of form) if (!Object.hasOwn(input, name)) input[name] = value;
  return { action: input['Action'] ?? '', input };
}

/** Throws ValidationError where the parameter is missing, or is not of this form. */
export function requireParameter(input: QueryInput, name: string, form: RegExp): string {
  const value = input[name];
  if (value !== undefined && form.test(value)) return value;
  throw validationError(`The parameter ${name} is missing or not of the form ${form.source}`);
}

export function formatQueryResult(action: string, requestId: string, result: QueryResult): string {
  const inner = result === null ? '' : element(`${action}Result`, result);
  return `<${action}Response>${inner}<ResponseMetadata>${element('RequestId', requestId)}</ResponseMetadata></${action}Response>`;
}

export function formatQueryError({ name, message, status }: AwsError, requestId: string): string {
  const error = { Type: status < 500 ? 'Sender' : 'Receiver', Code: name, Message: message };
  return `<ErrorResponse>${element('Error', error)}${element('RequestId', requestId)}</ErrorResponse>`;
}

function element(name: string, value: string | NonNullable<QueryResult> | readonly string[]): string {
  return `<${name}>${content(value)}</${name}>`;
}

function content(value: string | NonNullable<QueryResult> | readonly string[]): string {
  if (typeof value === 'string') return escape(value);
  if (isList(value)) return value.map((each) => element('member', each)).join('');
  return Object.entries(value)
    .map(([name, each]) => (each === null ? '' : element(name, each)))
    .join('');
}

function isList(value: object): value is readonly string[] {
  return Array.isArray(value);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
