import { createBursarClient, type BursarEndpoint, type SignedAccess } from '../../lib/client/index.ts';
import { toEpochMs } from '../../lib/domain/time.ts';
import { verifySignature } from '../../lib/sigv4/verification.ts';
import { scriptFetch, type Sent } from './script.ts';

export const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
export const ENDPOINT = 'https://abc123.execute-api.us-east-1.amazonaws.com/v1';

export function play(answers: readonly (Response | Error)[], options: Partial<BursarEndpoint & SignedAccess> = {}) {
  const { fetch, sent } = scriptFetch(answers);
  const client = createBursarClient({
    endpoint: ENDPOINT,
    region: 'us-east-1',
    credentials: CREDENTIALS,
    fetch,
    ...options,
  });
  return { client, sent };
}

/** Reads a request as the local gateway would have received it. */
export function verify(
  { url, method, headers, body }: Sent,
  overrides: { secretAccessKey?: string; body?: string } = {},
) {
  const { host, pathname, search } = new URL(url);
  return verifySignature(
    {
      method,
      target: pathname + search,
      headers: [['host', host], ...headers],
      body: Buffer.from(overrides.body ?? body),
    },
    {
      region: 'us-east-1',
      service: 'execute-api',
      findCredential: (accessKeyId) =>
        accessKeyId === CREDENTIALS.accessKeyId
          ? { secretAccessKey: overrides.secretAccessKey ?? CREDENTIALS.secretAccessKey, sessionToken: null }
          : null,
      now: toEpochMs(Date.now()),
    },
  );
}

export const answered = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers });
export const CALL = {
  method: 'POST',
  path: '/payments/getPaymentSession',
  userId: 'user-1',
  body: { a: 'ü' },
} as const;

export const failureOf = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);
