import { createHash } from 'node:crypto';
import { formatManagerArn, type Deployment } from '../domain/ids.ts';
import type { WalletPageGrant } from '../domain/ports/wallet-links.ts';
import type { VerifiedClaims } from '../domain/tenants/jwt-authorizer.ts';
import { WALLET_PAGE_TOKEN } from '../domain/tenants/wallet-page.ts';
import type { Clock } from '../domain/time.ts';
import { formatClaims } from '../jwt/claims-text.ts';
import type { TokenRefusal } from '../jwt/token-refusal.ts';
import type { TokenVerifier } from '../jwt/token-verifier.ts';
import { formatLogLine } from '../telemetry/log-line.ts';
import { describeFailure, type LogSink } from './function.ts';
import { OAUTH_PREFIX, OPERATIONS, type OperationRoute } from '../contract/operations.ts';
import { formatPage } from './token-caller.ts';

/** The part of API Gateway's request authorizer event that is read. */
export interface AuthorizerEvent {
  /** `arn:aws:execute-api:<region>:<account>:<api>/<stage>/<method>/<path>` */
  readonly methodArn: string;
  readonly headers: Readonly<Record<string, string>> | null;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>> | null;
  readonly requestContext: { readonly requestId: string };
}

/** API Gateway's answer of a Lambda authorizer. */
export interface AuthorizerAnswer {
  readonly principalId: string;
  readonly policyDocument: object;
  /** Texts only: API Gateway takes nothing deeper. `refusal` stands between quotes in a gateway response, so it is escaped for JSON. */
  readonly context:
    | {
        readonly claims: string;
        // For the access log.
        readonly issuer: string;
        readonly client: string;
        readonly userHash: string;
      }
    | {
        /** Whose page it is: the functions read it, as they read claims. */
        readonly walletPage: string;
        readonly client: string;
        readonly userHash: string;
      }
    | { readonly refusal: string };
}

export interface AuthorizerDeps {
  readonly verifier: TokenVerifier;
  /** Whose page a token of ours stands for; `null` for one that stands for none, or no longer. */
  readonly findWalletPage: (token: string) => Promise<WalletPageGrant | null>;
  readonly deployment: Deployment;
  readonly clock: Clock;
  readonly log: LogSink;
}

const BEARER = /^Bearer +([^ ]+)$/i;
const USER_HASH_CHARS = 16;
const CLIENT_MAX_CHARS = 256;
const METHOD_ARN = /^(arn:[a-z-]+:execute-api:[a-z0-9-]+:[0-9]{12}:[a-z0-9]+\/[A-Za-z0-9_-]+)\/[A-Z]+\/.*$/s;

/**
 * A Lambda authorizer that admits tokens of issuers that some manager trusts. What the token may do, and at which
 * manager, is decided by the function behind it, which sees the request's body and gets the claims. A refused caller is told why,
 * and the log has the same: which rule the token broke and the issuer it names, nothing else of the token.
 *
 * @throws an outage, as it is
 */
export function createJwtAuthorizer(deps: AuthorizerDeps) {
  const { clock, log } = deps;
  return async (event: AuthorizerEvent): Promise<AuthorizerAnswer> => {
    const startedAt = clock.now();
    const outcome = await decide(deps, event).catch((failure: unknown) => ({ failure }));
    const at = clock.now();
    const line = {
      requestId: event.requestContext.requestId,
      durationMs: Math.max(0, at - startedAt),
      ...('failure' in outcome ? { failure: describeFailure(outcome.failure) } : {}),
      ...('refused' in outcome ? { refused: outcome.refused, detail: outcome.detail } : {}),
      ...('issuer' in outcome ? { issuer: outcome.issuer } : {}),
    };
    const level = 'failure' in outcome ? 'ERROR' : 'INFO';
    log(formatLogLine({ event: 'token.judged', level, at }, line));
    if ('failure' in outcome) throw outcome.failure;
    return 'refused' in outcome ? denial(outcome) : outcome.answer;
  };
}

interface Refused {
  readonly refused: TokenRefusal['reason'] | 'no_bearer_token' | 'no_wallet_page';
  readonly detail: string;
  readonly issuer?: string;
}

const NO_BEARER_TOKEN: Refused = {
  refused: 'no_bearer_token',
  detail: 'expected one Authorization header: `Bearer`, a space and the token',
};

