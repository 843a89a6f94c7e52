export type { PagePaymentEvent, PagePaymentOptions, PageResource, PayingPages } from './options.ts';
export { payInPlaywright } from './playwright.ts';
export type { PlaywrightTarget } from './playwright-shapes.ts';
export { payOverCdp } from './cdp.ts';
export type { CdpSession } from './cdp-shapes.ts';
