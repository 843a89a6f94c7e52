import { createBoundedMap } from '../domain/bounded-map.ts';
import { BALANCES_SHOWN_MAX, BALANCE_SHOWN_MS } from '../domain/chain-limits.ts';
import type { ChainReader } from '../domain/ports/chains.ts';
import { addMs, type Clock, type EpochMs } from '../domain/time.ts';

export type BalanceReaders = ReadonlyMap<string, Pick<ChainReader, 'balanceOf'>>;

interface Shown {
  readonly until: EpochMs;
  readonly amount: Promise<bigint>;
}

/**
 * Readers of balances that are shown to people, who look again and again: one that was read a moment ago is shown once more. An empty
 * wallet is read anew, since whoever looks waits for money. Not for what decides anything.
 */
export function createShownBalances(readers: BalanceReaders, clock: Pick<Clock, 'now'>): BalanceReaders {
  const shown = createBoundedMap<string, Shown>(BALANCES_SHOWN_MAX);
  const read = (id: string, reader: Pick<ChainReader, 'balanceOf'>): ChainReader['balanceOf'] => {
    return (token, owner) => {
      const key = `${id} ${token} ${owner}`;
      const known = shown.get(key);
      if (known !== undefined && clock.now() < known.until) return known.amount;
      const amount = reader.balanceOf(token, owner);
      const entry = { until: addMs(clock.now(), BALANCE_SHOWN_MS), amount };
      const forget = (): void => {
        if (shown.get(key) === entry) shown.delete(key);
      };
      shown.set(key, entry);
      amount.then((units) => units === 0n && forget(), forget);
      return amount;
    };
  };
  return new Map([...readers].map(([id, reader]) => [id, { balanceOf: read(id, reader) }]));
}
