import { NETWORKS } from '../../domain/assets.ts';
import type { BursarConfig } from './config.ts';

/** What a deployment that can move real money should choose and has not, in words for its deployer. Nothing of it is refused. */
export function adviseOn({ allowedNetworks, alarmEmail, assets, usdRates }: BursarConfig): readonly string[] {
  const allowed = NETWORKS.filter(({ id }) => allowedNetworks.includes(id));
  if (allowed.every(({ testnet }) => testnet)) return [];
  const tests = allowed.filter(({ testnet }) => testnet).map(({ id }) => id);
  return [
    ...(alarmEmail === null ? ['alarmEmail is not set: alarms go off, and nobody hears of them'] : []),
    ...assets
      .filter(({ symbol }) => usdRates[symbol] === undefined)
      .map(({ symbol }) => `assets names ${symbol}, for which usdRates has no rate: nothing is bought with it`),
    ...(tests.length === 0
      ? []
      : [
          `allowedNetworks has a testnet, ${tests.join(', ')}, beside real money: budgets count its worthless dollars too`,
        ]),
  ];
}
