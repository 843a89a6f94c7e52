import { findNetworkByChain } from '../../domain/assets.ts';
import type { ChainReader } from '../../domain/ports/chains.ts';
import type { TokenSource } from '../../domain/ports/services.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { Principal } from '../../domain/tenants/principal.ts';
import type { EvmInstrument } from '../../domain/tenants/resources.ts';
import { assetBySymbol } from '../../domain/tokens/table.ts';
import type { OfferedAsset } from '../../domain/tokens/token.ts';
import { getInstrument, type InstrumentName, type InstrumentReadDeps } from './instruments.ts';
import { payingInstrument } from './paying-instrument.ts';

export interface BalanceDeps extends InstrumentReadDeps {
  readonly balances: ReadonlyMap<string, Pick<ChainReader, 'balanceOf'>>;
  readonly tokens: TokenSource;
}

export interface InstrumentBalance {
  readonly instrument: EvmInstrument;
  readonly asset: OfferedAsset;
  /** In the token's smallest unit. */
  readonly amount: bigint;
}

/** Reads what a wallet holds of a token, as an endpoint of its chain sees it. */
export async function getInstrumentBalance(
  deps: BalanceDeps,
  principal: Principal,
  input: InstrumentName & { readonly chain: string; readonly token: string },
): Promise<Result<InstrumentBalance, Refusal>> {
  const found = await getInstrument(deps, principal, input);
  if (!found.ok) return found;
  const paying = payingInstrument(found.value);
  if (!paying.ok) return paying;
  const { wallet, status } = paying.value;
  if (wallet === null) return refuse({ reason: 'instrument_not_active', status });
  const network = findNetworkByChain(input.chain);
  const reader = network === undefined ? undefined : deps.balances.get(network.id);
  if (network === undefined || reader === undefined) {
    const configured = [...deps.balances.keys()].join(', ');
    const message = `chain ${input.chain} has no RPC endpoint in this deployment; expected one of: ${configured}`;
    return refuse({ reason: 'invalid_request', problems: [{ name: 'chain', message }] });
  }
  const tokens = await deps.tokens();
  const asset = assetBySymbol(tokens, network.id, input.token);
  if (asset === undefined) {
    const known = [network.usdc, ...tokens.ofNetwork(network.id)].map(({ symbol }) => symbol).join(', ');
    const message = `token ${input.token} is none that this deployment knows on ${network.id}; expected one of: ${known}`;
    return refuse({ reason: 'invalid_request', problems: [{ name: 'token', message }] });
  }
  return ok({ instrument: paying.value, asset, amount: await reader.balanceOf(asset.address, wallet.address) });
}
