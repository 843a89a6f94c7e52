import { memberOf } from '../../json/record.ts';
import { createCdpFetch } from './cdp-fetch.ts';
import { createNavigations } from './cdp-navigation.ts';
import type { CdpPaused, CdpSession } from './cdp-shapes.ts';
import type { PagePaymentOptions, PayingPages } from './options.ts';
import { createPagePayments } from './page-payments.ts';
import { createUnderWay } from './under-way.ts';

/**
 * Pays for what a page opens that a session of the Chrome DevTools Protocol is attached to: a document that is answered with 402 is
 * paid, and the browser asks for it once more, with the proof. It drops the proof at every redirect, and shows it to no page.
 * One navigation pays once. Frames in processes of their own have sessions of their own, and are not paid here.
 * Throws `TypeError` where an origin is none.
 */
export async function payOverCdp(session: CdpSession, options: PagePaymentOptions): Promise<PayingPages> {
  const payments = createPagePayments(options);
  const browser = createCdpFetch(session);
  const { follow, idle } = createUnderWay();
  // What the page's own process would say is not to be had while it waits for a document, as it does here.
  const target = memberOf(await session.send('Target.getTargetInfo'), 'targetInfo');
  const pass = createNavigations({ browser, payments, mainFrameId: memberOf(target, 'targetId') });
  // Whatever goes wrong here, a page does not wait for ever.
  const onPaused = (paused: CdpPaused) => void follow(pass(paused).catch(() => browser.proceed(paused)));
  session.on('Fetch.requestPaused', onPaused);
  const ofDocuments = (options.resources ?? 'documents') === 'documents' ? { resourceType: 'Document' } : {};
  const stages = ['Request', 'Response'] as const;
  const patterns = stages.map((requestStage) => ({ urlPattern: '*', requestStage, ...ofDocuments }));
  await session.send('Fetch.enable', { patterns });
  return {
    idle,
    stop: async () => {
      await idle();
      await session.send('Fetch.disable');
      session.off('Fetch.requestPaused', onPaused);
    },
  };
}
