import { findNetwork, type Network } from '../domain/assets.ts';
import type { Refusal } from '../domain/refusal.ts';
import { ok, refuse, type Result } from '../domain/result.ts';

/** The network that a request names, or the only one of the deployment where it names none. */
export function pickNetwork(allowed: ReadonlySet<string>, named: string | null): Result<Network, Refusal> {
  const [only, ...others] = allowed;
  const id = named ?? (others.length === 0 ? only : undefined);
  const network = id === undefined ? undefined : findNetwork(id);
  if (network !== undefined && allowed.has(network.id)) return ok(network);
  const message = `network must be one of the networks of this deployment: ${[...allowed].join(', ')}. Received: ${named ?? 'none'}`;
  return refuse({ reason: 'invalid_request', problems: [{ name: 'network', message }] });
}
