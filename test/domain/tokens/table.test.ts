import { describe, expect, test } from 'vitest';
import { NETWORKS } from '../../../lib/domain/assets.ts';
import { LEDGER_AMOUNT_MAX } from '../../../lib/domain/limits.ts';
import { toBaseUnits } from '../../../lib/domain/money.ts';
import { ageInDays, formatUsdRate, isInForce, parseUsdRate } from '../../../lib/domain/tokens/rate.ts';
import { assetBySymbol, type NamedToken } from '../../../lib/domain/tokens/table.ts';
import { toEpochMs } from '../../../lib/domain/time.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';
import { tokenTable } from '../../support/tokens.ts';

const NOON = toEpochMs(Date.parse('2026-11-29T12:00:00Z'));
const { id } = BASE_SEPOLIA;
const EURC = '0x808456652fdb597867f38412077A9182bf77359F';
const ACME: NamedToken = {
  network: id,
  address: '0x52908400098527886E0F7030069857D2E4169EE7',
  symbol: 'ACME',
  decimals: 18,
  domainName: 'Acme Dollar',
  domainVersion: '1',
};

describe('a rate', () => {
  test.each([
    ['1.17', 1_170_000_000_000n],
    ['1', 1_000_000_000_000n],
    ['0.000000000001', 1n],
    ['9999999.999999999999', 9_999_999_999_999_999_999n],
  ])('%s is read', (usd, picoUsd) => {
    const rate = parseUsdRate(usd, '2026-11-20');
    expect(rate).toEqual({ picoUsd, asOf: '2026-11-20' });
    expect(parseUsdRate(formatUsdRate(rate!), '2026-11-20')).toEqual(rate);
  });

  test.each([
    [1n, '0.000000000001'],
    [1_000_000_000_000n, '1.00'],
    [1_100_000_000_000n, '1.10'],
    [10_170_000_000_000n, '10.17'],
    [1_234_500_000_000n, '1.2345'],
  ])('of %s is printed as %s', (picoUsd, usd) => {
    expect(formatUsdRate({ picoUsd, asOf: '2026-11-20' })).toBe(usd);
  });

  test.each(['0', '0.00', '-1', '1e3', '01', '.5', '5.', '10000000', '0.0000000000001', '', 1.17, null])(
    '%j is refused, and never rounded',
    (usd) => {
      expect(parseUsdRate(usd, '2026-11-20')).toBeNull();
    },
  );

  test.each(['2026-02-30', '2026-13-01', '2026-1-1', '20261120', '+012026-11-20', '2026-11-20 ', '', 20_261_120, null])(
    'of %j is refused',
    (asOf) => {
      expect(parseUsdRate('1.17', asOf)).toBeNull();
    },
  );

  test('ages by the days of UTC, and holds on the last day and a day ahead', () => {
    const of = (asOf: string) => ({ picoUsd: 1n, asOf });
    expect(ageInDays(of('2026-11-29'), NOON)).toBe(0);
    expect(ageInDays(of('2026-10-30'), NOON)).toBe(30);
    expect(isInForce(of('2026-10-30'), NOON, 30)).toBe(true);
    expect(isInForce(of('2026-10-29'), NOON, 30)).toBe(false);
    expect(isInForce(of('2026-11-30'), NOON, 30)).toBe(true);
    expect(isInForce(of('2026-12-01'), NOON, 30)).toBe(false);
  });
});

describe('the tokens of a deployment', () => {
  const rates = { EURC: { usd: '1.17', asOf: '2026-11-20' }, ACME: { usd: '2', asOf: '2026-11-20' } };
  const table = tokenTable({ assets: [ACME], usdRates: rates });
  const amount = toBaseUnits(1n);

  test('are those that are pinned and those that it names, each at its rate', () => {
    expect(table.ofNetwork(id).map(({ symbol, rate }) => [symbol, rate?.picoUsd])).toEqual([
      ['EURC', 1_170_000_000_000n],
      ['ACME', 2_000_000_000_000n],
    ]);
    expect(table.ofNetwork('eip155:10')).toEqual([]);
  });

  test('pins the euro of Circle, by the name that its contract on each network signs with', () => {
    const names = NETWORKS.flatMap(({ id: network }) =>
      tokenTable({})
        .ofNetwork(network)
        .map(({ domainName, domainVersion, decimals }) => [network, domainName, domainVersion, decimals]),
    );
    expect(names.toSorted()).toEqual(
      [
        ['eip155:8453', 'EURC', '2', 6],
        ['eip155:84532', 'EURC', '2', 6],
        ['eip155:1', 'Euro Coin', '2', 6],
        ['eip155:11155111', 'EURC', '2', 6],
        ['eip155:43114', 'Euro Coin', '2', 6],
        ['eip155:43113', 'Euro Coin', '2', 6],
      ].toSorted(),
    );
  });

  test('are found by their address in any case, on their own network alone', () => {
    const find = table.finderAt(NOON);
    expect(find(id, ACME.address.toLowerCase(), amount)).toMatchObject({ token: { symbol: 'ACME' }, flaw: null });
    expect(find(id, EURC, amount)).toMatchObject({ token: { symbol: 'EURC', domainName: 'EURC' }, flaw: null });
    expect(find('eip155:8453', ACME.address, amount)).toBeUndefined();
  });

  test('are not paid in without a rate, and the refusal names the setting', () => {
    const found = tokenTable({ assets: [ACME] }).finderAt(NOON)(id, EURC, amount);
    expect(found?.flaw).toMatchObject({ code: 'asset_without_rate', message: expect.stringContaining('usdRates') });
  });

  test.each(['2026-10-29', '2026-12-01', '2030-01-01'])('are not paid in at a rate of %s', (asOf) => {
    const old = tokenTable({ usdRates: { EURC: { usd: '1.17', asOf } } });
    const found = old.finderAt(NOON)(id, EURC, amount);
    expect(found?.flaw).toMatchObject({
      code: 'asset_rate_stale',
      message: expect.stringContaining('usdRateMaxAgeDays'),
    });
    expect(old.anyFinder(id, EURC, amount)?.flaw).toBeNull();
  });

  test('are not paid in amounts that the books cannot hold', () => {
    const dear = tokenTable({
      assets: [{ ...ACME, decimals: 0 }],
      usdRates: { ACME: { usd: '9999999', asOf: '2026-11-20' } },
    });
    const find = dear.finderAt(NOON);
    expect(find(id, ACME.address, toBaseUnits(10n ** 17n))?.flaw).toBeNull();
    expect(find(id, ACME.address, toBaseUnits(10n ** 18n))?.flaw).toEqual({
      code: 'amount_too_large',
      message: 'Payment asset ACME is asked for in an amount that costs more than the books can hold',
    });
    const par = tokenTable({
      assets: [{ ...ACME, decimals: 6 }],
      usdRates: { ACME: { usd: '1', asOf: '2026-11-20' } },
    });
    const flawOf = (value: bigint) => par.finderAt(NOON)(id, ACME.address, toBaseUnits(value))?.flaw?.code;
    expect([flawOf(LEDGER_AMOUNT_MAX), flawOf(LEDGER_AMOUNT_MAX + 1n)]).toEqual([undefined, 'amount_too_large']);
  });

  test('have their symbols beside USDC', () => {
    expect(assetBySymbol(table, id, 'USDC')).toBe(BASE_SEPOLIA.usdc);
    expect(assetBySymbol(table, id, 'ACME')?.address).toBe(ACME.address);
    expect(assetBySymbol(table, id, 'acme')).toBeUndefined();
  });
});
