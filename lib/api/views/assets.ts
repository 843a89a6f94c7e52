import type { Answer } from '../../contract/client-types.ts';
import type { NetworkId } from '../../domain/assets.ts';
import { formatUsdRate } from '../../domain/tokens/rate.ts';
import type { OfferedAsset } from '../../domain/tokens/token.ts';

export function toAssetsView(
  listed: readonly { readonly network: NetworkId; readonly asset: OfferedAsset; readonly payable: boolean }[],
): Answer<'ListAssets'> {
  const assets = listed.map(({ network, asset, payable }) => {
    const { address, symbol, decimals, domainName: name, domainVersion: version } = asset;
    const rate = 'rate' in asset ? asset.rate : null;
    return {
      network,
      address,
      symbol,
      decimals,
      domain: name === null || version === null ? null : { name, version },
      usdRate: rate === null ? null : { usd: formatUsdRate(rate), asOf: rate.asOf },
      payable,
    };
  });
  return { assets };
}
