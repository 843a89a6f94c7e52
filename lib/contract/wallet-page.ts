/** Where the pages of wallets are. */
export const WALLET_PAGE_PATH = '/wallet';

/** What is served to anybody beside the operations: the page, what it is made of, the session that a link opens, and how the
 * users of a manager sign in. */
export const PAGE_ROUTES = [
  'GET /wallet',
  'GET /wallet/page.js',
  'GET /wallet/page.css',
  'POST /wallet/session',
  'DELETE /wallet/session',
  'GET /wallet/{paymentManagerId}',
  'GET /wallet/{paymentManagerId}/sign-in',
] as const;
export type PageRoute = (typeof PAGE_ROUTES)[number];
