import type { Browser, Page } from 'playwright-core';
import { encode } from 'uqr';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { withAwsClients } from './aws-tenant.ts';
import { createCoinbaseWallet } from './coinbase-tenant.ts';
import type { ProviderWallet } from './provider-tenant.ts';
import { expectAccessible, heading, PHONE } from './wallet-pages.ts';
import { clientOf, newUser, openSession, openWallet, withStack } from './scene.ts';

const scene = withStack();
const aws = withAwsClients(scene);

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
});

/** A page of a person who has never been here. What the browser complains of is kept. */
async function newPage(): Promise<{ readonly page: Page; readonly complaints: string[] }> {
  const context = await browser.newContext({ viewport: PHONE, permissions: ['clipboard-read', 'clipboard-write'] });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return { page, complaints };
}

async function linkTo(
  names: { readonly paymentManagerArn: string; readonly paymentInstrumentId: string },
  userId: string,
  choices: { readonly agentName?: string; readonly expiresInMinutes?: number } = {},
): Promise<string> {
  const { walletLink } = await clientOf(scene.stack, 'management').call(
    'CreateWalletLink',
    { ...names, ...choices },
    { userId },
  );
  return walletLink.url;
}

async function openLink(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByRole('button', { name: 'Open my wallet' }).click();
}

/** What a person does on the provider's page. */
async function grantAt(page: Page, { address }: ProviderWallet): Promise<void> {
  const [hub] = await Promise.all([page.context().waitForEvent('page'), page.locator('#grant').click()]);
  await hub.waitForLoadState();
  expect(await hub.evaluate(() => [document.referrer, window.opener])).toEqual(['', null]);
  await hub.locator('form', { hasText: address }).getByRole('button', { name: 'Grant' }).click();
  await hub.locator('form', { hasText: address }).getByText('granted until').waitFor();
  await hub.close();
}

