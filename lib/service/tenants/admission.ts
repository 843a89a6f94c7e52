import type { Access, Principal } from '../../domain/tenants/principal.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { Authorizer } from '../../domain/tenants/resources.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { EpochMs } from '../../domain/time.ts';
import { admitClaims, clientsOf, scopeRefusal } from '../../jwt/admission.ts';

/**
 * Whether a manager lets a caller in. A manager takes signatures or tokens, never both. A token that the manager does not take
 * is answered as if there were no such manager; one that it takes may still lack the scope.
 */
export function admitCaller(
  authorizer: Authorizer,
  { claims }: Principal,
  access: Access,
  now: EpochMs,
): Result<'admitted', Refusal> {
  if (claims === null) {
    if (authorizer.type === 'AWS_IAM') return ok('admitted');
    const message = 'This payment manager takes tokens of its issuer, under /oauth, and no signatures of AWS';
    return refuse({ reason: 'access_denied', message });
  }
  if (authorizer.type === 'AWS_IAM') return refuse({ reason: 'token_not_admitted', check: 'authorizer' });
  const admitted = admitClaims(authorizer.jwt, claims, now);
  if (!admitted.ok) return refuse({ reason: 'token_not_admitted', check: admitted.error.reason });
  const { managementScope } = authorizer.jwt;
  switch (scopeRefusal(authorizer.jwt, admitted.value.scopes, access)) {
    case null:
      return ok('admitted');
    case 'lacks_management_scope':
      return refuse({ reason: 'access_denied', message: `The token lacks the scope ${managementScope}` });
    case 'has_wallet_scope': {
      const message = 'A token of the page of wallets may not pay: use one without its scope';
      return refuse({ reason: 'access_denied', message });
    }
    case 'has_management_scope': {
      const message = `A token with the scope ${managementScope} manages sessions and may not pay: use one without it`;
      return refuse({ reason: 'access_denied', message });
    }
  }
}

/** The role's ARN, or the client of a token; nothing where neither is known, and for a client that looks like an ARN. */
export function callerOf({ claims, callerArn }: Principal): string {
  if (claims === null) return callerArn ?? '';
  const [client] = clientsOf(claims);
  return client === undefined || client.startsWith('arn:') ? '' : client;
}

/** The refusal that stands for a manager that does not exist. */
export function noManager({ claims }: Principal): Result<never, Refusal> {
  return claims === null
    ? refuse({ reason: 'not_found', resource: 'manager' })
    : refuse({ reason: 'token_not_admitted', check: 'missing' });
}