const NO_WALLET_PAGE: Refused = {
  refused: 'no_wallet_page',
  detail: 'the session of the wallet page is over: expected one that a link opened less than half an hour ago',
};

async function decide(
  { verifier, findWalletPage, deployment }: AuthorizerDeps,
  event: AuthorizerEvent,
): Promise<{ readonly answer: AuthorizerAnswer } | Refused> {
  const token = readToken(event);
  if (token === null) return NO_BEARER_TOKEN;
  if (WALLET_PAGE_TOKEN.test(token)) {
    const page = await findWalletPage(token);
    return page === null ? NO_WALLET_PAGE : { answer: admitPage(deployment, stageOf(event), page) };
  }
  const verified = await verifier.verify(token);
  if (!verified.ok) {
    const { reason, ...why } = verified.error;
    return { refused: reason, ...why };
  }
  return {
    answer: {
      principalId: verified.value.sub,
      policyDocument: policyOf('Allow', `${stageOf(event)}/*${OAUTH_PREFIX}/*`),
      context: { claims: formatClaims(verified.value), ...accessLogFields(verified.value) },
    },
  };
}

function stageOf({ methodArn }: AuthorizerEvent): string {
  const stage = METHOD_ARN.exec(methodArn)?.[1];
  if (stage === undefined) throw new Error('the method ARN has an unknown form');
  return stage;
}

/** What the page of one wallet may call: the gateway lets nothing else through, and the functions hold it to that wallet. */
function admitPage(
  deployment: Deployment,
  stage: string,
  { managerId, userId, instrumentId, agentName }: WalletPageGrant,
): AuthorizerAnswer {
  const routes = Object.values<OperationRoute>(OPERATIONS).filter(({ walletPage }) => walletPage === true);
  const paymentManagerArn = formatManagerArn(deployment, managerId);
  return {
    principalId: userId,
    policyDocument: policyOf(
      'Allow',
      routes.map(({ method, path }) => `${stage}/${method}${OAUTH_PREFIX}${path}`),
    ),
    context: {
      walletPage: formatPage({ paymentManagerArn, paymentInstrumentId: instrumentId, userId, agentName }),
      client: 'wallet-page',
      userHash: hashUser(managerId, userId),
    },
  };
}

/** A denial instead of the error `Unauthorized`, since API Gateway's answer to that can't say why. */
function denial({ detail, issuer }: Refused): AuthorizerAnswer {
  const refusal = `The token is not accepted: ${detail}${issuer === undefined ? '' : ` (issuer ${issuer})`}`;
  return {
    principalId: 'nobody',
    policyDocument: policyOf('Deny', '*'),
    context: { refusal: JSON.stringify(refusal).slice(1, -1) },
  };
}

function policyOf(effect: 'Allow' | 'Deny', resource: string | readonly string[]): object {
  return {
    Version: '2012-10-17',
    Statement: [{ Effect: effect, Action: 'execute-api:Invoke', Resource: resource }],
  };
}

/** Who called, without the user's own id: a hash tells users of an issuer apart and names none. */
function accessLogFields(claims: VerifiedClaims) {
  const client = claims['client_id'] ?? claims['azp'];
  const name = typeof client === 'string' ? client.slice(0, CLIENT_MAX_CHARS) : '';
  return { issuer: claims.iss, client: name, userHash: hashUser(claims.iss, claims.sub) };
}

function hashUser(within: string, userId: string): string {
  return createHash('sha256').update(`${within} ${userId}`).digest('hex').slice(0, USER_HASH_CHARS);
}

/** The token of the one `Authorization` header. Two of them are refused: a proxy in between may have judged the other one. */
function readToken({ headers, multiValueHeaders }: AuthorizerEvent): string | null {
  const many = Object.entries(multiValueHeaders ?? {}).flatMap(([name, values]) =>
    name.toLowerCase() === 'authorization' ? values : [],
  );
  const single = Object.entries(headers ?? {}).flatMap(([name, value]) =>
    name.toLowerCase() === 'authorization' ? [value] : [],
  );
  const values = many.length > 0 ? many : single;
  const [value] = values;
  return values.length === 1 && value !== undefined ? (BEARER.exec(value)?.[1] ?? null) : null;
}
