import { beforeAll, describe, expect, test } from 'vitest';
import { createTenant, withFunctions, type Tenant } from '../support/functions.ts';
import { BASE_SEPOLIA } from '../support/payments.ts';

const ACME = {
  network: BASE_SEPOLIA.id,
  address: '0x52908400098527886E0F7030069857D2E4169EE7',
  symbol: 'ACME',
  decimals: 18,
  name: 'Acme Dollar',
  version: '2',
};
const BARE = {
  network: BASE_SEPOLIA.id,
  address: '0x8617E340B3D01FA5F11F306F4090FD50E238070D',
  symbol: 'BARE',
  decimals: 2,
};
const today = new Date().toISOString().slice(0, 10);

const functions = withFunctions({
  ASSETS: JSON.stringify([ACME, BARE]),
  USD_RATES: JSON.stringify({ ACME: { usd: '0.1', asOf: today }, BARE: { usd: '2', asOf: '2020-01-01' } }),
  USD_RATE_MAX_AGE_DAYS: '30',
});
let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(functions);
});

interface Listed {
  readonly assets: readonly Record<string, unknown>[];
}

describe('ListAssets', () => {
  test('answers with the tokens of the networks that are paid on, their domains, rates, and whether they are paid in', async () => {
    const { status, body } = await functions.call<Listed>('ListAssets', { json: tenant });
    expect(status).toBe(200);
    const { usdc, id: network } = BASE_SEPOLIA;
    expect(body.assets).toEqual([
      {
        network,
        address: usdc.address,
        symbol: 'USDC',
        decimals: 6,
        domain: { name: 'USDC', version: '2' },
        usdRate: null,
        payable: true,
      },
      expect.objectContaining({ symbol: 'EURC', decimals: 6, usdRate: null, payable: false }),
      {
        network,
        address: ACME.address,
        symbol: 'ACME',
        decimals: 18,
        domain: { name: 'Acme Dollar', version: '2' },
        usdRate: { usd: '0.10', asOf: today },
        payable: true,
      },
      {
        network,
        address: BARE.address,
        symbol: 'BARE',
        decimals: 2,
        domain: null,
        usdRate: { usd: '2.00', asOf: '2020-01-01' },
        payable: false,
      },
    ]);
  });
});
