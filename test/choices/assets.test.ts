import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAssets, parseUsdRates } from '../../lib/choices/assets.ts';

const ACME = {
  network: 'eip155:84532',
  address: '0x52908400098527886E0F7030069857D2E4169EE7',
  symbol: 'ACME',
  decimals: 18,
  name: 'Acme Dollar',
  version: '1',
};

describe('a token that a deployer names', () => {
  test('is read with its domain', () => {
    expect(parseAssets([ACME])).toEqual([
      {
        network: ACME.network,
        address: ACME.address,
        symbol: 'ACME',
        decimals: 18,
        domainName: 'Acme Dollar',
        domainVersion: '1',
      },
    ]);
  });

  test('may have no domain, and is then paid by Permit2 alone', () => {
    const { name: _name, version: _version, ...bare } = ACME;
    expect(parseAssets([bare])).toMatchObject([{ domainName: null, domainVersion: null }]);
  });

  test.each([
    ['on a chain that is not known', { network: 'eip155:999' }],
    ['on a chain by another name', { network: 'base-sepolia' }],
    ['without its checksum', { address: ACME.address.toLowerCase() }],
    ['at nobody’s address', { address: `0x${'0'.repeat(40)}` }],
    ['at the address of USDC', { address: '0x036CbD53842c5426634e7929541eC2318f3dCF7e' }],
    ['at the address of EURC', { address: '0x808456652fdb597867f38412077A9182bf77359F' }],
    ['that calls itself USDC', { symbol: 'USDC' }],
    ['that calls itself EURC where EURC is', { symbol: 'EURC' }],
    ['that calls itself the coin of a chain', { symbol: 'ETH' }],
    ['that calls itself an address', { symbol: '0xabc' }],
    ['with more decimals than a token has', { decimals: 25 }],
    ['with decimals as text', { decimals: '18' }],
    ['with a part of a decimal', { decimals: 1.5 }],
    ['with half a domain', { version: undefined }],
    ['with a member that is none', { rate: '1.00' }],
    ['with a name that does not print', { name: 'Acme\u0000' }],
  ])('%s is refused', (_what, members) => {
    const asset = Object.fromEntries(
      Object.entries({ ...ACME, ...members }).filter(([, value]) => value !== undefined),
    );
    expect(parseAssets([asset])).toBeNull();
  });

  test('is named once on a network, by its address and by its symbol', () => {
    const other = { ...ACME, address: '0x8617E340B3D01FA5F11F306F4090FD50E238070D' };
    expect(parseAssets([ACME, ACME])).toBeNull();
    expect(parseAssets([ACME, other])).toBeNull();
    expect(parseAssets([ACME, { ...other, symbol: 'OTHER' }])).toHaveLength(2);
    expect(parseAssets([ACME, { ...ACME, network: 'eip155:8453' }])).toHaveLength(2);
  });
});

describe('what a token costs', () => {
  test('is read by its symbol', () => {
    const rates = parseUsdRates({ EURC: { usd: '1.17', asOf: '2026-11-20' } });
    expect(rates?.get('EURC')).toEqual({ picoUsd: 1_170_000_000_000n, asOf: '2026-11-20' });
  });

  test.each([
    ['of USDC, which is a dollar', { USDC: { usd: '1.00', asOf: '2026-11-20' } }],
    ['without a day', { EURC: { usd: '1.17' } }],
    ['with another member', { EURC: { usd: '1.17', asOf: '2026-11-20', by: 'me' } }],
    ['as a number', { EURC: { usd: 1.17, asOf: '2026-11-20' } }],
    ['as a text', '{"EURC":{}}'],
  ])('%s is refused', (_what, value) => {
    expect(parseUsdRates(value)).toBeNull();
  });
});

test('whatever JSON there is gives a list of tokens, rates, or nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(
        [parseAssets(value), parseUsdRates(value)].every((each) => each === null || typeof each === 'object'),
      ).toBe(true);
    }),
  );
});
