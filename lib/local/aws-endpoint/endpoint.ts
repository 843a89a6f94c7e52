import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { LOOPBACK } from '../../domain/loopback.ts';
import { toEpochMs, type EpochMs } from '../../domain/time.ts';
import { readRequestBody } from '../loopback/request-body.ts';
import { close, listen } from '../loopback/server.ts';
import type { Actions } from './actions.ts';
import { createCaller, type Authorize, type Caller, type ServiceName } from './authorization.ts';
import { AwsError } from './aws-error.ts';
import { createEventBridgeActions, type EventSink } from './event-bridge.ts';
import { createKmsActions } from './kms.ts';
import { INVOCATION_MAX_BYTES, invokeFunction, readInvokedArn, type InvokedFunctions, type Reply } from './lambda.ts';
import type { Input } from './members.ts';
import { createSecretsManagerActions } from './secrets-manager.ts';

/** A request as it arrived, which is what its signature covers. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, as they came. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  readonly body: Uint8Array;
  readonly service: ServiceName;
}

export interface AwsEndpointOptions {
  /** Where keys and secrets are kept; `null` keeps them in memory. One endpoint at a time may use a directory. */
  readonly dataDir: string | null;
  readonly region: string;
  readonly account: string;
  /** @default 'aws' */
  readonly partition?: string;
  /** @default 0: any free port */
  readonly port?: number;
  /** @default Date.now */
  readonly now?: () => EpochMs;
  /** The buses that events may be put on. @default - none */
  readonly events?: EventSink;
  /** The functions that may be invoked. @default - none */
  readonly functions?: InvokedFunctions;
  /** Whether a caller may do a thing. @default - everybody may do everything */
  readonly authorize?: Authorize;
  /**
   * Looks at a request before anything else does; what it returns is answered. Meant for checking the signature, and for
   * planting faults. @default - the access key is believed
   */
  readonly verify?: (request: SignedRequest) => AwsError | null | Promise<AwsError | null>;
  /** Hears of failures of the endpoint itself, which callers see as InternalFailure. */
  readonly report?: (error: unknown) => void;
}

export interface AwsEndpoint {
  /** For `AWS_ENDPOINT_URL_KMS`, `AWS_ENDPOINT_URL_SECRETS_MANAGER`, `AWS_ENDPOINT_URL_EVENTBRIDGE` and `AWS_ENDPOINT_URL_LAMBDA`. */
  readonly url: string;
  readonly port: number;
  /** Stops at once; open connections are cut. */
  close(): Promise<void>;
}

/** Those that speak AWS's JSON protocol. */
type JsonServiceName = Exclude<ServiceName, 'lambda'>;
type Services = Readonly<Record<JsonServiceName, Actions>>;

const NO_BUSES: EventSink = { has: () => false, accept: () => {} };
/** Secrets Manager takes 64 kB of secret, which JSON may escape to several times that. */
const REQUEST_MAX_BYTES = 512 * 1024;
const CONTENT_TYPE = 'application/x-amz-json-1.1';
const NO_FUNCTIONS: InvokedFunctions = new Map();
const SERVICE_OF_TARGET: ReadonlyMap<string, JsonServiceName> = new Map([
  ['AWSEvents', 'events'],
  ['TrentService', 'kms'],
  ['secretsmanager', 'secretsmanager'],
]);
const CREDENTIAL =
  /^AWS4-HMAC-SHA256 Credential=(?<accessKeyId>[\w-]{1,128})\/\d{8}\/(?<region>[a-z0-9-]{1,64})\/(?<service>[a-z]{1,32})\/aws4_request,/;

/**
 * Starts a KMS, a Secrets Manager, an EventBridge and what invokes functions for the local stack, on the loopback interface: AWS's JSON 1.1
 * protocol, Lambda's own, AWS's error names, real keys and signatures, spoken to by the unmodified SDK clients. For development only: keys lie in plain files.
 * Rejects where the port is taken or the directory holds something else.
 */