describe('the page of a wallet', () => {
  test('shows who may spend how much before it is allowed, sees the grant, and takes it back', async () => {
    const wallet = await createCoinbaseWallet(scene, aws, 'end user');
    const { page, complaints } = await newPage();
    await page.goto(await linkTo(wallet.names, wallet.userId, { agentName: 'research-assistant' }));
    await heading(page, 'Your wallet page');
    // The secret is out of the address before anything else happens.
    expect(page.url()).toBe(`${scene.stack.info.endpoint}/wallet`);
    await expectAccessible(page);

    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await heading(page, 'Your wallet for Coinbase');
    const facts = page.getByRole('region', { name: 'Who spends, and how much' });
    const text = (await facts.innerText()).replaceAll(/\s+/g, ' ');
    for (const fact of [
      'Coinbase',
      'research-assistant',
      'Base Sepolia (test network)',
      'USD 5.00 left of 5.00, until',
    ])
      expect(text).toContain(fact);
    expect(await facts.locator('.address').evaluate((each) => each.textContent)).toBe(wallet.address);
    expect(await page.locator('.state').innerText()).toBe('You have allowed nothing');
    expect(await page.locator('#grant').getAttribute('rel')).toBe('noopener noreferrer');
    const order = await page.locator('section h2').allInnerTexts();
    expect(order).toEqual(['Who spends, and how much', 'Your permission', 'Money']);
    await page.getByText('0.00 USDC').waitFor();
    await expectAccessible(page);

    await page.getByRole('button', { name: 'Buy USDC on Base' }).click();
    const sold = page.getByRole('link', { name: /^Go on to / });
    await sold.waitFor();
    const href = (await sold.getAttribute('href'))!;
    expect(new URL(href).origin).toBe(new URL(scene.stack.services.coinbaseCdp.url).origin);
    expect([await sold.getAttribute('rel'), await sold.getAttribute('target')]).toEqual([
      'noopener noreferrer',
      '_blank',
    ]);
    await expectAccessible(page);

    await grantAt(page, wallet);
    await page.getByRole('button', { name: 'I have allowed it' }).click();
    await page.getByText('You allow payments').waitFor();
    expect(await wallet.delegation()).toMatchObject({ status: 'ACTIVE' });
    await expectAccessible(page);

    await page.getByRole('button', { name: 'Take my permission back' }).click();
    await page.getByRole('dialog').waitFor();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(await wallet.delegation()).toMatchObject({ status: 'ACTIVE' });
    await page.getByRole('button', { name: 'Take my permission back' }).click();
    await page.getByRole('button', { name: 'Take it back', exact: true }).click();
    await page.getByText('You have allowed nothing').waitFor();
    expect(await wallet.delegation()).toEqual({ status: 'INACTIVE' });
    expect(complaints).toEqual([]);
  });

  test('shows what comes in, and the address as text, as a code and to copy', async () => {
    const userId = newUser();
    const { info, chain } = scene.stack;
    const { address, instrumentId: paymentInstrumentId } = await openWallet(scene.stack, userId, 'SeedVault');
    await openSession(scene.stack, userId, '3.00');
    const { page, complaints } = await newPage();
    const { paymentManagerArn } = info;
    await openLink(page, await linkTo({ paymentManagerArn, paymentInstrumentId }, userId));
    await page.getByText('0.00 USDC').waitFor();
    expect(await page.locator('.state').innerText()).toBe('Kept by the application');
    expect(await page.locator('#revoke, #grant').count()).toBe(0);

    await chain.mint(address, 12_345_670n);
    await page.getByRole('button', { name: 'Read the balance again' }).click();
    await page.getByText('12.34567 USDC').waitFor();

    const modules = await page.locator('.code .dark').getAttribute('d');
    const dark = encode(address, { ecc: 'M', border: 4 }).data.flatMap((row, y) =>
      row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])),
    );
    expect(modules).toBe(dark.join(''));
    await page.getByRole('button', { name: 'Copy the address' }).click();
    await page.getByText('Copied').first().waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(address);
    await expectAccessible(page);
    expect(complaints).toEqual([]);
  });

  test('stays open in its tab when it is loaded anew, and no longer once its user signs out', async () => {
    const wallet = await createCoinbaseWallet(scene, aws, 'end user');
    const { page } = await newPage();
    await openLink(page, await linkTo(wallet.names, wallet.userId));
    await heading(page, 'Your wallet for Coinbase');
    const kept = await page.evaluate(() => sessionStorage.getItem('bursar-wallet-page'));
    const { token } = JSON.parse(kept!) as { token: string };
    await page.reload();
    await heading(page, 'Your wallet for Coinbase');
    expect((await askWith(token, '/payments/getPaymentInstrument', {})).status).toBe(200);

    await page.getByRole('button', { name: 'Sign out' }).click();
    await heading(page, 'You are signed out');
    await expectAccessible(page);
    expect((await askWith(token, '/payments/getPaymentInstrument', {})).status).toBe(403);
    await page.reload();
    await heading(page, 'Wallet');
    await expectAccessible(page);
  });

  test('tells its user when their time is over, while they look at it', async () => {
    const wallet = await createCoinbaseWallet(scene, aws, 'end user');
    const { page } = await newPage();
    await openLink(page, await linkTo(wallet.names, wallet.userId));
    await page.getByText('0.00 USDC').waitFor();
    const kept = await page.evaluate(() => sessionStorage.getItem('bursar-wallet-page'));
    const headers = { authorization: `Bearer ${(JSON.parse(kept!) as { token: string }).token}` };
    await fetch(`${scene.stack.info.endpoint}/wallet/session`, { method: 'DELETE', headers });
    await page.getByRole('button', { name: 'Read the balance again' }).click();
    await heading(page, 'You are signed out');
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
  });

  test('says that there was no answer, and tries again', async () => {
    const wallet = await createCoinbaseWallet(scene, aws, 'end user');
    const { page } = await newPage();
    await page.goto(await linkTo(wallet.names, wallet.userId));
    await page.context().setOffline(true);
    await page.getByRole('button', { name: 'Open my wallet' }).click();
    await heading(page, 'That did not work');
    await expectAccessible(page);
    await page.context().setOffline(false);
    await page.getByRole('button', { name: 'Try again' }).click();
    await heading(page, 'Your wallet for Coinbase');
  });
});

