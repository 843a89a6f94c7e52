import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { HTTPFacilitatorClient, x402HTTPResourceServer, x402ResourceServer } from '@x402/core/server';
import { ExactEvmScheme } from '@x402/evm/exact/server';
import { paymentMiddlewareFromHTTPServer as sellByExpress } from '@x402/express';
import {
  createEIP712OfferReceiptIssuer,
  createOfferReceiptExtension,
  declareOfferReceiptExtension,
} from '@x402/extensions/offer-receipt';
import { declarePaymentIdentifierExtension } from '@x402/extensions/payment-identifier';
import { paymentMiddlewareFromHTTPServer as sellByHono } from '@x402/hono';
import express from 'express';
import { Hono } from 'hono';
import { paymentMiddleware as sellByExpressV1 } from 'x402-express';
import { LOOPBACK } from '../../../lib/domain/loopback.ts';
import { close, listen } from '../../../lib/local/loopback/server.ts';

/** A seller made of one official package. */
export interface OfficialSeller {
  /** Without a proxy before it. */
  readonly port: number;
  readonly payTo: `0x${string}`;
  close(): Promise<void>;
}

export interface SellerSettings {
  readonly payTo: `0x${string}`;
  readonly facilitatorUrl: string;
}

/** What all of them sell, for a cent each. */
export const PATHS = ['/data', '/identified', '/described'] as const;
const PRICE = '$0.01';
const NETWORK = 'eip155:84532';
const GOODS = { goods: 'delivered' };

type TypedDataSigner = Parameters<typeof createEIP712OfferReceiptIssuer>[1];

function createServerOf(facilitatorUrl: string): x402ResourceServer {
  const server = new x402ResourceServer(new HTTPFacilitatorClient({ url: facilitatorUrl }));
  return server.register(NETWORK, new ExactEvmScheme());
}

async function createSale({ payTo, facilitatorUrl }: SellerSettings): Promise<x402HTTPResourceServer> {
  const server = createServerOf(facilitatorUrl);
  const accepts = [{ scheme: 'exact', price: PRICE, network: NETWORK, payTo }] as const;
  const sale = new x402HTTPResourceServer(server, {
    '/data': { accepts: [...accepts], description: '', mimeType: 'application/json' },
    '/identified': {
      accepts: [...accepts],
      extensions: { 'payment-identifier': declarePaymentIdentifierExtension(true) },
    },
    '/described': { accepts: [...accepts], description: 'priced – in “cents”', resource: 'sku-described' },
  });
  await sale.initialize();
  return sale;
}

async function sellWith(settings: SellerSettings, answer: Parameters<typeof createServer>[1]) {
  const server = createServer(answer);
  const port = await listen(server, 0);
  return { port, payTo: settings.payTo, close: () => close(server) };
}

export async function startExpress(settings: SellerSettings): Promise<OfficialSeller> {
  const app = express();
  app.use(sellByExpress(await createSale(settings), undefined, undefined, false));
  app.all('/*path', (_request, response) => void response.json(GOODS));
  return sellWith(settings, app);
}

/** Signs its offers, the dearer first, and a receipt of each settlement. */
export async function startSigning(
  { payTo, facilitatorUrl }: SellerSettings,
  sign: TypedDataSigner,
): Promise<OfficialSeller> {
  const server = createServerOf(facilitatorUrl);
  server.registerExtension(createOfferReceiptExtension(createEIP712OfferReceiptIssuer(`did:pkh:${payTo}`, sign)));
  const offer = { scheme: 'exact', network: NETWORK, payTo } as const;
  const sale = new x402HTTPResourceServer(server, {
    '/signed': {
      accepts: [
        { ...offer, price: '$0.02' },
        { ...offer, price: PRICE },
      ],
      extensions: declareOfferReceiptExtension(),
    },
  });
  await sale.initialize();
  const app = express();
  app.use(sellByExpress(sale, undefined, undefined, false));
  app.all('/*path', (_request, response) => void response.json(GOODS));
  return sellWith({ payTo, facilitatorUrl }, app);
}

export async function startHono(settings: SellerSettings): Promise<OfficialSeller> {
  const app = new Hono();
  app.use(sellByHono(await createSale(settings), undefined, undefined, false));
  app.all('/*', (context) => context.json(GOODS));
  const listener = getRequestListener(app.fetch);
  return sellWith(settings, (request, response) => void listener(request, response));
}

export async function startExpressV1(settings: SellerSettings): Promise<OfficialSeller> {
  const app = express();
  const network = 'base-sepolia' as const;
  const url = settings.facilitatorUrl as `${string}://${string}`;
  const routes = {
    '/data': { price: PRICE, network },
    '/identified': { price: PRICE, network, config: { outputSchema: { constructor: { type: 'string' } } } },
    '/described': { price: PRICE, network, config: { description: 'priced', maxTimeoutSeconds: 604_800 } },
  };
  app.use(sellByExpressV1(settings.payTo, routes, { url }));
  app.all('/*path', (_request, response) => void response.json(GOODS));
  return sellWith(settings, app);
}

export const urlOf = ({ port }: OfficialSeller, path: string): string => `http://${LOOPBACK}:${port}${path}`;
