import { encode } from 'uqr';
import { describe, expect, test } from 'vitest';
import { OPERATIONS } from '../../lib/contract/operations.ts';
import { NETWORKS } from '../../lib/domain/assets.ts';
import { SOLANA_NETWORKS } from '../../lib/domain/tenants/solana.ts';
import { apiBase, PATHS, type PageOperation } from '../../lib/wallet-page/calls.ts';
import { pathOf } from '../../lib/wallet-page/code.ts';
import {
  describeLimit,
  describePermission,
  formatUnits,
  groupAddress,
  nameNetwork,
} from '../../lib/wallet-page/wording.ts';

const ADDRESS = '0x857b06519E91e3A54538791bDbb0E22373e36b66';

describe('the page', () => {
  test('asks operations where the contract has them, and only those that are open to it', () => {
    const open = Object.entries(OPERATIONS).filter(([, route]) => 'walletPage' in route && route.walletPage);
    const asked = Object.entries(PATHS).map(([name, path]) => [name, OPERATIONS[name as PageOperation], path] as const);
    for (const [, route, path] of asked) expect([route.method, route.path]).toEqual(['POST', path]);
    // Who has signed in may have several wallets; a link is for one.
    const ofLinks = asked.map(([name]) => name).filter((name) => name !== 'ListPaymentInstruments');
    expect(ofLinks.toSorted()).toEqual(open.map(([name]) => name).toSorted());
    for (const [, route] of asked) expect(['read', 'wallet']).toContain(route.oauth);
  });

  test.each([
    ['/v1/wallet', 'https://pay.example/v1'],
    ['/wallet', 'https://pay.example'],
    ['/v1/wallet/demo-0123456789', 'https://pay.example/v1'],
  ])('finds the API from %s', (pathname, base) => {
    expect(apiBase({ origin: 'https://pay.example', pathname })).toBe(base);
  });

  test('has a name for every network', () => {
    for (const { id, testnet } of [...NETWORKS, ...SOLANA_NETWORKS]) {
      const name = nameNetwork({ network: id, testnet });
      expect(name).not.toContain(':');
      expect(name.includes('test network')).toBe(testnet);
    }
  });
});

describe('amounts', () => {
  test.each([
    ['0', 6, '0.00'],
    ['1', 6, '0.000001'],
    ['500000', 6, '0.50'],
    ['12345678', 6, '12.345678'],
    ['1234567890000', 6, '1,234,567.89'],
    ['1000000', 6, '1.00'],
    ['5', 0, '5.00'],
    ['1', 18, '0.000000000000000001'],
  ])('%s of %i decimals are %s', (amount, decimals, text) => {
    expect(formatUnits(amount, decimals)).toBe(text);
  });

  test.each([
    [{ kind: 'perPayment', maxUsd: '1.00' }, 'At most USD 1.00 in one payment'],
    [{ kind: 'window', of: 'user', every: 'day', maxUsd: '5.00' }, 'At most USD 5.00 in a day in all'],
    [{ kind: 'sessionCap', of: 'payee', maxCount: 1 }, 'At most 1 payment to one seller, within one budget'],
    [{ kind: 'rate', of: 'agent', perSeconds: 7_200, maxCount: 3 }, 'At most 3 payments in 2 hours by one agent'],
    [{ kind: 'rate', of: 'user', perSeconds: 3_600, maxUsd: '2.00' }, 'At most USD 2.00 in an hour in all'],
    [{ kind: 'rate', of: 'user', perSeconds: 90, maxCount: 2 }, 'At most 2 payments in 90 seconds in all'],
  ] as const)('a limit %j is told as %s', (limit, text) => {
    expect(describeLimit({ scope: 'user', ...limit })).toBe(text);
  });
});

describe('permission', () => {
  const tell = ({
    status,
    network,
    delegation,
  }: {
    status: string;
    network: string;
    delegation?: object | undefined;
  }) =>
    describePermission({
      status,
      paymentInstrumentDetails: { embeddedCryptoWallet: { network } },
      ...(delegation === undefined ? {} : { delegation }),
    } as never);

  test.each([
    ['ACTIVE', { status: 'ACTIVE', expiresAt: '2026-12-29T12:00:00.000Z' }, 'given'],
    ['ACTIVE', { status: 'INACTIVE' }, 'missing'],
    ['ACTIVE', { status: 'UNKNOWN' }, 'unknown'],
    ['ACTIVE', { status: 'NOT_NEEDED' }, 'unneeded'],
    ['ACTIVE', undefined, 'unneeded'],
    ['INITIATED', undefined, 'missing'],
  ] as const)('of a wallet that is %s with %j is %s', (status, delegation, state) => {
    expect(tell({ status, network: 'ETHEREUM', delegation }).state).toBe(state);
  });

  test.each([
    [undefined, 'unneeded'],
    [{ status: 'INACTIVE' }, 'unneeded'],
    [{ status: 'ACTIVE', expiresAt: '2026-12-29T12:00:00.000Z' }, 'given'],
  ] as const)('of a wallet of Solana with %j is %s, and the page says that nothing is paid', (delegation, state) => {
    const told = tell({ status: 'ACTIVE', network: 'SOLANA', delegation });
    expect(told).toMatchObject({ state, label: 'Cannot pay yet' });
  });
});

test('an address is shown in groups that are the address again when they are copied', () => {
  expect(groupAddress(ADDRESS).join('')).toBe(ADDRESS);
  expect(groupAddress(ADDRESS)).toHaveLength(11);
});

test('the code has a dark module where the encoding of the address has one, and four light ones around', () => {
  const { d, size } = pathOf(ADDRESS);
  const drawn = new Set([...d.matchAll(/M(\d+) (\d+)h1v1h-1z/g)].map(([, x, y]) => `${x} ${y}`));
  const { data } = encode(ADDRESS, { ecc: 'M', border: 4 });
  const dark = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`${x} ${y}`] : [])));
  expect([...drawn].toSorted()).toEqual(dark.toSorted());
  const edges = [...drawn].flatMap((place) => place.split(' ').map(Number));
  expect([Math.min(...edges), Math.max(...edges)]).toEqual([4, size - 5]);
});
