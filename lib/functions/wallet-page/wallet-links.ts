import type { OperationHandler } from '../../api/function.ts';
import { baseUrlOf } from '../../api/http.ts';
import { toWalletLinkView } from '../../api/views/wallet-pages.ts';
import { WALLET_PAGE_PATH } from '../../contract/wallet-page.ts';
import { ok } from '../../domain/result.ts';
import { createWalletLink } from '../../service/tenants/wallet-links.ts';

/** Makes links to the page that stands beside the operations, under whichever name the caller has for them. */
export function createLinkHandler(deps: Parameters<typeof createWalletLink>[0]): OperationHandler<'CreateWalletLink'> {
  return async ({ input, principal, event }) => {
    const link = await createWalletLink(deps, principal, input);
    if (!link.ok) return link;
    const { secret, grant } = link.value;
    const { managerId, instrumentId } = grant;
    const walletLink = toWalletLinkView(baseUrlOf(event) + WALLET_PAGE_PATH, secret, grant.expiresAt);
    return ok({ body: { walletLink }, log: { managerId, instrumentId } });
  };
}
