import type { OperationHandler } from '../../api/function.ts';
import { baseUrlOf } from '../../api/http.ts';
import { toWalletLinkView } from '../../api/views/wallet-pages.ts';
import { WALLET_PAGE_PATH } from '../../contract/wallet-page.ts';
import { ok } from '../../domain/result.ts';
import { createWalletLink } from '../../service/tenants/wallet-links.ts';

interface LinkDeps {
  /** `served`: the page stands beside the operations, under whichever name the caller has for them. */
  readonly page: 'served' | { readonly origin: string } | null;
}

/** Makes links to the page of wallets. */
export function createLinkHandler(
  deps: Parameters<typeof createWalletLink>[0] & LinkDeps,
): OperationHandler<'CreateWalletLink'> {
  return async ({ input, principal, event }) => {
    const link = await createWalletLink(deps, principal, input);
    if (!link.ok) return link;
    const { secret, grant } = link.value;
    const { managerId, instrumentId } = grant;
    const base = typeof deps.page === 'object' && deps.page !== null ? deps.page.origin : baseUrlOf(event);
    const walletLink = toWalletLinkView(base + WALLET_PAGE_PATH, secret, grant.expiresAt);
    return ok({ body: { walletLink }, log: { managerId, instrumentId } });
  };
}