describe('a link', () => {
  test('opens nothing a second time, or where it is not whole', async () => {
    const wallet = await createCoinbaseWallet(scene, aws, 'end user');
    const url = await linkTo(wallet.names, wallet.userId);
    const first = await newPage();
    await openLink(first.page, url);
    await heading(first.page, 'Your wallet for Coinbase');

    const second = await newPage();
    await openLink(second.page, url);
    await heading(second.page, 'This link opens nothing');
    await expectAccessible(second.page);

    const tampered = await linkTo(wallet.names, wallet.userId);
    const third = await newPage();
    await openLink(
      third.page,
      tampered.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')),
    );
    await heading(third.page, 'This link opens nothing');
    await third.page.goto(`${scene.stack.info.endpoint}/wallet#bwl_short`);
    await third.page.reload();
    await heading(third.page, 'Wallet');
  });

  test('is made by ManagementRole alone, for a user’s own wallet', async () => {
    const wallet = await createCoinbaseWallet(scene, aws, 'end user');
    for (const role of ['processPayment', 'observer', 'controlPlane', 'token', 'treasury'] as const) {
      const asked = clientOf(scene.stack, role).call('CreateWalletLink', wallet.names, { userId: wallet.userId });
      await expect(asked, role).rejects.toMatchObject({ status: 403 });
    }
    const foreign = clientOf(scene.stack, 'management').call('CreateWalletLink', wallet.names, { userId: newUser() });
    await expect(foreign).rejects.toMatchObject({ status: 404 });
  });

  test('opens what it is for and nothing else, whoever has its session', async () => {
    const [own, other] = [
      await createCoinbaseWallet(scene, aws, 'end user'),
      await createCoinbaseWallet(scene, aws, 'end user'),
    ];
    const secret = (await linkTo(own.names, own.userId)).split('#')[1]!;
    const opened = await fetch(`${scene.stack.info.endpoint}/wallet/session`, {
      method: 'POST',
      body: JSON.stringify({ secret }),
    });
    const { token } = (await opened.json()) as { token: string };
    const { paymentManagerArn, paymentInstrumentId } = own.names;
    expect((await askWith(token, '/payments/getPaymentInstrument', own.names)).status).toBe(200);
    const ways = ['/payments/getPaymentInstrument', '/bursar/revokeWalletDelegation', '/bursar/getWalletOverview'];
    for (const path of [...ways, '/bursar/createOnrampSession'])
      expect((await askWith(token, path, other.names)).status, path).toBe(404);

    const elsewhere: readonly [string, object][] = [
      ['/payments/createPaymentSession', { paymentManagerArn, expiryTimeInMinutes: 60 }],
      ['/payments/listPaymentInstruments', { paymentManagerArn }],
      ['/bursar/requestTestFunds', { ...own.names, network: 'eip155:84532' }],
      ['/payments/listPaymentSessions', { paymentManagerArn }],
      ['/payments/deletePaymentInstrument', own.names],
      ['/payments/processPayment', { paymentManagerArn, paymentInstrumentId }],
    ];
    for (const [path, body] of elsewhere) expect((await askWith(token, path, body)).status, path).toBe(403);
    const printed = scene.logs.map(({ line }) => line).join('\n');
    expect(printed).toContain('page.served');
    for (const each of [secret, token]) expect(printed).not.toContain(each);
  });
});

function askWith(token: string, path: string, body: object): Promise<Response> {
  return fetch(`${scene.stack.info.endpoint}/oauth${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}
