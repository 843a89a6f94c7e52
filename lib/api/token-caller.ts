import type { OperationRoute } from '../contract/route.ts';
import type { Refusal } from '../domain/refusal.ts';
import { ok, refuse, type Result } from '../domain/result.ts';
import { signedCaller, type Principal } from '../domain/tenants/principal.ts';
import { memberOf } from '../json/record.ts';
import { parseClaims } from '../jwt/claims-text.ts';
import type { ApiEvent } from './http.ts';

/** Who bears a token, and the members of the request's body with what the token says of them. */
export interface TokenCaller {
  readonly principal: Principal;
  readonly members: Readonly<Record<string, unknown>>;
}

/** What the authorizer hands over of the page of one wallet: as text, since API Gateway takes nothing deeper. */
export interface WalletPageContext {
  readonly paymentManagerArn: string;
  readonly paymentInstrumentId: string;
  readonly userId: string;
  readonly agentName: string | null;
}

/**
 * Reads who calls under `/oauth`; the user is the token's, whatever the header says. API Gateway sends nothing here that the authorizer
 * did not let pass.
 */
export function readTokenCaller(
  { requestContext: { authorizer } }: ApiEvent,
  route: OperationRoute,
  members: Readonly<Record<string, unknown>>,
): Result<TokenCaller, Refusal> {
  const page = authorizer?.['walletPage'];
  if (typeof page === 'string') return readPageCaller(parsePage(page), route, members);
  const text = authorizer?.['claims'];
  const claims = typeof text === 'string' ? parseClaims(text) : null;
  if (claims === null) throw new Error('a request under /oauth came without the claims of its token');
  return ok({ principal: { userId: claims.sub, claims }, members });
}

/** The page of one wallet says of that wallet alone what it may ask, and needs not name it. */
function readPageCaller(
  { paymentManagerArn, paymentInstrumentId, userId, agentName }: WalletPageContext,
  { walletPage = false }: OperationRoute,
  members: Readonly<Record<string, unknown>>,
): Result<TokenCaller, Refusal> {
  if (!walletPage) {
    return refuse({
      reason: 'access_denied',
      message: 'A link to the page of a wallet opens that page and nothing else',
    });
  }
  const own = { paymentManagerArn, paymentInstrumentId };
  const isOther = Object.entries(own).some(([name, value]) => (members[name] ?? value) !== value);
  if (isOther) return refuse({ reason: 'not_found', resource: 'instrument' });
  return ok({ principal: { ...signedCaller(userId), walletPage: { agentName } }, members: { ...members, ...own } });
}

export function formatPage(page: WalletPageContext): string {
  return JSON.stringify(page);
}

function parsePage(text: string): WalletPageContext {
  const page: unknown = JSON.parse(text);
  const read = (name: keyof WalletPageContext): string => {
    const value = memberOf(page, name);
    if (typeof value === 'string') return value;
    throw new Error(`the authorizer did not say ${name} of a wallet's page`);
  };
  return {
    paymentManagerArn: read('paymentManagerArn'),
    paymentInstrumentId: read('paymentInstrumentId'),
    userId: read('userId'),
    agentName: memberOf(page, 'agentName') === null ? null : read('agentName'),
  };
}
