import { describe, expect, test } from 'vitest';
import { awsError, createReadyWorld, INSTRUMENT, json, MANAGER, WALLET, type Routes } from './world.ts';

const known = {
  paymentInstrumentId: INSTRUMENT,
  walletAddress: WALLET,
  network: 'eip155:84532',
  token: 'USDC',
  asset: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
  spender: '0x000000000022D473030F116dDEE9F6B43aC78BA3',
  status: 'REQUESTED',
  gas: { perDay: '2000000000000000', today: '84000000000000' },
} as const;

function open(allowance: object, routes: Routes = {}) {
  return createReadyWorld({ routes: { ...routes, '/allowances': () => json({ allowance }) } });
}

describe('allowance request', () => {
  test('asks before it asks for anything', async () => {
    const cli = open(known);
    expect(await cli.run('allowance', 'request', '--amount', '5.00')).toBe(3);
    expect(cli.seen).toEqual([]);
  });

  test('names wallet, network and amount, and tells what there is for gas', async () => {
    const cli = open({ ...known, requested: '5000000' });
    expect([
      await cli.run('allowance', 'request', '--amount', '5.00', '--network', 'eip155:84532', '--yes'),
      cli.err(),
    ]).toEqual([0, '']);
    expect(cli.seen.map(({ method, body }) => [method, JSON.parse(body)])).toEqual([
      [
        'POST',
        {
          paymentManagerArn: MANAGER,
          paymentInstrumentId: INSTRUMENT,
          network: 'eip155:84532',
          amount: { value: '5.00', currency: 'USD' },
        },
      ],
    ]);
    expect(cli.out()).toContain('USD 5.00');
    expect(cli.out()).toContain('0.000084 of 0.002 today');
  });

  test('without an amount asks for as much as sessions need', async () => {
    const cli = open(known);
    expect(await cli.run('allowance', 'request', '--yes')).toBe(0);
    expect(JSON.parse(cli.seen[0]!.body)).not.toHaveProperty('amount');
    expect(cli.out()).toContain('as much as open sessions need');
  });

  test('refuses an amount that is none, before anybody is asked', async () => {
    const cli = open(known);
    expect(await cli.run('allowance', 'request', '--amount', 'all', '--yes')).toBe(2);
    expect(cli.seen).toEqual([]);
  });

  test('says how to turn approvals on where the deployment sends none', async () => {
    const refused = () => awsError(400, 'ValidationException', 'no approvals', 'bursar:approvals_off');
    const cli = createReadyWorld({ routes: { '/allowances': refused } });
    expect(await cli.run('allowance', 'request', '--yes')).toBe(4);
    expect(cli.err()).toContain('approvalGasPerDay');
  });
});

describe('allowance show', () => {
  test.each([
    [{ status: 'NONE', onChain: '0' }, ['nobody asked', 'USD 0.00']],
    [{ waitsFor: 'GAS', onChain: null }, ['lacks the network’s coin', 'cannot be asked']],
    [
      { status: 'APPROVED', requested: '5000000', amount: '1250000', transaction: '0xab', onChain: '1000000' },
      ['USD 5.00', 'USD 1.25', 'USD 1.00', '0xab'],
    ],
    [{ status: 'NONE', onChain: '0', gas: { perDay: null, today: '0' } }, ['this deployment sends no approvals']],
  ])('tells %j', async (members, expected) => {
    const cli = open({ ...known, ...members });
    expect([await cli.run('allowance', 'show'), cli.err()]).toEqual([0, '']);
    for (const text of expected) expect(cli.out()).toContain(text);
  });
});
