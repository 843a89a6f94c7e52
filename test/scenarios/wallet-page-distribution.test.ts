import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALL_OPTIONS } from '../infra/options.ts';
import { synthesize } from '../infra/synthesis.ts';
import { launchChromium } from '../support/chromium.ts';
import { startDistribution, type PlayedDistribution } from '../support/distribution.ts';
import { withAwsClients } from './aws-tenant.ts';
import { createCoinbaseWallet } from './coinbase-tenant.ts';
import { clientOf, withStack } from './scene.ts';
import { heading, PHONE } from './wallet-pages.ts';

const scene = withStack();
const aws = withAwsClients(scene);

let browser: Browser;
let front: PlayedDistribution;
beforeAll(async () => {
  browser = await launchChromium();
  const { service } = await synthesize({ walletPageCloudFront: ALL_OPTIONS.walletPageCloudFront! });
  front = await startDistribution(service, new URL(scene.stack.info.endpoint).origin);
});
afterAll(async () => {
  await browser?.close();
  await front?.close();
});

async function newPage(): Promise<{ readonly page: Page; readonly complaints: string[] }> {
  const page = await (await browser.newContext({ viewport: PHONE })).newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return { page, complaints };
}

const headersOf = async (url: string): Promise<Record<string, string>> => {
  const { headers } = await fetch(url);
  const own = [...headers].filter(
    ([name]) => !/^(date|connection|keep-alive|x-am|content-length|apigw|traceresp)/.test(name),
  );
  return Object.fromEntries(own);
};

describe('the page of wallets behind the distribution', () => {
  test('works as a person uses it: a link is opened, the wallet is shown, leave is taken back', async () => {
    const wallet = await createCoinbaseWallet(scene, aws, 'end user');
    const { walletLink } = await clientOf(scene.stack, 'management').call('CreateWalletLink', wallet.names, {
      userId: wallet.userId,
    });
    const { page, complaints } = await newPage();
    await page.goto(`${front.origin}/wallet${new URL(walletLink.url).hash}`);
    await heading(page, 'Your wallet page');
    await page.getByRole('button', { name: 'Open my wallet' }).click();
    await heading(page, 'Your wallet for Coinbase');
    await page.getByText('0.00 USDC').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await heading(page, 'Signed out');
    expect(complaints).toEqual([]);
    expect(front.passed).toContain('DELETE /wallet/session');
    // The secret of the link is in a body alone.
    expect(front.passed.join()).not.toContain('bwl_');
    for (const asked of front.passed) expect(asked).not.toMatch(/^GET \/oauth|\?(?!v=)/);
  });

  test('has the headers that the API’s own has, its policy among them', async () => {
    const { endpoint, jwt } = scene.stack.info;
    const manager = `/wallet/${jwt.paymentManagerArn.split('/').at(-1)}`;
    for (const path of ['/wallet', manager, `${manager}/sign-in`, '/wallet/page.js?v=1', '/wallet/page.css?v=1']) {
      expect(await headersOf(front.origin + path), path).toEqual(await headersOf(endpoint + path));
    }
    const policy = (await headersOf(front.origin + manager))['content-security-policy'];
    expect(policy).toContain(`connect-src 'self' ${new URL(jwt.tokenEndpoint).origin}`);
  });

  test('keeps script and style by their versions, and nothing else', async () => {
    const asksFor = async (path: string): Promise<number> => {
      const before = front.passed.length;
      for (let n = 0; n < 2; n += 1) await (await fetch(front.origin + path)).arrayBuffer();
      return front.passed.length - before;
    };
    const document = await (await fetch(`${front.origin}/wallet`)).text();
    const [script] = /wallet\/page\.js\?v=\w+/.exec(document)!;
    await (await fetch(`${front.origin}/${script}`)).arrayBuffer();
    expect(await asksFor(`/${script}`)).toBe(0);
    expect(await asksFor(`/${script}&code=secret`)).toBe(0);
    // The version of another release, whose place the script of this one must not take.
    expect(await asksFor('/wallet/page.js?v=0123456789abcdef')).toBe(2);
    expect(await asksFor('/wallet')).toBe(2);
    expect(await asksFor('/wallet/none-0123456789/sign-in')).toBe(2);
  });

  test('brings what an issuer sends a browser back with no further than the browser', async () => {
    await fetch(`${front.origin}/wallet/bursar-0123456789?code=secret&state=one`);
    expect(front.passed.at(-1)).toBe('GET /wallet/bursar-0123456789');
  });

  test('lets nobody post elsewhere, and no token or signature through where none belongs', async () => {
    const { status } = await fetch(`${front.origin}/payments/processPayment`, { method: 'POST', body: '{}' });
    expect(status).toBe(403);
    expect(front.passed.at(-1)).not.toContain('processPayment');
    const headers = {
      authorization: 'AWS4-HMAC-SHA256 Credential=AKIA/1/2/3/aws4_request, SignedHeaders=host, Signature=0',
    };
    const read = await fetch(`${front.origin}/payments/managers/bursar-0123456789`, { headers });
    expect(read.status).toBe(403);
    expect(await read.text()).toContain('Missing Authentication Token');
  });
});
