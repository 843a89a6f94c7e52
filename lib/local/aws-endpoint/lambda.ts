import type { IncomingMessage } from 'node:http';
import type { FunctionPool, InvocationResult } from '../runtime/runtime.ts';
import type { Caller } from './authorization.ts';
import { AwsError } from './aws-error.ts';

/** Functions that may be invoked, by their ARN with its alias or version. */
export type InvokedFunctions = ReadonlyMap<string, FunctionPool>;

/** An answer as it goes out. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** As Lambda's for a request that waits for its answer. */
export const INVOCATION_MAX_BYTES = 6 * 1024 * 1024;
const ROUTE = /^\/2015-03-31\/functions\/([^/?]{1,600})\/invocations(?:\?Qualifier=([^&]{1,128}))?$/;

/** The ARN of the function that a request would invoke; `null` for a request of another kind. */
export function readInvokedArn({ method, url = '' }: Pick<IncomingMessage, 'method' | 'url'>): string | null {
  const [, name, qualifier] = (method === 'POST' ? ROUTE.exec(url) : null) ?? [];
  if (name === undefined) return null;
  return [name, ...(qualifier === undefined ? [] : [qualifier])].map(decodeURIComponent).join(':');
}

/**
 * Lambda as far as invoking goes, and waiting for the answer.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export async function invokeFunction(
  functions: InvokedFunctions,
  caller: Caller,
  { arn, payload }: { readonly arn: string; readonly payload: Uint8Array },
): Promise<Reply> {
  await caller.assertAllowed({ action: 'InvokeFunction', resourceArn: arn, tags: {}, context: {} }, 403);
  const pool = functions.get(arn);
  if (pool === undefined) throw new AwsError('ResourceNotFoundException', `Function not found: ${arn}`, 404);
  return toReply(await pool.invoke(parsePayload(payload)));
}

function parsePayload(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    throw new AwsError('InvalidRequestContentException', 'Could not parse request body into json');
  }
}

function toReply(result: InvocationResult): Reply {
  const version = { 'x-amz-executed-version': '1' };
  switch (result.status) {
    case 'succeeded':
      return { status: 200, headers: version, body: JSON.stringify(result.payload) };
    case 'failed':
    case 'timed-out': {
      const { errorMessage } = result;
      const told = 'errorType' in result ? { errorType: result.errorType, errorMessage } : { errorMessage };
      return {
        status: 200,
        headers: { ...version, 'x-amz-function-error': 'Unhandled' },
        body: JSON.stringify(told),
      };
    }
    case 'throttled':
      throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429);
  }
}
