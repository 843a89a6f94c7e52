import type { CdpFetch } from './cdp-fetch.ts';
import type { CdpPaused } from './cdp-shapes.ts';
import { AS_A_PROGRAM, hasTerms, isPage, type PageAnswer, type PagePayments, type PageProof } from './page-payments.ts';
import { askingPage, isSameOrigin, toKind } from './payable-resource.ts';
import type { PageResource } from './options.ts';

/** Requests that are kept in mind until they are answered for good; the oldest is forgotten beyond it. */
const CHAINS_MAX = 1_000;

interface CdpPayments {
  readonly browser: CdpFetch;
  readonly payments: PagePayments;
  /** That of the page which the session is attached to. */
  readonly mainFrameId: unknown;
}

/** A request with all that its redirects lead to, and how far its payment is. */
interface Chain {
  readonly firstUrl: string;
  step: Step;
}

type Step =
  | { readonly name: 'asking' }
  /** Once more, as a program would, because the answer was a page without terms. */
  | { readonly name: 'asking_as_program' }
  /** Once more as at first: what is answered now is for the page. */
  | { readonly name: 'asking_in_vain' }
  | { readonly name: 'presenting'; readonly proof: PageProof }
  | { readonly name: 'done' };

/** Passes each request on that is paused, before it is sent and before its answer is read, and pays in between where that is wanted. */
export function createNavigations(world: CdpPayments): (paused: CdpPaused) => Promise<void> {
  const chains = new Map<string, Chain>();
  return async (paused) => {
    const { requestId: id, redirectedRequestId: before = id, request } = paused;
    const chain = chains.get(id) ?? chains.get(before) ?? { firstUrl: request.url, step: { name: 'asking' } };
    const answer = answerOf(paused);
    if (answer === 'none') {
      chains.delete(before);
      chains.set(id, chain);
      const [oldest] = chains.keys();
      if (chains.size > CHAINS_MAX) chains.delete(oldest!);
      return world.browser.proceed(paused, headersFor(chain.step, paused));
    }
    const goesOn = await takeAnswer(paused, answer, { chain, ...world });
    if (goesOn === 'over') chains.delete(id);
  };
}

/** `none`: it was not sent yet; `null`: it failed. */
function answerOf({
  responseStatusCode,
  responseErrorReason,
  responseHeaders = [],
}: CdpPaused): PageAnswer | null | 'none' {
  if (responseErrorReason !== undefined) return null;
  return responseStatusCode === undefined
    ? 'none'
    : { status: responseStatusCode, headers: responseHeaders, body: null };
}

/** What the browser's own headers are replaced by; `undefined` leaves them. */
function headersFor(step: Step, { request }: CdpPaused): PageAnswer['headers'] | undefined {
  const added =
    step.name === 'presenting' ? step.proof : step.name === 'asking_as_program' ? { headers: AS_A_PROGRAM } : null;
  // Where the browser goes elsewhere by itself, to https for instance, a proof does not go along.
  if (added === null || (step.name === 'presenting' && request.url !== step.proof.payment.url)) return undefined;
  const names = new Set(added.headers.map(({ name }) => name.toLowerCase()));
  // The browser adds the cookies that it has then.
  const own = Object.entries(request.headers).filter(
    ([name]) => !names.has(name.toLowerCase()) && name.toLowerCase() !== 'cookie',
  );
  return [...own.map(([name, value]) => ({ name, value })), ...added.headers];
}

interface Taking extends CdpPayments {
  readonly chain: Chain;
}

/** `over`: nothing more comes of this request. */
async function takeAnswer(
  paused: CdpPaused,
  answer: PageAnswer | null,
  { chain, ...world }: Taking,
): Promise<'over' | 'goes_on'> {
  const { browser, payments } = world;
  const { step, firstUrl } = chain;
  const passOn = async () => {
    await browser.proceed(paused);
    return answer !== null && answer.status >= 300 && answer.status < 400 ? 'goes_on' : 'over';
  };
  const sendAgain = async (next: Step) => {
    chain.step = next;
    await browser.sendAgain(paused);
    return 'goes_on' as const;
  };
  if (step.name === 'presenting') {
    chain.step = { name: 'done' };
    await payments.conclude(step.proof, answer);
    return passOn();
  }
  if (answer?.status !== 402)
    return step.name === 'asking_as_program' ? sendAgain({ name: 'asking_in_vain' }) : passOn();
  if (step.name === 'done' || step.name === 'asking_in_vain') return passOn();

  const resource = await describe(paused, world);
  if (resource === null || !payments.concerns(resource)) return passOn();
  if (!isSameOrigin(firstUrl, resource.url)) {
    payments.refuse(
      resource.url,
      `${new URL(firstUrl).origin} redirected to ${resource.url}, which asks for a payment; nothing was paid`,
    );
    return passOn();
  }
  const isToBeAsked = step.name === 'asking' && isPage(answer) && !hasTerms(answer) && resource.method === 'GET';
  if (isToBeAsked) return sendAgain({ name: 'asking_as_program' });
  const body = hasTerms(answer) || isPage(answer) ? null : await browser.takeBody(paused);
  const proof = await payments.pay({ ...resource, body: browser.bodyOf(paused) }, { ...answer, body });
  if (proof !== null) {
    try {
      return await sendAgain({ name: 'presenting', proof });
    } catch (error) {
      await payments.conclude(proof, null);
      throw error;
    }
  }
  if (step.name === 'asking_as_program') return sendAgain({ name: 'asking_in_vain' });
  if (body === null) return passOn();
  await browser.fulfill(paused, body);
  return 'over';
}

/** `null`: nobody's page, but a worker's. */
async function describe(paused: CdpPaused, { browser, mainFrameId }: CdpPayments): Promise<PageResource | null> {
  const { request, frameId, resourceType } = paused;
  const { url, method } = request;
  const isNavigation = resourceType === 'Document';
  if (isNavigation && frameId === mainFrameId) return { url, method, kind: 'document', pageUrl: null };
  const pages = await browser.pagesTo(frameId);
  if (pages.length === 0) return null;
  // A frame's document is asked for by the pages around it.
  if (isNavigation) return { url, method, kind: 'frame', pageUrl: askingPage(url, pages.slice(0, -1)) };
  return { url, method, kind: toKind(resourceType), pageUrl: askingPage(url, pages) };
}
