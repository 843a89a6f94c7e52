import { createEvmEndpoints, demanding } from '../../chains/evm/endpoints.ts';
import { findTokenFaults } from '../../chains/evm/token-contract.ts';
import { BursarError } from '../../client/index.ts';
import type { Answer } from '../../contract/client-types.ts';
import { parseUsdRate } from '../../domain/tokens/rate.ts';
import type { Invocation } from '../program/command.ts';
import { describeNetworkError } from '../program/failures.ts';
import { ownerOf } from '../target/ids.ts';
import { clientOf } from '../target/target.ts';
import { CliError } from '../terminal/outcome.ts';
import { accessOf, type OwnRpcUrls } from './chains.ts';
import { findingsOf, type Finding } from './finding.ts';

type ListedAsset = Answer<'ListAssets'>['assets'][number];

const table = findingsOf('assets', 'tokens of the deployment');
const MEND =
  'mend assets of the deployment (docs/reference/settings.md): what it says of a token must be what its contract says';

/** Holds every token of the deployment against its contract, as an endpoint of the doctor's own shows it; no seller is asked. */
export async function checkAssets(invocation: Invocation, rpcUrls: OwnRpcUrls): Promise<readonly Finding[]> {
  const { deps, target } = invocation;
  let assets: readonly ListedAsset[];
  try {
    const { paymentManagerArn, userId } = ownerOf(target);
    const client = clientOf(deps, target, 'management');
    ({ assets } = await client.call('ListAssets', { paymentManagerArn }, { userId }));
  } catch (error) {
    if (error instanceof CliError) return [table.skip('no manager is known')];
    const why = error instanceof BursarError ? error.message : describeNetworkError(error);
    if (why === null) throw error;
    return [table.skip(`they cannot be read: ${why}`)];
  }
  const asked = assets.filter(({ network }) => rpcUrls.has(network));
  const unasked = new Set(assets.filter(({ network }) => !rpcUrls.has(network)).map(({ network }) => network));
  const findings = await Promise.all(asked.map((asset) => checkAsset(invocation, asset, rpcUrls.get(asset.network)!)));
  if (unasked.size === 0) return findings;
  const detail = `${[...unasked].join(', ')}: not held against the chain`;
  return [...findings, table.skip(detail, 'name an endpoint of your own with --rpc-url NETWORK=URL')];
}

async function checkAsset({ deps }: Invocation, listed: ListedAsset, urls: readonly string[]): Promise<Finding> {
  const { network, address, symbol, decimals, domain, usdRate, payable } = listed;
  const what = findingsOf(`asset:${network}:${symbol}`, `${symbol} on ${network}`);
  const [domainName, domainVersion] = [domain?.name ?? null, domain?.version ?? null];
  const rate = usdRate === null ? null : parseUsdRate(usdRate.usd, usdRate.asOf);
  const asset = { symbol, address, decimals, domainName, domainVersion, rate };
  try {
    const endpoints = createEvmEndpoints(network, urls, accessOf(deps));
    const faults = await endpoints.use((ask) => findTokenFaults(demanding(ask), { network, asset }));
    if (faults.length > 0) return what.fail(`${address}: ${faults.join('; ')}`, MEND);
  } catch {
    return what.warn('not checked: its chain does not answer', 'name another endpoint with --rpc-url NETWORK=URL');
  }
  if (payable) return what.ok(`${address}, ${decimals} decimals, as its contract says`);
  return what.warn(`${address}: nothing is bought in it, since its rate is missing or too old`, 'set usdRates anew');
}
