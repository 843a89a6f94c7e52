import { expect, test } from 'vitest';
import { readInstrumentsConfig } from '../../lib/functions/runtime/config.ts';
import { createTenant, withFunctions } from '../support/functions.ts';

const functions = withFunctions({ WALLET_PAGE: 'https://wallet.example.com' });

test('links lead to the place that the deployment chose for the page, whatever the API is called by', async () => {
  const { paymentManagerArn, paymentInstrumentId } = await createTenant(functions);
  const { status, body } = await functions.call<{ walletLink: { url: string } }>('CreateWalletLink', {
    json: { paymentManagerArn, paymentInstrumentId },
    event: { headers: { 'X-Amzn-Bedrock-AgentCore-Payments-User-Id': 'user-1' } },
  });
  expect(status).toBe(201);
  expect(body.walletLink.url).toMatch(/^https:\/\/wallet\.example\.com\/wallet#bwl_[A-Za-z0-9_-]{43}$/);
});

test.each(['https://wallet.example.com/', 'https://wallet.example.com/wallet', 'true'])(
  'a place of the page that is %s is told at the start',
  (place) => {
    expect(() => readInstrumentsConfig({ WALLET_PAGE: place })).toThrow(
      `WALLET_PAGE must be served or an origin. Received: ${place}`,
    );
  },
);
