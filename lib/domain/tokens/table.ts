import { NETWORKS, findNetwork, type NetworkId } from '../assets.ts';
import { LEDGER_AMOUNT_MAX } from '../limits.ts';
import type { BaseUnits } from '../money.ts';
import type { EpochMs } from '../time.ts';
import { EURC } from './eurc.ts';
import type { TokenFinder, TokenFlaw } from './finder.ts';
import { isInForce } from './rate.ts';
import { usdValueOf, type OfferedAsset, type Token, type UsdRate } from './token.ts';

/** A token as a deployment names it; what it costs stands with its symbol. */
export interface NamedToken extends Omit<Token, 'rate'> {
  readonly network: NetworkId;
}

/** What a deployment says of the tokens that it pays in besides USDC. */
export interface TokenSettings {
  readonly assets: readonly NamedToken[];
  /** By symbol: a token costs the same on all networks. */
  readonly rates: ReadonlyMap<string, UsdRate>;
  /** How old a rate may be. */
  readonly rateMaxAgeDays: number;
}

/** The tokens that a deployment knows besides USDC: those that are pinned, and those that it names itself. */
export interface TokenTable {
  ofNetwork(network: NetworkId): readonly Token[];
  /** @param address in any case */
  find(network: NetworkId, address: string): Token | undefined;
  /** What may be paid at an instant. */
  finderAt(now: EpochMs): TokenFinder;
  /** What was ever known, whatever its rate: for a payment that is not made but found. */
  readonly anyFinder: TokenFinder;
}

export function createTokenTable({ assets, rates, rateMaxAgeDays }: TokenSettings): TokenTable {
  const byNetwork = new Map<NetworkId, readonly Token[]>(
    NETWORKS.map(({ id }) => {
      const pinned = EURC.get(id);
      const named = assets.filter(({ network }) => network === id).map(({ network: _network, ...token }) => token);
      const known = pinned === undefined ? named : [pinned, ...named];
      return [id, known.map((token) => ({ ...token, rate: rates.get(token.symbol) ?? null }))];
    }),
  );
  const ofNetwork = (network: NetworkId) => byNetwork.get(network) ?? [];
  const find = (network: NetworkId, address: string) =>
    ofNetwork(network).find((token) => token.address.toLowerCase() === address.toLowerCase());
  const finder =
    (flawOf: (token: Token, amount: BaseUnits) => TokenFlaw | null): TokenFinder =>
    (network, address, amount) => {
      const token = find(network, address);
      if (token === undefined) return undefined;
      const flaw = flawOf(token, amount);
      const message = `Payment asset ${token.symbol} ${flaw?.message}`;
      return { token, flaw: flaw && { ...flaw, message } };
    };
  return {
    ofNetwork,
    find,
    finderAt: (now) => finder((token, amount) => rateFlaw(token, now, rateMaxAgeDays) ?? amountFlaw(token, amount)),
    anyFinder: finder(() => null),
  };
}

/** The rate is what keeps a seller's price within a budget: without one that somebody vouches for, nothing is bought. */
function rateFlaw({ rate }: Token, now: EpochMs, maxAgeDays: number): TokenFlaw | null {
  if (rate === null) {
    const message = 'has no rate in US dollars in this deployment. Its setting usdRates has to give one';
    return { code: 'asset_without_rate', message };
  }
  if (isInForce(rate, now, maxAgeDays)) return null;
  const message = `has a rate in US dollars of ${rate.asOf}, and rates are good for ${maxAgeDays} days (usdRateMaxAgeDays). The setting usdRates has to give a new one`;
  return { code: 'asset_rate_stale', message };
}

function amountFlaw(token: Token, amount: BaseUnits): TokenFlaw | null {
  if (usdValueOf(amount, token) <= LEDGER_AMOUNT_MAX) return null;
  return { code: 'amount_too_large', message: 'is asked for in an amount that costs more than the books can hold' };
}

/** An asset of a network by its symbol, USDC among them. */
export function assetBySymbol(table: TokenTable, network: NetworkId, symbol: string): OfferedAsset | undefined {
  const usdc = findNetwork(network)?.usdc;
  return usdc?.symbol === symbol ? usdc : table.ofNetwork(network).find((token) => token.symbol === symbol);
}
