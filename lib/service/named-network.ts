import { findNetwork, type Network } from '../domain/assets.ts';
import type { Refusal } from '../domain/refusal.ts';
import { solanaNetworksBeside, type SolanaNetwork } from '../domain/tenants/solana.ts';
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

/** The network of Solana that a request names, or the only one beside the networks of the deployment. */
export function pickSolanaNetwork(allowed: ReadonlySet<string>, named: string | null): Result<SolanaNetwork, Refusal> {
  const networks = solanaNetworksBeside(allowed);
  const found = networks.filter(({ id }) => named === null || id === named);
  if (found.length === 1) return ok(found[0]!);
  const message = `network must be one of Solana for this wallet: ${networks.map(({ id }) => id).join(', ')}. Received: ${named ?? 'none'}`;
  return refuse({ reason: 'invalid_request', problems: [{ name: 'network', message }] });
}
