import { join } from 'node:path';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBursarClient } from '../../../lib/client/index.ts';
import { requestToken } from '../../../lib/local/issuer/request-token.ts';
import type { LocalStack } from '../../../lib/local/stack.ts';
import { openTokenOrder } from '../../../scripts/packages/orders.ts';
import type { Order } from '../../package/buyer.ts';
import { startQuietly } from '../../scenarios/scene.ts';
import { withBrowser } from './paying-page.ts';
import { openSite, page as show, sell, type Site } from './site.ts';

// An agent that runs in a page: between the browser and the API, which is of another origin, there is nothing.

const ROOT = join(import.meta.dirname, '..', '..', '..');
const STACK_TIMEOUT_MS = 180_000;
const { newPage } = withBrowser();

const pages = {
  '/': show('Agent'),
  '/data': sell({
    paid: (_visit, response) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end('{"figures":[1]}'),
  }),
};
let program = '';
let [listed, other]: Site[] = [];
let stack: LocalStack | null = null;

beforeAll(async () => {
  [listed, other] = [await openSite(pages), await openSite(pages)];
  stack = await startQuietly(null, { browserOrigins: [listed.origin, 'https://app.example'] });
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'test', 'package', 'in-page.ts')],
    tsconfig: join(ROOT, 'tsconfig.json'),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  });
  program = outputFiles[0]!.text;
}, STACK_TIMEOUT_MS);
afterAll(async () => {
  await stack?.close();
  await listed?.close();
  await other?.close();
}, STACK_TIMEOUT_MS);

/** A page of a site with the agent in it, and an order for the site's own data. */
async function openAgent(site: Site): Promise<{ readonly page: Page; readonly order: Order }> {
  const page = await newPage();
  await page.goto(site.origin);
  await page.addScriptTag({ type: 'module', content: program });
  await page.waitForFunction(() => Reflect.has(globalThis, 'buy'));
  return { page, order: { ...(await openTokenOrder(stack!.info)), seller: `${site.origin}/data` } };
}

const buyIn = (page: Page, order: Order) =>
  page.evaluate((given) => (Reflect.get(globalThis, 'buy') as (order: Order) => Promise<object>)(given), order);

async function spentIn({ session: { paymentManagerArn, paymentSessionId } }: Order): Promise<string> {
  const { endpoint, tokenEndpoint, clients } = stack!.info.jwt;
  const client = createBursarClient({ endpoint, token: () => requestToken({ tokenEndpoint, ...clients.management }) });
  const { paymentSession } = await client.call('GetPaymentSession', { paymentManagerArn, paymentSessionId });
  return paymentSession.spentAmount.value;
}

test('a page of a listed origin pays with a token, and reads why it is refused', async () => {
  const { page, order } = await openAgent(listed!);
  expect(await buyIn(page, order)).toEqual({ paid: ['0.50'], refusal: 'bursar:budget_exceeded' });
  expect(Number(await spentIn(order))).toBe(0.5);
});

test('a page of any other origin gets no answer, and nothing is paid', async () => {
  const { page, order } = await openAgent(other!);
  expect(await buyIn(page, order)).toEqual({ paid: [], refusal: null });
  expect(Number(await spentIn(order))).toBe(0);
});

test('what the gateway itself answers is readable, with the headers that name it', async () => {
  const { page, order } = await openAgent(listed!);
  const read = await page.evaluate(async (endpoint) => {
    const headers = { authorization: 'Bearer none', 'content-type': 'application/json' };
    const answer = await fetch(`${endpoint}/payments/processPayment`, { method: 'POST', headers, body: '{}' });
    return [answer.status, answer.headers.get('x-amzn-errortype'), answer.headers.has('x-amzn-requestid')];
  }, order.endpoint);
  expect(read).toEqual([403, 'AccessDeniedException', true]);
});

test('no page may call the signed operations, and no browser is asked for credentials of its own', async () => {
  const asked = { origin: listed!.origin, 'access-control-request-method': 'POST' };
  const ask = async (endpoint: string, headers: Record<string, string>) => {
    const answer = await fetch(`${endpoint}/payments/processPayment`, { method: 'OPTIONS', headers });
    return [
      answer.status,
      answer.headers.get('access-control-allow-origin'),
      answer.headers.has('access-control-allow-credentials'),
    ];
  };
  const { endpoint, jwt } = stack!.info;
  expect(await ask(jwt.endpoint, asked)).toEqual([204, listed!.origin, false]);
  expect(await ask(jwt.endpoint, { ...asked, origin: other!.origin })).toEqual([204, null, false]);
  expect((await ask(endpoint, asked))[0]).toBe(403);
});
