import { ASSETS_EXPECTED, USD_RATES_EXPECTED, parseAssets, parseUsdRates } from '../../choices/assets.ts';
import { EURC } from '../../domain/tokens/eurc.ts';
import type { AssetChoice, BursarConfig, UsdRateChoice } from './config.ts';
import { Unexpected, parseObject } from './values.ts';

/** Tokens that a deployer names: context gives JSON, the environment its text. */
export function parseAssetList(value: unknown): readonly AssetChoice[] {
  const list: unknown = typeof value === 'string' ? parseJson(value) : value;
  if (parseAssets(list) === null) throw new Unexpected(ASSETS_EXPECTED);
  return list as readonly AssetChoice[];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Unexpected(ASSETS_EXPECTED);
  }
}

export function parseRates(value: unknown): Readonly<Record<string, UsdRateChoice>> {
  const object = parseObject(value);
  if (parseUsdRates(object) === null) throw new Unexpected(USD_RATES_EXPECTED);
  return object as Readonly<Record<string, UsdRateChoice>>;
}

/** What is wrong with tokens beside the other choices. */
export function unusableTokens({ assets, usdRates, allowedNetworks, withdrawalAddresses }: BursarConfig): string[] {
  const pinned = allowedNetworks.flatMap((id) => EURC.get(id) ?? []);
  const symbols = new Set([...pinned, ...assets].map(({ symbol }) => symbol));
  const contracts = new Set<string>([...pinned, ...assets].map(({ address }) => address));
  return [
    ...assets
      .filter(({ network }) => !allowedNetworks.includes(network))
      .map(({ symbol, network }) => `assets names ${symbol} on ${network}, which allowedNetworks does not`),
    ...Object.keys(usdRates)
      .filter((symbol) => !symbols.has(symbol))
      .map((symbol) => `usdRates names ${symbol}, which no token on allowedNetworks is called`),
    ...withdrawalAddresses
      .filter((address) => contracts.has(address))
      .map((address) => `withdrawalAddresses has ${address}: a token keeps what it gets for ever`),
  ];
}

/** The variables by which functions learn of tokens: none where a deployment pays in USDC alone. */
export function tokenVariables({
  assets,
  usdRates,
  usdRateMaxAgeDays,
}: BursarConfig): Readonly<Record<string, string>> {
  return {
    ...(assets.length === 0 ? {} : { ASSETS: JSON.stringify(assets) }),
    ...(Object.keys(usdRates).length === 0
      ? {}
      : { USD_RATES: JSON.stringify(usdRates), USD_RATE_MAX_AGE_DAYS: String(usdRateMaxAgeDays) }),
  };
}
