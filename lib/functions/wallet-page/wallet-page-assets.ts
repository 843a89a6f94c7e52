import type { PageAssets } from '../../api/wallet-page/document.ts';

/** The page of wallets. The bundler puts in what `lib/wallet-page` comes to; unbundled there is none. */
export const PAGE_ASSETS: PageAssets = { script: '', style: '' };
