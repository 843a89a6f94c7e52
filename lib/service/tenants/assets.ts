import { NETWORKS, type NetworkId } from '../../domain/assets.ts';
import type { Arn } from '../../domain/ids.ts';
import { toBaseUnits } from '../../domain/money.ts';
import type { TokenSource } from '../../domain/ports/services.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { ok, type Result } from '../../domain/result.ts';
import type { Principal } from '../../domain/tenants/principal.ts';
import type { OfferedAsset } from '../../domain/tokens/token.ts';
import { findManager, type FindManagerDeps } from './managers.ts';

interface AssetDeps extends FindManagerDeps {
  readonly tokens: TokenSource;
  readonly allowedNetworks: ReadonlySet<string>;
}

/** A token of the deployment, and whether anything is bought in it now. */
interface ListedAsset {
  readonly network: NetworkId;
  readonly asset: OfferedAsset;
  readonly payable: boolean;
}

/** The tokens that the deployment pays in: of each network its USDC, then those that are pinned or named. The same for every user. */
export async function listAssets(
  deps: AssetDeps,
  principal: Principal,
  input: { readonly manager: Arn<string> | null },
): Promise<Result<readonly ListedAsset[], Refusal>> {
  const manager = await findManager(deps, principal, 'read', input.manager);
  if (!manager.ok) return manager;
  const table = await deps.tokens();
  const find = table.finderAt(deps.clock.now());
  const networks = NETWORKS.filter(({ id }) => deps.allowedNetworks.has(id));
  const listed = networks.flatMap(({ id, usdc }): ListedAsset[] => [
    { network: id, asset: usdc, payable: true },
    ...table.ofNetwork(id).map((asset) => {
      const payable = find(id, asset.address, toBaseUnits(1n))?.flaw === null;
      return { network: id, asset, payable };
    }),
  ]);
  return ok(listed);
}
