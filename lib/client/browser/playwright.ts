import type { PagePaymentOptions, PageResource, PayingPages } from './options.ts';
import {
  AS_A_PROGRAM,
  createPagePayments,
  hasTerms,
  isPage,
  type PageAnswer,
  type PagePayments,
} from './page-payments.ts';
import { askingPage, isSameOrigin, toKind } from './payable-resource.ts';
import type {
  PlaywrightAnswer,
  PlaywrightFrame,
  PlaywrightRequest,
  PlaywrightResponse,
  PlaywrightRoute,
  PlaywrightTarget,
} from './playwright-shapes.ts';
import { createUnderWay } from './under-way.ts';

const WEB = /^https?:/;
const REDIRECTS_MAX = 20;

/**
 * Pays for what a page of Playwright, or any page of a context, opens: a document that is answered with 402 is paid and asked for once
 * more with the proof, and the page gets that answer. The proof is sent by this process, to the address that asked for it and through
 * no redirect, and no page sees it. One navigation pays once. Playwright hands no redirects to routes: where one leads to a 402, within
 * its origin, the page is opened once more, for which `idle()` waits.
 * What the options do not concern goes on to other routes and to the network. Throws `TypeError` where an origin is none.
 */
export async function payInPlaywright(target: PlaywrightTarget, options: PagePaymentOptions): Promise<PayingPages> {
  const payments = createPagePayments(options);
  const { follow, idle } = createUnderWay();
  const paid = new WeakSet<PlaywrightRequest>();
  // Whatever goes wrong here, a page does not wait for ever.
  const onRoute = (route: PlaywrightRoute) =>
    follow(answer(route, { payments, paid }).catch(() => route.abort('failed')));
  const onResponse = (response: PlaywrightResponse) => void follow(openAgain(response, { payments, paid }));
  await target.route(WEB, onRoute);
  target.on('response', onResponse);
  return {
    idle,
    stop: async () => {
      target.off('response', onResponse);
      await target.unroute(WEB, onRoute);
      await idle();
    },
  };
}

interface Paying {
  readonly payments: PagePayments;
  /** Whose navigations have had their payment. */
  readonly paid: WeakSet<PlaywrightRequest>;
}

async function answer(route: PlaywrightRoute, { payments, paid }: Paying): Promise<void> {
  const request = route.request();
  const resource = describe(request);
  if (resource === null || !payments.concerns(resource)) return route.fallback();
  let first: PlaywrightAnswer;
  try {
    first = await route.fetch({ maxRedirects: 0 });
  } catch {
    // The browser finds out by itself what is wrong, and says it in its own words; but nothing is sent twice that may change something.
    return isQuestion(request) ? route.fallback() : route.abort('failed');
  }
  if (first.status() !== 402) return fulfill(route, first);
  const asked = await readTerms(route, first);
  const proof = await payments.pay({ ...resource, body: request.postDataBuffer() ?? new Uint8Array() }, asked);
  if (proof === null) return fulfill(route, first);
  paid.add(request);
  let second: PlaywrightAnswer;
  try {
    second = await route.fetch({ maxRedirects: 0, headers: withHeaders(request, proof.headers) });
  } catch {
    await payments.conclude(proof, null);
    return route.abort('failed');
  }
  await payments.conclude(proof, await read(second));
  await first.dispose();
  return fulfill(route, second);
}

/** The 402 with its terms. Where it is a page without any, the seller is asked once more, as by a program. */
async function readTerms(route: PlaywrightRoute, first: PlaywrightAnswer): Promise<PageAnswer> {
  const page = await read(first);
  if (!isPage(page) || hasTerms(page) || !isQuestion(route.request())) return page;
  const headers = withHeaders(route.request(), AS_A_PROGRAM);
  const asked = await route.fetch({ maxRedirects: 0, headers }).catch(() => null);
  if (asked === null) return page;
  const terms = await read(asked);
  await asked.dispose();
  return terms.status === 402 ? terms : page;
}

async function read(given: PlaywrightAnswer): Promise<PageAnswer> {
  const status = given.status();
  return { status, headers: given.headersArray(), body: status === 402 ? await given.text() : null };
}

function withHeaders(request: PlaywrightRequest, headers: PageAnswer['headers']): Record<string, string> {
  const own = headers.map(({ name, value }) => [name.toLowerCase(), value] as const);
  return { ...request.headers(), ...Object.fromEntries(own) };
}

async function fulfill(route: PlaywrightRoute, response: PlaywrightAnswer): Promise<void> {
  // Its own type of answer, which only Playwright makes.
  await route.fulfill({ response: response as never });
}

/** `null`: nobody's page, but a worker's. */
function describe(request: PlaywrightRequest): PageResource | null {
  const [url, method] = [request.url(), request.method()];
  const frame = frameOf(request);
  const around = frame?.parentFrame() ?? null;
  // A page that is still being opened has no frame yet, and no frames within it either.
  if (request.isNavigationRequest() && around === null) return { url, method, kind: 'document', pageUrl: null };
  if (frame === null) return null;
  const isFrame = request.isNavigationRequest();
  const pages = pagesFrom(isFrame ? around : frame);
  return { url, method, kind: isFrame ? 'frame' : toKind(request.resourceType()), pageUrl: askingPage(url, pages) };
}

/** The addresses of the pages around a frame, the topmost first, and its own. */
function pagesFrom(frame: PlaywrightFrame | null): readonly string[] {
  return frame === null ? [] : [...pagesFrom(frame.parentFrame()), frame.url()];
}

function frameOf(request: PlaywrightRequest): PlaywrightFrame | null {
  try {
    return request.frame();
  } catch {
    return null;
  }
}

/** Opens a page once more that a redirect led to, and that asks for a payment: then it comes by way of the route. */
async function openAgain(response: PlaywrightResponse, { payments, paid }: Paying): Promise<void> {
  const request = response.request();
  if (response.status() !== 402 || request.redirectedFrom() === null || !isQuestion(request)) return;
  const resource = describe(request);
  if (resource?.kind !== 'document' || !payments.concerns(resource)) return;
  const url = request.url();
  const chain = chainOf(request);
  if (chain.some((each) => paid.has(each))) return;
  const stranger = chain.find((each) => !isSameOrigin(each.url(), url));
  if (stranger !== undefined) {
    payments.refuse(
      url,
      `${new URL(stranger.url()).origin} redirected to ${url}, which asks for a payment; nothing was paid`,
    );
    return;
  }
  const frame = request.frame();
  await response.finished();
  // Whoever opened the page waits for it as well, and would be told that it was interrupted.
  await frame.waitForURL((at) => isSamePage(at.href, url), { waitUntil: 'load' });
  await frame.goto(url);
}

function chainOf(request: PlaywrightRequest): readonly PlaywrightRequest[] {
  const chain: PlaywrightRequest[] = [];
  for (
    let at: PlaywrightRequest | null = request;
    at !== null && chain.length <= REDIRECTS_MAX;
    at = at.redirectedFrom()
  )
    chain.push(at);
  return chain;
}

function isSamePage(one: string, other: string): boolean {
  return one.split('#')[0] === other.split('#')[0];
}

function isQuestion(request: PlaywrightRequest): boolean {
  return request.method() === 'GET';
}
