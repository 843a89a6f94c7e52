import { crc32 } from 'node:zlib';
import { readCredentials, type Environment } from './credentials.ts';
import { createConnections, type Answer } from './connections.ts';
import { endpointOf, readRegion, type ServiceName } from './endpoint.ts';
import { NoAnswer, ServiceFailure } from './failures.ts';
import { createSigner } from './signature.ts';

export interface JsonServiceOptions {
  readonly service: ServiceName;
  readonly jsonVersion: '1.0' | '1.1';
  /** What stands before the operation in `X-Amz-Target`. */
  readonly targetPrefix: string;
  readonly answerMaxBytes: number;
  readonly env: Environment;
}

export interface CallLimits {
  /** How often the request may appear on the wire. */
  readonly maxAttempts: number;
  /** Of each attempt: for the connection, and again for the whole of the answer. */
  readonly timeoutMs: number;
  /** Of all attempts together and the waits between them. */
  readonly totalMs?: number;
}

/** A service that speaks AWS JSON: a POST with a JSON body that is answered with one. */
export interface JsonService {
  /** @throws ServiceFailure where AWS answered with an error, NoAnswer for everything else */
  call(operation: string, body: string, limits: CallLimits): Promise<JsonObject>;
  /** Opens connections ahead of the first calls. */
  connect(count: number): void;
  close(): void;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** Waits between attempts are random up to this, doubled with each attempt; longer where AWS is throttling. */
const RETRY_WAIT_MS = 25;
const THROTTLED_WAIT_MS = 500;
/** AWS takes signatures that are up to five minutes off; less than this is not what it refused. */
const SKEW_MIN_MS = 240_000;

export function createJsonService(options: JsonServiceOptions): JsonService {
  const { service, env, jsonVersion, targetPrefix, answerMaxBytes } = options;
  const endpoint = endpointOf(service, env);
  const connections = createConnections(endpoint);
  const sign = createSigner({ region: readRegion(env), service, host: endpoint.host });
  const contentType = `application/x-amz-json-${jsonVersion}`;
  /** What AWS's clock is ahead of ours. */
  let skewMs = 0;

  const send = async (operation: string, body: string, timeoutMs: number): Promise<JsonObject> => {
    const headers = sign({
      body,
      contentType,
      target: `${targetPrefix}.${operation}`,
      credentials: readCredentials(env),
      atMs: Date.now() + skewMs,
    });
    return readAnswer(await connections.exchange({ headers, body, timeoutMs, answerMaxBytes }));
  };

  /** Follows AWS's clock where it refused a signature for its time; whether it did. */
  const correctClock = (failure: ServiceFailure): boolean => {
    if (!CLOCK_CODES.has(failure.name) || failure.serverTimeMs === null) return false;
    const found = failure.serverTimeMs - Date.now();
    if (Math.abs(found - skewMs) < SKEW_MIN_MS) return false;
    skewMs = found;
    return true;
  };

  return {
    call: async (operation, body, { maxAttempts, timeoutMs, totalMs = Number.POSITIVE_INFINITY }) => {
      const endMs = performance.now() + totalMs;
      for (let attempt = 1; ; attempt += 1) {
        const leftMs = endMs - performance.now();
        if (leftMs <= 0) throw new NoAnswer(`${service}: no answer in time`, true);
        try {
          return await send(operation, body, Math.min(timeoutMs, leftMs));
        } catch (error) {
          if (error instanceof ServiceFailure) error.$metadata.attempts = attempt;
          const waitMs = error instanceof ServiceFailure && correctClock(error) ? 0 : waitBefore(error);
          if (waitMs === null || attempt >= maxAttempts) throw error;
          await sleep(Math.min(Math.random() * waitMs * 2 ** (attempt - 1), Math.max(0, endMs - performance.now())));
        }
      }
    },
    connect: (count) => connections.open(count),
    close: () => connections.close(),
  };
}

const CLOCK_CODES = new Set([
  'AuthFailure',
  'InvalidSignatureException',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
]);
const THROTTLING_CODES = new Set([
  'BandwidthLimitExceeded',
  'EC2ThrottledException',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'TransactionInProgressException',
]);
const TRANSIENT_STATUSES = new Set([500, 502, 503, 504]);

/** The longest first wait before another attempt, or `null` where another would meet the same answer. */
function waitBefore(error: unknown): number | null {
  if (error instanceof NoAnswer) return RETRY_WAIT_MS;
  if (!(error instanceof ServiceFailure)) return null;
  const { httpStatusCode: status } = error.$metadata;
  if (THROTTLING_CODES.has(error.name) || status === 429) return THROTTLED_WAIT_MS;
  return TRANSIENT_STATUSES.has(status) ? RETRY_WAIT_MS : null;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

function readAnswer({ status, headers, body }: Answer): JsonObject {
  const checksum = headers['x-amz-crc32'];
  if (checksum !== undefined && Number(checksum) !== crc32(body))
    throw new NoAnswer('an answer with a wrong checksum', true);
  const content = parse(body);
  if (status >= 200 && status < 300) {
    if (content === null) throw new NoAnswer('an answer that cannot be read', true);
    return content;
  }
  const date = Date.parse(headers.date ?? '');
  const answer = { status, requestId: requestIdOf(headers), serverTimeMs: Number.isNaN(date) ? null : date };
  if (content === null) {
    const message = `status ${status} with an answer that cannot be read`;
    throw new ServiceFailure({ ...answer, name: 'UnreadableAnswer', message }, {});
  }
  const name = codeOf(content, headers['x-amzn-errortype']);
  const text = content['message'] ?? content['Message'];
  throw new ServiceFailure({ ...answer, name, message: typeof text === 'string' ? text : 'UnknownError' }, content);
}

/** Nothing of what could not be read is kept: it may be a secret. */
function parse(body: Buffer): JsonObject | null {
  if (body.byteLength === 0) return {};
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
  } catch {
    return null;
  }
}

/** `com.amazonaws.dynamodb.v20120810#ThrottlingException:http://...` is a ThrottlingException. */
function codeOf(content: JsonObject, header: string | string[] | undefined): string {
  const found = content['__type'] ?? content['code'] ?? content['Code'] ?? header;
  if (typeof found !== 'string') return 'Unknown';
  const [beforeComma = ''] = found.split(',');
  const [beforeColon = ''] = beforeComma.split(':');
  return beforeColon.split('#')[1] ?? beforeColon;
}

function requestIdOf(headers: Answer['headers']): string | undefined {
  const id = headers['x-amzn-requestid'] ?? headers['x-amz-request-id'];
  return typeof id === 'string' ? id : undefined;
}
