import { parseAddress } from '../chains/evm/address.ts';
import { findNetwork } from '../domain/assets.ts';
import {
  ASSET_DECIMALS_MAX,
  CONFIGURED_ASSETS_MAX,
  USD_RATES_MAX,
  USD_RATE_AGE_MAX_DAYS,
  USD_RATE_DECIMALS,
} from '../domain/limits.ts';
import { COIN_SYMBOLS } from '../domain/tokens/coin.ts';
import { EURC } from '../domain/tokens/eurc.ts';
import { parseUsdRate } from '../domain/tokens/rate.ts';
import type { NamedToken } from '../domain/tokens/table.ts';
import type { UsdRate } from '../domain/tokens/token.ts';
import { isRecord } from '../json/record.ts';
import type { SecondsRange } from './values.ts';

const SYMBOL = /^[A-Za-z][A-Za-z0-9._-]{0,15}$/;
const DOMAIN_TEXT = /^[^\p{C}]{1,64}$/u;
const ZERO_ADDRESS = /^0x0{40}$/;
/** Symbols that mean something already: the dollars of a budget, and the coins of the chains. */
const TAKEN_SYMBOLS: ReadonlySet<string> = new Set(['USD', 'USDC', ...COIN_SYMBOLS]);
const ASSET_MEMBERS: ReadonlySet<string> = new Set(['network', 'address', 'symbol', 'decimals', 'name', 'version']);
const RATE_MEMBERS: ReadonlySet<string> = new Set(['usd', 'asOf']);

export const USD_RATE_AGE_RANGE: SecondsRange = { min: 1, max: USD_RATE_AGE_MAX_DAYS };

/** Completes "expected ...". */
export const ASSETS_EXPECTED = `a JSON list of at most ${CONFIGURED_ASSETS_MAX} tokens such as {"network":"eip155:8453","address":"0x...","symbol":"ACME","decimals":18,"name":"Acme Dollar","version":"1"}, each on a known network with its EIP-55 checksum and a symbol and address of its own there; name and version are those of its EIP-712 domain, and are left out for one that has no EIP-3009`;

/** Tokens that a deployer names, from JSON. `null`: they do not fit. */
export function parseAssets(value: unknown): readonly NamedToken[] | null {
  if (!Array.isArray(value) || value.length > CONFIGURED_ASSETS_MAX) return null;
  const assets = value.map(parseAsset);
  const known = assets.filter((asset) => asset !== null);
  const names = known.flatMap(({ network, address, symbol }) => [`${network} ${address}`, `${network} ${symbol}`]);
  return known.length === assets.length && new Set(names).size === names.length ? known : null;
}

function parseAsset(value: unknown): NamedToken | null {
  if (!isRecord(value) || !hasOnly(value, ASSET_MEMBERS)) return null;
  const { network: id, address, symbol, decimals, name = null, version = null } = value as Record<string, unknown>;
  const network = typeof id === 'string' ? findNetwork(id) : undefined;
  if (network === undefined || network.id !== id || typeof address !== 'string') return null;
  const checked = parseAddress(address);
  const pinned = [network.usdc.address, EURC.get(network.id)?.address];
  if (checked === null || checked !== address || ZERO_ADDRESS.test(address) || pinned.includes(checked)) return null;
  if (typeof symbol !== 'string' || !SYMBOL.test(symbol) || TAKEN_SYMBOLS.has(symbol)) return null;
  if (EURC.get(network.id)?.symbol === symbol) return null;
  if (!Number.isSafeInteger(decimals) || (decimals as number) < 0 || (decimals as number) > ASSET_DECIMALS_MAX)
    return null;
  if ((name === null) !== (version === null) || !isDomainText(name) || !isDomainText(version)) return null;
  return {
    network: network.id,
    address: checked,
    symbol,
    decimals: decimals as number,
    domainName: name,
    domainVersion: version,
  };
}

function isDomainText(value: unknown): value is string | null {
  return value === null || (typeof value === 'string' && DOMAIN_TEXT.test(value));
}

function hasOnly(value: object, members: ReadonlySet<string>): boolean {
  return Object.keys(value).every((name) => members.has(name));
}

/** Completes "expected ...". */
export const USD_RATES_EXPECTED = `a JSON object of at most ${USD_RATES_MAX} symbols of tokens other than USDC, each with what one whole token costs in dollars, at most ten million with at most ${USD_RATE_DECIMALS} decimals, and the day of which that is, such as {"EURC":{"usd":"1.17","asOf":"2026-11-20"}}`;

/** What tokens cost, by symbol, from JSON. `null`: it does not fit. */
export function parseUsdRates(value: unknown): ReadonlyMap<string, UsdRate> | null {
  if (!isRecord(value) || Object.keys(value).length > USD_RATES_MAX) return null;
  const rates = new Map<string, UsdRate>();
  for (const [symbol, said] of Object.entries(value)) {
    if (!SYMBOL.test(symbol) || symbol === 'USDC' || symbol === 'USD') return null;
    if (!isRecord(said) || !hasOnly(said, RATE_MEMBERS)) return null;
    const { usd, asOf } = said as Record<string, unknown>;
    const rate = parseUsdRate(usd, asOf);
    if (rate === null) return null;
    rates.set(symbol, rate);
  }
  return rates;
}
