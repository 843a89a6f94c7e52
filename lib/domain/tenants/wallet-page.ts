/** The secret in a link to a wallet's page; it opens one session. Known by its beginning, to people and to scanners. */
export const WALLET_LINK_PREFIX = 'bwl_';
export const WALLET_LINK_SECRET = /^bwl_[A-Za-z0-9_-]{43}$/;
/** What the page of one wallet sends as its token. No token of an issuer looks like it: it has no dots. */
export const WALLET_PAGE_PREFIX = 'bwp_';
export const WALLET_PAGE_TOKEN = /^bwp_[A-Za-z0-9_-]{43}$/;
