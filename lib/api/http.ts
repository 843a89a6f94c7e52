/** The part of an API Gateway REST proxy event that Bursar reads. */
export interface ApiEvent {
  readonly httpMethod: string;
  /** The route, with `{name}` for path parameters. */
  readonly resource: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>> | null;
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>> | null;
  readonly pathParameters: Readonly<Record<string, string>> | null;
  readonly queryStringParameters: Readonly<Record<string, string>> | null;
  readonly multiValueQueryStringParameters: Readonly<Record<string, readonly string[]>> | null;
  readonly body: string | null;
  readonly isBase64Encoded: boolean;
  readonly requestContext: {
    readonly requestId: string;
    /** The host that the caller asked, and the path with its stage, if there is one. */
    readonly domainName?: string;
    readonly path?: string;
    /** Of a caller that signed with IAM. */
    readonly identity?: { readonly userArn?: string | null };
    /** What the JWT authorizer passes on. */
    readonly authorizer?: Readonly<Record<string, unknown>> | null;
  };
}

/** The part of Lambda's context that Bursar reads. */
export interface InvocationContext {
  getRemainingTimeInMillis(): number;
}

export interface ApiResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** All values of a header, whatever the case of its name. */
export function headerValues(event: ApiEvent, name: string): readonly string[] {
  const wanted = name.toLowerCase();
  const many = Object.entries(event.multiValueHeaders ?? {}).filter(([key]) => key.toLowerCase() === wanted);
  if (many.length > 0) return many.flatMap(([, values]) => values);
  return Object.entries(event.headers ?? {}).flatMap(([key, value]) => (key.toLowerCase() === wanted ? [value] : []));
}

/** The URL that all operations stand under, as the caller has it: with the stage, or under a name of the deployer's without. */
export function baseUrlOf(event: ApiEvent): string {
  const { domainName, path = '' } = event.requestContext;
  if (domainName === undefined || !path.endsWith(event.path)) throw new Error('the gateway did not say where it is');
  // API Gateway takes https alone, and says so.
  const [scheme = 'https'] = headerValues(event, 'X-Forwarded-Proto');
  return `${scheme}://${domainName}${path.slice(0, path.length - event.path.length)}`;
}

/** An answer without a body. */
export function emptyResponse(statusCode: number, headers: Readonly<Record<string, string>>): ApiResponse {
  return { statusCode, headers, body: '' };
}

/** A JSON answer; API Gateway passes its headers through unchanged. */
export function jsonResponse(
  statusCode: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): ApiResponse {
  return { statusCode, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}
