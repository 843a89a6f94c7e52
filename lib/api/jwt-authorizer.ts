import { createHash } from 'node:crypto';
import type { VerifiedClaims } from '../domain/tenants/jwt-authorizer.ts';
import type { Clock } from '../domain/time.ts';
import { formatClaims } from '../jwt/claims-text.ts';
import type { TokenRefusal } from '../jwt/token-refusal.ts';
import type { TokenVerifier } from '../jwt/token-verifier.ts';
import { formatLogLine } from '../telemetry/log-line.ts';
import { describeFailure, type LogSink } from './function.ts';
import { OAUTH_PREFIX } from '../contract/operations.ts';

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
    | { readonly refusal: string };
}

export interface AuthorizerDeps {
  readonly verifier: TokenVerifier;
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
export function createJwtAuthorizer({ verifier, clock, log }: AuthorizerDeps) {
  return async (event: AuthorizerEvent): Promise<AuthorizerAnswer> => {
    const startedAt = clock.now();
    const outcome = await decide(verifier, event).catch((failure: unknown) => ({ failure }));
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
  readonly refused: TokenRefusal['reason'] | 'no_bearer_token';
  readonly detail: string;
  readonly issuer?: string;
}

const NO_BEARER_TOKEN: Refused = {
  refused: 'no_bearer_token',
  detail: 'expected one Authorization header: `Bearer`, a space and the token',
};

async function decide(
  verifier: TokenVerifier,
  event: AuthorizerEvent,
): Promise<{ readonly answer: AuthorizerAnswer } | Refused> {
  const token = readToken(event);
  if (token === null) return NO_BEARER_TOKEN;
  const verified = await verifier.verify(token);
  if (!verified.ok) {
    const { reason, ...why } = verified.error;
    return { refused: reason, ...why };
  }
  const stage = METHOD_ARN.exec(event.methodArn)?.[1];
  if (stage === undefined) throw new Error('the method ARN has an unknown form');
  return {
    answer: {
      principalId: verified.value.sub,
      policyDocument: policyOf('Allow', `${stage}/*${OAUTH_PREFIX}/*`),
      context: { claims: formatClaims(verified.value), ...accessLogFields(verified.value) },
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

function policyOf(effect: 'Allow' | 'Deny', resource: string): object {
  return {
    Version: '2012-10-17',
    Statement: [{ Effect: effect, Action: 'execute-api:Invoke', Resource: resource }],
  };
}

/** Who called, without the user's own id: a hash tells users of an issuer apart and names none. */
function accessLogFields(claims: VerifiedClaims) {
  const client = claims['client_id'] ?? claims['azp'];
  const userHash = createHash('sha256').update(`${claims.iss} ${claims.sub}`).digest('hex').slice(0, USER_HASH_CHARS);
  return { issuer: claims.iss, client: typeof client === 'string' ? client.slice(0, CLIENT_MAX_CHARS) : '', userHash };
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
