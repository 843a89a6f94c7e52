import { composeServeWalletPage } from '../lib/functions/serve-wallet-page.ts';

export const handler = composeServeWalletPage(process.env);
