import type { DeclaredRequest } from '../../domain/offers/judge-offer.ts';
import type { SaidFacts } from '../policing/in-force.ts';

/** What a caller says of the request that met a 402. */
export function saidByRequest(agentName: string | null, request: DeclaredRequest): SaidFacts {
  const { method, url, tool, intent, bodyHash } = request;
  return { agentName, method, url, tool, intent, bodyHash };
}
