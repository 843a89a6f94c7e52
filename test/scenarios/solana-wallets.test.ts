import {
  AccessDeniedException,
  CreatePaymentInstrumentCommand,
  GetPaymentInstrumentCommand,
} from '@aws-sdk/client-bedrock-agentcore';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { failureOf, withAwsClients } from './aws-tenant.ts';
import { createCoinbaseWallet } from './coinbase-tenant.ts';
import { payFrom, type ProviderWallet } from './provider-tenant.ts';
import { clientOf, newToken, newUser, sellerOf, withStack } from './scene.ts';
import { expectAccessible, PHONE } from './wallet-pages.ts';

const scene = withStack();
const aws = withAwsClients(scene);
const cdp = () => scene.stack.services.coinbaseCdp;

const MAIN = 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp';
const DEVNET = 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1';
const UNSUPPORTED = { errorName: 'AccessDeniedException', code: 'bursar:unsupported_wallet' };

const open = (owner: 'end user' | 'project') => createCoinbaseWallet(scene, aws, owner, 'SOLANA');
const addressOf = ({ address }: ProviderWallet): string => address;

describe('a wallet of Solana', () => {
  test('is made once for a client token, and shown', async () => {
    const { userId, names } = await open('project');
    const { paymentInstrument: first } = await aws.backend.send(new GetPaymentInstrumentCommand({ userId, ...names }));
    const command = () =>
      new CreatePaymentInstrumentCommand({
        userId,
        paymentManagerArn: names.paymentManagerArn,
        paymentConnectorId: first!.paymentConnectorId,
        paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
        paymentInstrumentDetails: { embeddedCryptoWallet: { network: 'SOLANA', linkedAccounts: [] } },
        clientToken,
      });
    const clientToken = newToken();
    const [made, again] = [await aws.backend.send(command()), await aws.backend.send(command())];
    const wallet = made.paymentInstrument!.paymentInstrumentDetails!.embeddedCryptoWallet!;
    expect(again.paymentInstrument).toEqual(made.paymentInstrument);
    expect(wallet.network).toBe('SOLANA');
    expect(cdp().project.solanaAccounts()).toContainEqual(
      expect.objectContaining({ address: wallet.walletAddress, name: made.paymentInstrument!.paymentInstrumentId }),
    );
    const client = clientOf(scene.stack, 'management');
    const { paymentInstruments } = await client.call(
      'ListPaymentInstruments',
      { paymentManagerArn: names.paymentManagerArn },
      { userId },
    );
    expect(paymentInstruments.length).toBe(2);
  });

  test('pays nothing in any way, also where its user has let it, and nothing is held', async () => {
    const wallet = await open('end user');
    const { userId, names, paymentSessionId } = wallet;
    expect(wallet.redirectUrl).toBe(cdp().hubUrl);
    expect(await wallet.delegation()).toEqual({ status: 'INACTIVE' });
    const account = cdp()
      .project.solanaAccounts()
      .find(({ address }) => address === addressOf(wallet))!;
    const body = new URLSearchParams({ userId: account.userId!, days: '30', grant: 'yes' });
    expect((await fetch(wallet.redirectUrl!, { method: 'POST', body, redirect: 'manual' })).status).toBe(303);
    expect(await wallet.delegation()).toMatchObject({ status: 'ACTIVE' });

    const refused = await failureOf((await payFrom(wallet, scene, aws)).answering);
    expect(refused).toBeInstanceOf(AccessDeniedException);
    expect(refused).toMatchObject({ message: expect.stringContaining('Solana') as string });

    const { url } = sellerOf(scene.stack, 'weather');
    const response = await fetch(url);
    const challenge = {
      status: 402,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    } as const;
    const met = { request: { method: 'GET', url }, challenge };
    const agent = clientOf(scene.stack, 'processPayment');
    const payer = { ...names, paymentSessionId };
    const withdrawal = {
      ...names,
      network: 'eip155:84532',
      amount: { value: '1.00', currency: 'USD' },
      destination: scene.stack.info.withdrawalAddresses[0]!,
      clientToken: newToken(),
    } as const;
    const backend = clientOf(scene.stack, 'management');
    const treasury = clientOf(scene.stack, 'treasury');
    const { paymentInstrument } = await backend.call('GetPaymentInstrument', names, { userId });
    const { paymentConnectorId } = paymentInstrument;
    for (const asked of [
      () => agent.call('QuoteChallenge', { ...payer, ...met }, { userId }),
      () => agent.call('PayChallenge', { ...payer, ...met, clientToken: newToken() }, { userId }),
      () => treasury.call('CreateWithdrawal', withdrawal, { userId }),
      () => treasury.call('GetInstrumentFunds', names, { userId }),
      () => backend.call('RequestAllowance', { ...names, network: 'eip155:84532' }, { userId }),
      () =>
        backend.call(
          'GetPaymentInstrumentBalance',
          { ...names, paymentConnectorId, chain: 'BASE_SEPOLIA', token: 'USDC' },
          { userId },
        ),
    ])
      expect(await failureOf(asked()), asked.toString()).toMatchObject(UNSUPPORTED);
    expect(await wallet.books()).toEqual(['0.00', '0.00']);

    const revoked = await backend.call('RevokeWalletDelegation', names, { userId });
    expect(revoked.paymentInstrument.delegation).toEqual({ status: 'INACTIVE' });
  });

  test('is brought test money, and a page on which some is bought, by Coinbase', async () => {
    const { userId, names, ...wallet } = await open('project');
    const address: string = wallet.address;
    const client = clientOf(scene.stack, 'management');
    const { testFunds } = await client.call('RequestTestFunds', { ...names, network: DEVNET }, { userId });
    expect(testFunds).toMatchObject({ walletAddress: address, network: DEVNET });
    const { onrampSession } = await client.call('CreateOnrampSession', { ...names, network: MAIN }, { userId });
    expect(await (await fetch(onrampSession.url)).text()).toContain(address);

    const unavailable = { errorName: 'ValidationException', code: 'bursar:funding_unavailable' };
    expect(await failureOf(client.call('RequestTestFunds', { ...names, network: MAIN }, { userId }))).toMatchObject(
      unavailable,
    );
    for (const network of ['eip155:84532', `solana:${'1'.repeat(32)}`]) {
      const asked = client.call('RequestTestFunds', { ...names, network }, { userId });
      expect(await failureOf(asked)).toMatchObject({ status: 400, code: null });
    }
    const foreign = client.call('RequestTestFunds', { ...names, network: DEVNET }, { userId: newUser() });
    expect(await failureOf(foreign)).toMatchObject({ status: 404 });
    const evm = await createCoinbaseWallet(scene, aws, 'project');
    const other = client.call('RequestTestFunds', { ...evm.names, network: DEVNET }, { userId: evm.userId });
    expect(await failureOf(other)).toMatchObject({ status: 400, code: null });
  });
});

describe('the page of a wallet of Solana', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  test('shows where money goes, and that nothing is paid from it', async () => {
    const wallet = await open('end user');
    const { walletLink } = await clientOf(scene.stack, 'management').call('CreateWalletLink', wallet.names, {
      userId: wallet.userId,
    });
    const page = await (await browser.newContext({ viewport: PHONE })).newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(walletLink.url);
    await page.getByRole('button', { name: 'Open my wallet' }).click();
    await page.getByText('nothing can be paid from it yet').waitFor();
    expect(await page.locator('.state').innerText()).toBe('Cannot pay yet');
    expect(
      await page
        .locator('.address')
        .first()
        .evaluate((each) => each.textContent),
    ).toBe(wallet.address);
    await page.getByText(/Send USDC on Solana( or Solana Devnet \(test network\))? to this address/).waitFor();
    await page.getByRole('button', { name: 'Buy USDC on Solana' }).click();
    await page.getByRole('link', { name: /^Go on to / }).waitFor();
    await expectAccessible(page);
    expect(complaints).toEqual([]);
  });
});
