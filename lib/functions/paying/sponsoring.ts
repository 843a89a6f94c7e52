import { createEvmEndpoints } from '../../chains/evm/endpoints.ts';
import { createPermitReader } from '../../chains/evm/permit-standing.ts';
import type { NetworkId } from '../../domain/assets.ts';
import type { Offer } from '../../domain/payment/payment.ts';
import type { AllowedPurchase } from '../../service/allowances/for-purchase.ts';
import { sponsoredOffer, type SponsoringDeps } from '../../service/allowances/sponsoring.ts';
import { chainAccess } from '../runtime/chain-endpoints.ts';
import { systemClock } from '../runtime/runtime.ts';

/** What a payment may wait for its chain: one answer, and all of them. */
const [ANSWER_MAX_MS, READ_MAX_MS] = [1_500, 3_500];

/** Permits for sellers that pay for approvals, by the chains of `RPC_URLS`. Loaded with the first such seller. */
export function createSponsoring(
  env: NodeJS.ProcessEnv,
  deps: Pick<SponsoringDeps, 'payments' | 'schemeOf' | 'validityCapSeconds'>,
): (purchase: AllowedPurchase) => Promise<Offer | null> {
  const access = { ...chainAccess, timeoutMs: ANSWER_MAX_MS, totalMs: READ_MAX_MS };
  // As the deployment has checked it: what checks it is loaded by functions that ask chains at every start, and not here.
  const urls = JSON.parse(env['RPC_URLS'] ?? '{}') as Readonly<Record<string, string | readonly string[]>>;
  const readers = new Map(
    Object.entries(urls).map(([id, of]) => [
      id,
      createPermitReader(createEvmEndpoints(id as NetworkId, [of].flat(), access)),
    ]),
  );
  const readerOf = (network: string) => readers.get(network) ?? null;
  return (purchase) => sponsoredOffer({ ...deps, readerOf, clock: systemClock }, purchase);
}
