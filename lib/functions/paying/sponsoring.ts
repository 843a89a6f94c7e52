import { createEvmEndpoints } from '../../chains/evm/endpoints.ts';
import { createPermitReader } from '../../chains/evm/permit-standing.ts';
import type { NetworkId } from '../../domain/assets.ts';
import type { Offer } from '../../domain/payment/payment.ts';
import type { AllowedPurchase } from '../../service/allowances/for-purchase.ts';
import { sponsoredOffer, type SponsoringDeps } from '../../service/allowances/sponsoring.ts';
import { systemClock } from '../runtime/runtime.ts';
import { payingAccess, readPayingUrls } from './chain-reads.ts';

/** Permits for sellers that pay for approvals, by the chains of `RPC_URLS`. Loaded with the first such seller. */
export function createSponsoring(
  env: NodeJS.ProcessEnv,
  deps: Pick<SponsoringDeps, 'payments' | 'schemeOf' | 'validityCapSeconds'>,
): (purchase: AllowedPurchase) => Promise<Offer | null> {
  const readers = new Map(
    Object.entries(readPayingUrls(env)).map(([id, urls]) => [
      id,
      createPermitReader(createEvmEndpoints(id as NetworkId, urls, payingAccess)),
    ]),
  );
  const readerOf = (network: string) => readers.get(network) ?? null;
  return (purchase) => sponsoredOffer({ ...deps, readerOf, clock: systemClock }, purchase);
}
