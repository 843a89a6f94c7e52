import { answerWith, type OperationHandler } from '../../api/function.ts';
import { toWalletOverviewView } from '../../api/views/wallet-pages.ts';
import { getWalletOverview, type WalletOverviewDeps } from '../../service/tenants/wallet-overview.ts';

/** What the page of a wallet shows before anybody is allowed to spend. */
export function createOverviewHandler(deps: WalletOverviewDeps): OperationHandler<'GetWalletOverview'> {
  return async ({ input, principal }) =>
    answerWith(await getWalletOverview(deps, principal, input), (overview) => ({
      walletOverview: toWalletOverviewView(overview),
    }));
}
