import { ProviderRefused } from '../../domain/ports/services.ts';
import { FUNCTION_ANSWER_MAX_BYTES } from '../../domain/provider-limits.ts';
import type { Clock } from '../../domain/time.ts';
import { memberOf } from '../../json/record.ts';
import { signRequest, type SigningKey } from '../../sigv4/signing.ts';
import { readText, type Fetch } from '../provider-call.ts';

export interface FunctionFetchDeps {
  readonly fetch: Fetch;
  readonly credentials: () => SigningKey | Promise<SigningKey>;
  /** Where Lambda is in a region. */
  readonly endpointOf: (region: string) => URL;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * `fetch` for the ARN of a Lambda function: it is handed the request as a function URL would hand it on (payload format 2.0), and
 * what it answers in that format is the response. A function that fails, or answers something else, is status 502. Lambda cannot be told
 * to stop: where the signal fires, what the function answers later is not read.
 * Throws `ProviderRefused` where Lambda knows no such function or does not let us invoke it.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export function createFunctionFetch({ fetch, credentials, endpointOf, clock }: FunctionFetchDeps): Fetch {
  return async (functionArn, { method = 'GET', headers, body, signal }) => {
    if (typeof body !== 'string') throw new TypeError('a function is handed text alone');
    const payload = JSON.stringify(toEvent(method, new Headers(headers), body));
    const [, , , region = ''] = functionArn.split(':');
    const url = new URL(`/2015-03-31/functions/${encodeURIComponent(functionArn)}/invocations`, endpointOf(region));
    const invocation = { method: 'POST', url, headers: { 'content-type': 'application/json' }, body: payload };
    const scope = { region, service: 'lambda', key: await credentials(), atMs: clock.now() };
    const response = await fetch(url.href, {
      method: 'POST',
      headers: signRequest(invocation, scope),
      body: payload,
      redirect: 'error',
      ...(signal === undefined ? {} : { signal }),
    });
    const answer = await readText(response, FUNCTION_ANSWER_MAX_BYTES);
    if (response.status !== 200) return toFailure(functionArn, response);
    // What a function threw stands in the answer in its own words, which are not ours to read.
    return response.headers.has('x-amz-function-error') ? new Response(null, { status: 502 }) : toResponse(answer);
  };
}

function toEvent(method: string, headers: Headers, body: string): object {
  return {
    version: '2.0',
    rawPath: '/',
    rawQueryString: '',
    headers: Object.fromEntries(headers),
    requestContext: { http: { method, path: '/' } },
    body,
    isBase64Encoded: false,
  };
}

const CANNOT: Readonly<Record<string, string>> = {
  AccessDeniedException:
    'may not be invoked by these credentials: the policy of their role, and the function’s own where it is another account’s, have to allow lambda:InvokeFunction on it',
  ResourceNotFoundException: 'is not there under this alias or version',
};

/** What Lambda itself answered: nothing was run. Its statuses are none of the signer's. */
function toFailure(functionArn: string, { status, headers }: Response): Response {
  const name = /^\w+/.exec(headers.get('x-amzn-errortype') ?? '')?.[0] ?? '';
  const why = CANNOT[name];
  if (why !== undefined)
    throw new ProviderRefused('provider_credentials', `The function ${functionArn} ${why}. Nothing was signed`);
  if (status === 429 || status >= 500) return new Response(null, { status });
  throw new Error(`Lambda did not take the invocation (${name || status})`);
}

const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

function toResponse(answer: string): Response {
  const value = parseJson(answer);
  const status = memberOf(value, 'statusCode');
  const body = memberOf(value, 'body') ?? '';
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599)
    return new Response(null, { status: 502 });
  if (typeof body !== 'string' || WITHOUT_BODY.has(status)) return new Response(null, { status: 502 });
  return new Response(memberOf(value, 'isBase64Encoded') === true ? Buffer.from(body, 'base64') : body, { status });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A parser's message would quote the answer.
    return undefined;
  }
}
