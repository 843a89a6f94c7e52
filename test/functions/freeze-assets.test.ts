import { beforeAll, describe, expect, test } from 'vitest';
import { BASE_SEPOLIA } from '../support/payments.ts';
import { createTenant, paymentRequest, withFunctions, type Tenant } from '../support/functions.ts';

const NETWORK = 'eip155:84532';
const ACME = '0x52908400098527886E0F7030069857D2E4169EE7';
const EURC = '0x808456652fdb597867f38412077A9182bf77359F';
const OTHER = '0x857b06519E91e3A54538791bDbb0E22373e36b66';
const USDC = BASE_SEPOLIA.usdc.address;

interface FreezeBody {
  readonly freeze: { readonly frozen: boolean; readonly frozenAt?: string; readonly subject: object };
}

const named = { network: NETWORK, address: ACME, symbol: 'ACME', decimals: 18, name: 'Acme Dollar', version: '1' };
const functions = withFunctions({ ASSETS: JSON.stringify([named]) });
const { call } = functions;
let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(functions);
});

const body = (token: string, network = NETWORK) => ({
  paymentManagerArn: tenant.paymentManagerArn,
  subject: { asset: { network, token } },
});

describe('an asset is frozen', () => {
  test.each([
    ['USDC', 'USDC', USDC],
    [USDC.toLowerCase(), 'USDC', USDC],
    ['EURC', 'EURC', EURC],
    [EURC, 'EURC', EURC],
    ['ACME', 'ACME', ACME],
    [ACME, 'ACME', ACME],
    [OTHER, OTHER, OTHER],
  ])('by %s, shown as %s, listed, and thawed by its contract', async (asked, token, address) => {
    const frozen = await call<FreezeBody>('CreateFreeze', { json: body(asked, 'base-sepolia') });
    const subject = { asset: { network: NETWORK, token, address } };
    expect(frozen).toMatchObject({ status: 200, body: { freeze: { frozen: true, scope: 'asset', subject } } });
    const { paymentManagerArn } = tenant;
    const listed = await call<{ freezes: object[] }>('ListFreezes', { json: { paymentManagerArn } });
    expect(listed.body.freezes).toEqual([frozen.body.freeze]);
    const { frozenAt } = frozen.body.freeze;
    const ended = await call<FreezeBody>('EndFreeze', { json: { ...body(address), frozenAt } });
    expect(ended.body.freeze).toMatchObject({ frozen: false, subject });
  });

  test.each([
    ['EURC', 'eip155:137'],
    ['ACME', 'eip155:8453'],
    ['acme', NETWORK],
    ['DOGE', NETWORK],
    [`${OTHER.slice(0, -1)}A`, NETWORK],
    ['0x1234', NETWORK],
    ['', NETWORK],
  ])('by no name that means nothing: %s on %s', async (token, network) => {
    expect(await call('CreateFreeze', { json: body(token, network) })).toMatchObject({
      status: 400,
      body: { fieldList: [{ name: 'subject.asset.token' }] },
    });
  });

  test('so that nothing is paid in it, whatever name it was frozen by', async () => {
    const frozen = await call<FreezeBody>('CreateFreeze', { json: body(USDC) });
    const pay = () => call('ProcessPayment', { json: paymentRequest(tenant) });
    expect(await pay()).toMatchObject({
      status: 400,
      body: { fieldList: [{ name: 'bursar:frozen' }, { name: 'bursar:frozen_asset' }] },
    });
    await call('EndFreeze', { json: { ...body('USDC'), frozenAt: frozen.body.freeze.frozenAt } });
    expect((await pay()).status).toBe(200);
  });
});
