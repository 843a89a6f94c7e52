import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { IDENTITY_BODY_MAX_BYTES } from '../../domain/limits.ts';
import { LOOPBACK } from '../../domain/loopback.ts';
import { toEpochMs } from '../../domain/time.ts';
import { errorAnswer, type ForwardedAnswer } from '../../sigv4/forwarding.ts';
import { verifySignature, type SignedRequest } from '../../sigv4/verification.ts';
import { AwsError } from '../aws-endpoint/aws-error.ts';
import { ERROR_NAMES, toPairs } from '../iam/aws-hooks.ts';
import { keepAccessKeys, type AccessKey } from '../iam/credentials.ts';
import { readRequestBody } from '../loopback/request-body.ts';
import { close, listen } from '../loopback/server.ts';
import type { Environment } from '../template/environment.ts';
import { createIamActions } from './iam.ts';
import { answerPayments, type PaymentsOptions } from './payments.ts';
import { formatQueryError, formatQueryResult, parseQueryCall, type QueryActions } from './query-protocol.ts';
import { openAccountRoles } from './roles.ts';
import { createAccountSessions, type AccountCaller, type AccountSessions } from './sessions.ts';
import { createStsActions } from './sts.ts';

export interface AwsAccountOptions {
  /** Where the developer's key and the roles are kept; `null` keeps nothing. */
  readonly dataDir: string | null;
  readonly environment: Environment;
  readonly deployment: PaymentsOptions['deployment'];
  /** 0 takes a free one. */
  readonly port: number;
  readonly report: (problem: string) => void;
  /** @default - the machine's */
  readonly now?: () => Date;
}

/** What a program written for AWS finds in place of an account. */
export interface AwsAccount {
  /** For `AWS_ENDPOINT_URL`. */
  readonly url: string;
  /** The developer's, who may do everything. */
  readonly credentials: AccessKey;
  close(): Promise<void>;
}

/** What the server knows, between requests. */
interface Account extends PaymentsOptions {
  readonly sessions: AccountSessions;
  readonly query: Readonly<Record<QueryService, QueryActions<AccountCaller>>>;
  readonly now: () => Date;
}

const QUERY_SERVICES = ['iam', 'sts'] as const;
type QueryService = (typeof QUERY_SERVICES)[number];

const DEVELOPER = 'developer';
const SCOPE = /Credential=[^\s,/]{1,128}\/\d{8}\/(?<region>[a-z0-9-]{1,64})\/(?<service>[a-z0-9-]{1,64})\/aws4_request/;

/**
 * Starts what a program written for AWS needs of an account besides payments, on loopback: STS, as much of IAM as makes
 * roles, and AgentCore payments under AWS's own signing name. Every other service is refused.
 */
export async function startAwsAccount(options: AwsAccountOptions): Promise<AwsAccount> {
  const { dataDir, environment, deployment, now = () => new Date(), report } = options;
  const inData = (name: string): string | null => (dataDir === null ? null : join(dataDir, name));
  const developer = keepAccessKeys(inData('access-key.json'), [DEVELOPER])[DEVELOPER]!;
  const roles = openAccountRoles(inData('roles'), environment, now);
  const sessions = createAccountSessions(developer, environment);
  const account: Account = {
    deployment,
    roles,
    sessions,
    now,
    query: { iam: createIamActions(roles), sts: createStsActions({ environment, roles, sessions, now }) },
  };
  const server = createServer((request, response) => {
    void answer(account, request)
      .catch((error: unknown) => {
        report(`AWS account: ${String(error)}`);
        return errorAnswer(500, 'InternalFailure', 'The local account failed');
      })
      .then((result) => send(response, result));
  });
  const port = await listen(server, options.port);
  return { url: `http://${LOOPBACK}:${port}`, credentials: developer, close: () => close(server) };
}

async function answer(account: Account, request: IncomingMessage): Promise<ForwardedAnswer> {
  const body = await readRequestBody(request, IDENTITY_BODY_MAX_BYTES);
  if (body === null) return errorAnswer(413, 'RequestEntityTooLargeException', 'Request is too large');
  const { method = '', url = '', rawHeaders } = request;
  const signed: SignedRequest = { method, target: url, headers: toPairs(rawHeaders), body };
  const { service = '', region = '' } = SCOPE.exec(request.headers.authorization ?? '')?.groups ?? {};
  const queryService = QUERY_SERVICES.find((each) => each === service);
  if (queryService === undefined && service !== 'bedrock-agentcore') {
    const what = service === '' ? 'requests that are signed' : `no service ${service}`;
    return errorAnswer(
      400,
      'UnknownOperationException',
      `The local stack has ${what}: of AWS it has STS, IAM and AgentCore payments here`,
    );
  }
  // In whatever region a program takes itself to be: an account has all of them, and the local one is in each.
  const caller = identify(account, signed, { service, region });
  if (queryService !== undefined) return answerQuery(account.query[queryService], caller, body);
  if (caller instanceof AwsError) return errorAnswer(caller.status, caller.name, caller.message);
  return answerPayments(account, caller, signed);
}

/** Whoever signed the request, or why the signature does not count. */
function identify(
  { sessions, now }: Account,
  request: SignedRequest,
  scope: { readonly service: string; readonly region: string },
): AccountCaller | AwsError {
  const at = now();
  const verified = verifySignature(request, {
    ...scope,
    findCredential: sessions.find,
    now: toEpochMs(at.getTime()),
  });
  if (!verified.ok) return new AwsError(ERROR_NAMES[verified.error.reason], verified.error.message, 403);
  const caller = sessions.find(verified.value.accessKeyId)!;
  if (caller.expiresAtMs === null || caller.expiresAtMs > at.getTime()) return caller;
  return new AwsError('ExpiredTokenException', 'The security token included in the request is expired', 403);
}

async function answerQuery(
  actions: QueryActions<AccountCaller>,
  caller: AccountCaller | AwsError,
  body: Uint8Array,
): Promise<ForwardedAnswer> {
  const requestId = randomUUID();
  try {
    if (caller instanceof AwsError) throw caller;
    const { action, input } = parseQueryCall(body);
    const run = Object.hasOwn(actions, action) ? actions[action] : undefined;
    if (run === undefined) {
      throw new AwsError('InvalidAction', `The local stack has no ${action}: of IAM it has what makes roles`);
    }
    return xml(200, formatQueryResult(action, requestId, await run(caller, input)));
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return xml(error.status, formatQueryError(error, requestId));
  }
}

function xml(status: number, text: string): ForwardedAnswer {
  return { status, headers: { 'content-type': 'text/xml' }, body: Buffer.from(text) };
}

function send(response: ServerResponse, { status, headers, body }: ForwardedAnswer): void {
  response.writeHead(status, { ...headers, 'content-length': body.byteLength });
  response.end(body);
}
