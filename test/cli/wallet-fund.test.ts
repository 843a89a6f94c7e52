import { expect, test } from 'vitest';
import { awsError, createReadyWorld, INSTRUMENT, json, MANAGER, WALLET } from './world.ts';

const wallet = { paymentInstrumentId: INSTRUMENT, walletAddress: WALLET };

test('asks for test money on a test network', async () => {
  const transaction = `0x${'ab'.repeat(32)}`;
  const testFunds = { ...wallet, network: 'eip155:84532', transaction };
  const cli = createReadyWorld({ routes: { '/requestTestFunds': () => json({ testFunds }) } });
  expect([await cli.run('wallet', 'fund'), cli.err()]).toEqual([0, '']);
  expect(JSON.parse(cli.seen[0]!.body)).toEqual({
    paymentManagerArn: MANAGER,
    paymentInstrumentId: INSTRUMENT,
    network: 'eip155:84532',
  });
  expect(cli.out()).toContain(transaction);
});

test('prints a page on which money is bought on a main network', async () => {
  const onrampSession = { ...wallet, network: 'eip155:8453', url: 'https://pay.example.com/buy?sessionToken=abc' };
  const cli = createReadyWorld({ routes: { '/createOnrampSession': () => json({ onrampSession }, 201) } });
  expect([await cli.run('wallet', 'fund', '--chain', 'BASE', '--amount', '25.00'), cli.err()]).toEqual([0, '']);
  expect(JSON.parse(cli.seen[0]!.body)).toEqual({
    paymentManagerArn: MANAGER,
    paymentInstrumentId: INSTRUMENT,
    network: 'eip155:8453',
    amount: { value: '25.00', currency: 'USD' },
  });
  expect(cli.out()).toContain(onrampSession.url);
});

test('refuses an amount where nothing is bought, and one that is none, before anybody is asked', async () => {
  const cli = createReadyWorld({});
  expect(await cli.run('wallet', 'fund', '--amount', '25.00')).toBe(2);
  expect(await cli.run('wallet', 'fund', '--chain', 'BASE', '--amount', 'all')).toBe(2);
  expect(cli.seen).toEqual([]);
});

test('says where to send money to where the provider brings none', async () => {
  const message = 'The wallet has no provider that sells or gives money: send USDC to its address';
  const refuse = () => awsError(400, 'ValidationException', message, 'bursar:funding_unavailable');
  const cli = createReadyWorld({ routes: { '/requestTestFunds': refuse } });
  expect(await cli.run('wallet', 'fund')).toBe(4);
  expect(cli.err()).toContain(message);
  expect(cli.err()).toContain('bursar wallet show');
});
