import { HTTPFacilitatorClient, x402HTTPResourceServer, x402ResourceServer } from '@x402/core/server';
import { ExactEvmScheme } from '@x402/evm/exact/server';
import { paymentMiddlewareFromHTTPServer } from '@x402/express';
import express from 'express';
import { paymentMiddleware as paymentMiddlewareV1 } from 'x402-express';
import { serve } from '../../lib/local/sellers/facilitator.ts';
import type { LocalStack } from '../../lib/local/stack.ts';

interface Story {
  readonly path: string;
  readonly headline: string;
  readonly priceUsd: string;
  readonly protocolVersion: 1 | 2;
  readonly text: string;
}

/** The figures are invented. */
const STORIES: readonly Story[] = [
  {
    path: '/harbour',
    headline: 'What the new harbour costs',
    priceUsd: '0.25',
    protocolVersion: 2,
    text: 'The harbour will cost 412 million, a third more than was planned.',
  },
  {
    path: '/night-trains',
    headline: 'Night trains return',
    priceUsd: '0.40',
    protocolVersion: 1,
    text: 'From May a night train leaves for the coast on four days a week.',
  },
  {
    path: '/archive',
    headline: 'A century in one file',
    priceUsd: '0.60',
    protocolVersion: 2,
    text: 'Every page since 1926.',
  },
];

/** One of Anvil's published accounts, past those of the local stack's own sellers. */
const PUBLISHER_ACCOUNT = 30;

/**
 * A paper whose front page is free and whose stories cost money, by the official packages: browsers are shown a page that asks for a
 * wallet. What a story says is written by its script, so that there is nothing to read without a browser.
 */
export async function openNewspaper({ chain, info }: LocalStack): Promise<{ url: string; close(): Promise<void> }> {
  const payTo = chain.devAccount(PUBLISHER_ACCOUNT).address;
  const network = `eip155:${chain.chainId}` as const;
  const app = express();
  const sold = STORIES.filter(({ protocolVersion }) => protocolVersion === 2).map(({ path, priceUsd, headline }) => {
    const accepts = [{ scheme: 'exact', price: `$${priceUsd}`, network, payTo }];
    return [`GET ${path}`, { accepts, description: headline, mimeType: 'text/html' }];
  });
  const facilitator = new HTTPFacilitatorClient({ url: info.facilitator });
  const seller = new x402ResourceServer(facilitator).register(network, new ExactEvmScheme());
  const sale = new x402HTTPResourceServer(seller, Object.fromEntries(sold));
  await sale.initialize();
  app.use(paymentMiddlewareFromHTTPServer(sale, undefined, undefined, false));
  for (const { path, priceUsd, headline, protocolVersion } of STORIES) {
    if (protocolVersion !== 1) continue;
    const config = { description: headline, mimeType: 'text/html' };
    const route = { price: `$${priceUsd}`, network: 'base-sepolia' as const, config };
    app.use(paymentMiddlewareV1(payTo, { [`GET ${path}`]: route }, { url: info.facilitator as `http://${string}` }));
  }
  app.get('/', (_request, response) => {
    const links = STORIES.map(({ path, headline }) => `<li><a href="${path}">${headline}</a></li>`);
    response.send(toPage('The Northern Paper', `<ul>${links.join('')}</ul>`));
  });
  for (const { path, headline, text } of STORIES) {
    app.get(path, (_request, response) => {
      const script = `document.querySelector('p').textContent = ${JSON.stringify(text)};`;
      response.send(toPage(headline, `<p></p><script>${script}</script>`));
    });
  }
  return serve(app, 0);
}

function toPage(title: string, body: string): string {
  return `<!doctype html><html lang="en"><title>${title}</title><body><h1>${title}</h1>${body}</body></html>`;
}
