import { randomBytes } from 'node:crypto';
import { signedCaller } from '../../lib/domain/tenants/principal.ts';
import type { Session } from '../../lib/domain/payment/session.ts';
import { addMs } from '../../lib/domain/time.ts';
import type { PayChallengeRequest } from '../../lib/service/asking/pay-challenge.ts';
import { offer } from './functions.ts';
import type { PayingWorld } from './paying.ts';

export const SELLER_URL = 'https://api.seller.example/report';

/** A seller's 402 as a caller hands it over: version 2 in a header, or version 1 in a body. */
export function challengeOf(accepts: readonly unknown[], more: object = {}) {
  const document = { x402Version: 2, resource: { url: SELLER_URL }, accepts, ...more };
  return {
    headers: { 'Payment-Required': Buffer.from(JSON.stringify(document)).toString('base64') },
    body: '',
  } as const;
}

export function askingRequest(
  world: PayingWorld,
  session: Session,
  overrides: Partial<PayChallengeRequest> = {},
): PayChallengeRequest {
  return {
    managerId: session.managerId,
    principal: signedCaller(session.userId),
    agentName: null,
    sessionId: session.sessionId,
    instrumentId: world.instrument.instrumentId,
    clientToken: randomBytes(24).toString('hex'),
    deadline: addMs(world.deps.clock.now(), 15_000),
    request: { method: 'GET', url: SELLER_URL, tool: null, intent: null, bodyHash: null },
    challenge: challengeOf([offer()]),
    networks: null,
    maxPrice: null,
    resourceRule: 'related',
    replayOnly: false,
    quoteId: null,
    ...overrides,
  };
}
