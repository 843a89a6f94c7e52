import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requestToken } from '../../lib/local/issuer/request-token.ts';
import { launchChromium } from '../support/chromium.ts';
import { expectAccessible, heading, PHONE } from './wallet-pages.ts';
import { newToken, newUser, withStack } from './scene.ts';

const scene = withStack();
let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
});

const jwt = () => scene.stack.info.jwt;

async function newPage(): Promise<{ readonly page: Page; readonly complaints: string[] }> {
  const page = await (await browser.newContext({ viewport: PHONE })).newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return { page, complaints };
}

async function signIn(page: Page, userId: string): Promise<void> {
  await page.goto(jwt().walletPage);
  await heading(page, 'Your wallet');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await heading(page, 'Sign in (local)');
  await page.getByLabel('User id').fill(userId);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** The application's own token, whose user the client itself is; it makes a wallet. */
async function openWallet(
  type: 'SeedVault' | 'CoinbaseCDP',
): Promise<{ readonly userId: string; readonly id: string }> {
  const { tokenEndpoint, clients, paymentManagerArn, paymentConnectorIds } = jwt();
  const token = await requestToken({ tokenEndpoint, ...clients.management });
  const linkedAccounts = type === 'SeedVault' ? [] : [{ email: { emailAddress: `${newToken()}@example.com` } }];
  const answer = await ask(token, '/payments/createPaymentInstrument', {
    paymentManagerArn,
    paymentConnectorId: paymentConnectorIds[type],
    paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
    paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'ETHEREUM', linkedAccounts } },
    clientToken: newToken(),
  });
  expect(answer.status).toBe(201);
  const { paymentInstrument } = (await answer.json()) as { paymentInstrument: { paymentInstrumentId: string } };
  return { userId: clients.management.clientId, id: paymentInstrument.paymentInstrumentId };
}

function ask(token: string, path: string, body: object): Promise<Response> {
  return fetch(jwt().endpoint + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

test('a user signs in at the issuer, sees the wallet, and takes a permission back that was given', async () => {
  const { userId, id } = await openWallet('CoinbaseCDP');
  const { page, complaints } = await newPage();
  await signIn(page, userId);
  await heading(page, 'Your wallet for tokens');
  // Neither code nor state is left in the address.
  expect(page.url()).toBe(jwt().walletPage);
  await page.getByText('0.00 USDC').waitFor();
  await expectAccessible(page);

  const kept = JSON.parse((await page.evaluate(() => sessionStorage.getItem('bursar-wallet-page')))!) as {
    token: string;
    paymentInstrumentId: string;
  };
  expect(kept.paymentInstrumentId).toBe(id);
  const { project } = scene.stack.services.coinbaseCdp;
  const account = project.accounts().at(-1)!;
  const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
  project.setDelegation({ userId: account.userId!, address: null, expiresAt, revoked: false });
  await page.reload();
  await page.getByText('You allow payments').waitFor();
  await page.getByRole('button', { name: 'Take my permission back' }).click();
  await page.getByRole('button', { name: 'Take it back', exact: true }).click();
  await page.getByText('You have allowed nothing').waitFor();
  expect(complaints).toEqual([]);

  // The page's token looks after wallets: it opens no budget, and pays nothing.
  const { paymentManagerArn } = jwt();
  const names = { paymentManagerArn, paymentInstrumentId: id };
  expect((await ask(kept.token, '/bursar/getWalletOverview', names)).status).toBe(200);
  const session = { paymentManagerArn, expiryTimeInMinutes: 60, clientToken: newToken() };
  expect((await ask(kept.token, '/payments/createPaymentSession', session)).status).toBe(403);
  expect((await ask(kept.token, '/payments/deletePaymentInstrument', names)).status).not.toBe(200);
  const agent = await requestToken({ tokenEndpoint: jwt().tokenEndpoint, ...jwt().clients.agent });
  expect((await ask(agent, '/bursar/revokeWalletDelegation', names)).status).toBe(403);

  await openWallet('SeedVault');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await heading(page, 'You are signed out');
  await signIn(page, userId).catch(() => undefined);
  await heading(page, 'Your wallets');
  await expectAccessible(page);
  await page.locator(`#${id}`).click();
  await heading(page, 'Your wallet for tokens');
});

test('a user without a wallet is told so, and an answer that nobody asked for opens nothing', async () => {
  const { page } = await newPage();
  await signIn(page, newUser());
  await heading(page, 'You have no wallet yet');
  await expectAccessible(page);

  const other = await newPage();
  await other.page.goto(`${jwt().walletPage}?code=stolen&state=guessed`);
  await other.page.getByRole('alert').waitFor();
  expect(other.page.url()).toBe(jwt().walletPage);
  expect(await other.page.evaluate(() => sessionStorage.length)).toBe(0);
  await expectAccessible(other.page);
});

test('a manager whose users do not sign in says so, whether it is there or not', async () => {
  const { page } = await newPage();
  const signed = scene.stack.info.paymentManagerArn.split('/').at(-1)!;
  for (const id of [signed, 'nobody-0123456789']) {
    await page.goto(`${scene.stack.info.endpoint}/wallet/${id}`);
    await heading(page, 'There is no sign-in here');
  }
  await expectAccessible(page);
  const served = await fetch(jwt().walletPage);
  expect(served.headers.get('content-security-policy')).toContain(
    `connect-src 'self' ${new URL(jwt().tokenEndpoint).origin};`,
  );
});
