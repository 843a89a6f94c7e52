import { REQUESTS } from '../../lib/contract/requests.ts';
import { toWireError } from '../../lib/api/errors.ts';
import type { ApiEvent } from '../../lib/api/http.ts';
import { OPERATIONS, type OperationName } from '../../lib/contract/operations.ts';
import { readRequest } from '../../lib/api/request.ts';
import { BODY_MAX_BYTES, IDENTITY_BODY_MAX_BYTES } from '../../lib/domain/limits.ts';
import { median } from './measure.ts';
import { againstLimit, type Row } from './row.ts';

const ROUNDS = 25;
const REFUSAL_MS_MAX = 20;

interface HostileRequest {
  readonly what: string;
  readonly operation: OperationName;
  readonly body: string;
  readonly isBase64Encoded?: boolean;
}

const repeat = (count: number, make: (at: number) => unknown) => Array.from({ length: count }, (_, at) => make(at));
const members = (count: number, value: unknown) =>
  Object.fromEntries(repeat(count, (at) => [`member${at}`, value]) as [string, unknown][]);
const entriesIn = (bytes: number) => repeat(Math.floor(bytes / 2) - 10, () => 0);
const jwt = (settings: object) => ({ authorizerConfiguration: { customJWTAuthorizer: settings } });

/** As large and as wrong as the limits let them be, and larger. */
const HOSTILE: readonly HostileRequest[] = [
  { what: 'six megabytes', operation: 'ProcessPayment', body: 'é'.repeat(3_000_000) },
  { what: 'nothing but brackets', operation: 'ProcessPayment', body: '['.repeat(BODY_MAX_BYTES) },
  {
    what: 'a list of zeros',
    operation: 'GetWorkloadAccessToken',
    body: JSON.stringify({ a: entriesIn(IDENTITY_BODY_MAX_BYTES) }),
  },
  {
    what: 'the same in base64',
    operation: 'GetWorkloadAccessToken',
    body: Buffer.from(JSON.stringify({ a: entriesIn(IDENTITY_BODY_MAX_BYTES) })).toString('base64'),
    isBase64Encoded: true,
  },
  { what: 'wrong tags', operation: 'CreatePaymentManager', body: JSON.stringify({ tags: members(1_990, 5) }) },
  {
    what: 'wrong rules',
    operation: 'CreatePaymentManager',
    body: JSON.stringify(jwt({ customClaims: repeat(1_900, () => ({ a: 1 })) })),
  },
  {
    what: 'wrong audiences',
    operation: 'CreatePaymentManager',
    body: JSON.stringify(jwt({ allowedAudience: repeat(3_900, () => 5) })),
  },
  {
    what: 'a long token',
    operation: 'GetWorkloadAccessTokenForJWT',
    body: JSON.stringify({ userToken: 'a.'.repeat(65_535) }),
  },
  {
    what: 'hyphens without end',
    operation: 'ProcessPayment',
    body: JSON.stringify({ clientToken: `a${'-'.repeat(254)}!` }),
  },
];

/** P21: from the event to the answer, of requests that are made to be slow to refuse. The slowest counts. */
export async function measureRefusals(): Promise<Row[]> {
  const timed = HOSTILE.map((request) => ({ ...request, ms: timeRefusal(request) })).toSorted((a, b) => b.ms - a.ms);
  const [slowest] = timed;
  if (slowest === undefined) throw new Error('there is no request to refuse');
  const note = timed.map(({ what, ms }) => `${what} ${ms.toFixed(1)}`).join(', ');
  const limit = { kind: 'ours_at_most', value: REFUSAL_MS_MAX } as const;
  return [
    againstLimit(
      'P21',
      'refusing the slowest of hostile bodies',
      { value: slowest.ms, unit: 'ms' },
      limit,
      `ms: ${note}`,
    ),
  ];
}

function timeRefusal(request: HostileRequest): number {
  const event = toEvent(request);
  return median(
    Array.from({ length: ROUNDS }, () => {
      const startedAt = performance.now();
      const read = readRequest({ requests: REQUESTS, routes: OPERATIONS }, request.operation, event);
      if (read.ok) throw new Error(`${request.what} was accepted`);
      JSON.stringify(toWireError(read.error));
      return performance.now() - startedAt;
    }),
  );
}

function toEvent({ operation, body, isBase64Encoded = false }: HostileRequest): ApiEvent {
  const { method, path } = OPERATIONS[operation];
  return {
    httpMethod: method,
    resource: path,
    path,
    headers: null,
    multiValueHeaders: null,
    pathParameters: null,
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    body,
    isBase64Encoded,
    requestContext: { requestId: 'bench' },
  };
}