export async function createAwsEndpoint(options: AwsEndpointOptions): Promise<AwsEndpoint> {
  const { dataDir, region, account, partition = 'aws', now = () => toEpochMs(Date.now()) } = options;
  const environment = { partition, region, account };
  const directory = (name: string) => (dataDir === null ? null : join(dataDir, name));
  const services: Services = {
    events: createEventBridgeActions({ environment, now, sink: options.events ?? NO_BUSES }),
    kms: createKmsActions({ environment, now, directory: directory('kms') }),
    secretsmanager: createSecretsManagerActions({ environment, now, directory: directory('secrets') }),
  };
  const server = createServer((request, response) => {
    void answer(options, services, request)
      .catch((error: unknown) => toErrorReply(toAwsError(options, error)))
      .then((reply) => send(response, reply));
  });
  const port = await listen(server, options.port ?? 0);
  return {
    url: `http://${LOOPBACK}:${port}`,
    port,
    close: () => close(server),
  };
}

async function answer(options: AwsEndpointOptions, services: Services, request: IncomingMessage): Promise<Reply> {
  const arn = readInvokedArn(request);
  const body = await readRequestBody(request, arn === null ? REQUEST_MAX_BYTES : INVOCATION_MAX_BYTES);
  if (body === null) throw new AwsError('RequestEntityTooLargeException', 'Request is too large', 413);
  if (arn !== null) {
    const caller = await identify(options, request, 'lambda', body);
    return invokeFunction(options.functions ?? NO_FUNCTIONS, caller, { arn, payload: body });
  }
  const { service, action } = readTarget(request);
  const caller = await identify(options, request, service, body);
  const run = Object.hasOwn(services[service], action) ? services[service][action] : undefined;
  if (run === undefined) throw new AwsError('UnknownOperationException', `The operation ${action} is not known`);
  return { status: 200, headers: {}, body: JSON.stringify(await run(caller, parseInput(body))) };
}

/** Who signed the request. Throws what `verify` returns. */
async function identify(
  options: AwsEndpointOptions,
  request: IncomingMessage,
  service: ServiceName,
  body: Uint8Array,
): Promise<Caller> {
  const { method = '', url = '', headers, rawHeaders } = request;
  const refusal = await options.verify?.({ method, url, headers, rawHeaders, body, service });
  if (refusal) throw refusal;
  const accessKeyId = readAccessKeyId(headers.authorization, service, options.region);
  return createCaller(options.authorize ?? (() => true), accessKeyId, service);
}

function readTarget({ method, headers }: IncomingMessage): {
  readonly service: JsonServiceName;
  readonly action: string;
} {
  const target = headers['x-amz-target'];
  const [prefix = '', action = ''] = typeof target === 'string' ? target.split('.', 2) : [];
  const service = SERVICE_OF_TARGET.get(prefix);
  if (method !== 'POST' || service === undefined) {
    throw new AwsError(
      'UnknownOperationException',
      'Expected a POST with the X-Amz-Target of KMS, Secrets Manager or EventBridge',
    );
  }
  return { service, action };
}

function readAccessKeyId(header: string | undefined, service: ServiceName, region: string): string {
  if (header === undefined) {
    throw new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  const scope = CREDENTIAL.exec(header)?.groups;
  if (scope === undefined) {
    throw new AwsError('IncompleteSignatureException', 'Authorization header requires a Credential with its scope.');
  }
  if (scope['region'] !== region) {
    throw new AwsError(
      'InvalidSignatureException',
      `Credential should be scoped to a valid region, not '${scope['region']}'.`,
    );
  }
  if (scope['service'] !== service) {
    throw new AwsError('InvalidSignatureException', `Credential should be scoped to correct service: '${service}'.`);
  }
  return scope['accessKeyId']!;
}

function parseInput(body: Uint8Array): Input {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    value = null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AwsError('SerializationException', 'Expected a JSON object');
  }
  return value as Input;
}

function toAwsError({ report }: AwsEndpointOptions, error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  report?.(error);
  return new AwsError('InternalFailure', 'The endpoint failed', 500);
}

/** Services of the JSON protocol read the name in the body, Lambda's clients in the header. */
function toErrorReply({ name, message, status }: AwsError): Reply {
  return { status, headers: { 'x-amzn-errortype': name }, body: JSON.stringify({ __type: name, message }) };
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, { 'content-type': CONTENT_TYPE, 'x-amzn-requestid': randomUUID(), ...headers });
  response.end(body);
}
