import { expect, test } from 'vitest';
import { awsError, createReadyWorld, INSTRUMENT, json, MANAGER, WALLET } from './world.ts';

const SOLANA_WALLET = 'HpabPRRCFbBKSuJr5PdkVvQc85FyxyTWkFM2obBRSvHT';
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

test.each([
  ['SOLANA_DEVNET', 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1'],
  ['solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1', 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1'],
])('asks for test money for a wallet of Solana on %s', async (chain, network) => {
  const testFunds = { paymentInstrumentId: INSTRUMENT, walletAddress: SOLANA_WALLET, network, transaction: '4dje1d24' };
  const cli = createReadyWorld({ routes: { '/requestTestFunds': () => json({ testFunds }) } });
  expect([await cli.run('wallet', 'fund', '--chain', chain), cli.err()]).toEqual([0, '']);
  expect(JSON.parse(cli.seen[0]!.body)).toMatchObject({ paymentInstrumentId: INSTRUMENT, network });
  expect(cli.out()).toContain(SOLANA_WALLET);
});

test('prints a page on which money is bought for a wallet of Solana', async () => {
  const network = 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp';
  const url = 'https://pay.example.com/buy?sessionToken=abc';
  const onrampSession = { paymentInstrumentId: INSTRUMENT, walletAddress: SOLANA_WALLET, network, url };
  const cli = createReadyWorld({ routes: { '/createOnrampSession': () => json({ onrampSession }, 201) } });
  expect([await cli.run('wallet', 'fund', '--chain', 'solana'), cli.err()]).toEqual([0, '']);
  expect(JSON.parse(cli.seen[0]!.body)).toMatchObject({ network });
  expect(cli.out()).toContain(url);
});

test('shows that a wallet of Solana cannot pay', async () => {
  const paymentInstrument = {
    paymentInstrumentId: INSTRUMENT,
    paymentConnectorId: 'coinbase-0123456789',
    status: 'ACTIVE',
    paymentInstrumentDetails: {
      embeddedCryptoWallet: { network: 'SOLANA', linkedAccounts: [], walletAddress: SOLANA_WALLET },
    },
    delegation: { status: 'NOT_NEEDED' },
  };
  const cli = createReadyWorld({ routes: { '/getPaymentInstrument': () => json({ paymentInstrument }) } });
  expect([await cli.run('wallet', 'show'), cli.err()]).toEqual([0, '']);
  expect(cli.out()).toContain(SOLANA_WALLET);
  expect(cli.out()).toContain('cannot pay yet');
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
