import { describe, expect, test } from 'vitest';
import { awsError, createReadyWorld, INSTRUMENT, json, WALLET, type Routes, type WorldOptions } from './world.ts';

const HOME = '0xa0Ee7A142d267C1f36714E4a8F75612F20a79720';
const COIN = '0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE';
const NETWORK = 'eip155:84532';
const PAYMENT = '5f0c2b5e-8a3d-8f1e-9b7c-0a1b2c3d4e5f';
const TOKEN = '07'.repeat(24);
const TRANSACTION = `0x${'fe'.repeat(32)}`;
const GET = `/bursar/withdrawals/${PAYMENT}`;
const ETHER = 10n ** 18n;

const coin = (amount: bigint | null, overrides: object = {}) => ({
  network: NETWORK,
  token: 'ETH',
  asset: COIN,
  decimals: 18,
  amount: amount === null ? null : `${amount}`,
  amountUsd: null,
  fee: '1000',
  ...overrides,
});
const usdc = {
  network: NETWORK,
  token: 'USDC',
  asset: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
  amountUsd: '1.00',
};
const fundsView = (...held: object[]) =>
  json({ paymentInstrumentId: INSTRUMENT, status: 'DELETED', walletAddress: WALLET, funds: [usdc, ...held] });

const decided = (amount: bigint, overrides: object = {}) => ({
  withdrawal: {
    processPaymentId: PAYMENT,
    offer: { network: NETWORK, asset: COIN, payTo: HOME, amount: `${amount}`, ...overrides },
    authorization: { from: WALLET, validBefore: 1_772_367_000 },
  },
});

type Transfer = { readonly status: string; readonly waitsFor?: string; readonly transaction?: string };
const SETTLED: Transfer = { status: 'SETTLED', transaction: TRANSACTION };

/** What the deployment says of the transfer, one answer after the other; the last one stays. */
function says(...answers: readonly Transfer[]) {
  const left = [...answers];
  return () => {
    const transfer = left.length > 1 ? left.shift()! : left[0]!;
    return json({ ...decided(1n), settled: transfer.status === 'SETTLED', transfer });
  };
}

const world = (overrides: Routes = {}, options: WorldOptions = {}) =>
  createReadyWorld({
    ...options,
    routes: {
      '/funds': () => fundsView(coin(ETHER)),
      '/bursar/withdrawals': ({ body }) => {
        const { value } = JSON.parse(body).amount as { readonly value: string };
        const [whole = '0', fraction = ''] = value.split('.');
        return json(decided(BigInt(whole + fraction.padEnd(18, '0'))), 201);
      },
      [GET]: says(SETTLED),
      ...overrides,
    },
  });
const ARGS = ['withdraw', '--token', 'ETH', '--to', HOME];
const paths = (at: ReturnType<typeof world>) => at.seen.map(({ path }) => path.split('?')[0]!.replace('/v1', ''));
const amountOf = (at: ReturnType<typeof world>) =>
  JSON.parse(at.seen.find(({ path }) => path.endsWith('/bursar/withdrawals'))!.body).amount;

describe('withdraw --token of a network’s coin', () => {
  test('says that the wallet pays the gas, asks, has the deployment send it, and says what it came to', async () => {
    const at = world({}, { answers: ['y'] });
    expect(await at.run(...ARGS, '--amount', '0.25')).toBe(0);
    expect(at.err()).toContain('a transaction of the wallet, which pays the gas');
    expect(at.prompts).toEqual([`withdraw 0.25 ETH to ${HOME}? [y/N] `]);
    expect(amountOf(at)).toEqual({ value: '0.25', currency: 'ETH' });
    expect(at.out()).toContain(TRANSACTION);
    expect(paths(at)).not.toContain('/settle');
  });

  test('--all takes all but what the transfer may cost, and says how to repeat it', async () => {
    const at = world();
    expect(await at.run(...ARGS, '--all', '--yes', '--json')).toBe(0);
    expect(amountOf(at)).toEqual({ value: '0.999999999999999', currency: 'ETH' });
    expect(JSON.parse(at.out())).toMatchObject({
      settled: true,
      transaction: TRANSACTION,
      token: 'ETH',
      amount: '0.999999999999999',
      balance: '1',
    });
    expect(at.err()).toContain(`repeat with --token ETH --amount 0.999999999999999 --client-token ${TOKEN}`);
  });

  test.each<[string, number, bigint | null, object, readonly string[]]>([
    ['more than there is', 1, ETHER, {}, ['--amount', '1.000000000000000001']],
    ['so much that its transfer could not be paid', 1, ETHER, {}, ['--amount', '1']],
    ['all of less than its transfer may cost', 1, 1_000n, {}, ['--all']],
    ['all of nothing', 1, 0n, {}, ['--all']],
    ['what cannot be read', 1, null, { fee: null }, ['--all', '--network', NETWORK]],
    ['a transfer whose cost cannot be read', 1, ETHER, { fee: null }, ['--all']],
    ['the coin of another network', 2, ETHER, { token: 'POL' }, ['--all']],
  ])('asks for nothing where it is %s', async (_what, exitCode, held, overrides, argv) => {
    const at = world({ '/funds': () => fundsView(coin(held, overrides)) });
    expect(await at.run(...ARGS, ...argv, '--yes')).toBe(exitCode);
    expect(paths(at)).not.toContain('/bursar/withdrawals');
  });

  test.each([
    ['a facilitator', ['--facilitator', 'https://facilitator.example']],
    ['a file', ['--out', 'transfer.json']],
    ['a wait that is none', ['--wait', '1.5']],
    ['a wait without end', ['--wait', '1801']],
  ])('refuses %s, and asks nobody', async (_what, argv) => {
    const at = world();
    expect(await at.run(...ARGS, '--amount', '0.1', ...argv, '--yes')).toBe(2);
    expect(at.seen).toEqual([]);
  });

  test('waits for nothing but a coin', async () => {
    const at = world();
    expect(await at.run('withdraw', '--to', HOME, '--amount', '1', '--out', 'f', '--wait', '3', '--yes')).toBe(2);
  });

  test('tells what it waits for until the chain has it', async () => {
    const at = world({ [GET]: says({ status: 'REQUESTED', waitsFor: 'GAS_BUDGET' }, SETTLED) });
    expect(await at.run(...ARGS, '--amount', '0.1', '--yes')).toBe(0);
    expect(at.err()).toContain('what transactions of the wallet may cost in a day is used up');
  });

  test.each([
    ['asked for', { status: 'REQUESTED' }, null],
    ['sent', { status: 'UNDER_WAY', transaction: TRANSACTION }, TRANSACTION],
  ])(
    'ends with 5 where it is %s and not on the chain in time, with the way to wait on',
    async (said, transfer, transaction) => {
      const at = world({ [GET]: says(transfer) });
      expect(await at.run(...ARGS, '--amount', '0.1', '--wait', '0', '--yes', '--json')).toBe(5);
      const { error } = JSON.parse(at.out());
      expect(error).toMatchObject({ code: 'cli:not_settled', clientToken: TOKEN, transaction });
      expect(error.message).toContain(said);
      expect(at.out()).toContain(`--token ETH --amount 0.1 --client-token ${TOKEN} --network ${NETWORK}`);
    },
  );

  test.each([
    ['LAPSED', 'cli:lapsed'],
    ['REVERTED', 'cli:reverted'],
  ])('ends with 1 where it is %s: the coin has not left, and another token is needed', async (status, code) => {
    const at = world({ [GET]: says({ status }) });
    expect(await at.run(...ARGS, '--amount', '0.1', '--yes', '--json')).toBe(1);
    expect(JSON.parse(at.out()).error).toMatchObject({ code, clientToken: TOKEN });
  });

  test('says what the deployment refuses', async () => {
    const refused = () => awsError(400, 'ValidationException', 'signs none', 'bursar:coin_not_withdrawable');
    const at = world({ '/bursar/withdrawals': refused });
    expect(await at.run(...ARGS, '--amount', '0.1', '--yes')).toBe(4);
    expect(at.err()).toContain('by the means of the wallet');
  });

  test.each([
    ['to another address', { payTo: WALLET }],
    ['of another amount', { amount: '1' }],
    ['of a token', { asset: usdc.asset }],
    ['on another network', { network: 'eip155:8453' }],
  ])('does not take a transfer %s for the one that was asked for', async (_what, overrides) => {
    const at = world({ '/bursar/withdrawals': () => json(decided(ETHER / 10n, overrides), 201) });
    expect(await at.run(...ARGS, '--amount', '0.1', '--yes')).toBe(1);
    expect(paths(at)).not.toContain(GET);
  });
});

describe('--rpc-url', () => {
  const mined = { from: WALLET.toLowerCase(), to: HOME.toLowerCase(), value: '0x16345785d8a0000' };
  const chain = (transaction: object | null, status = '0x1') => ({
    '/one': ({ body }: { readonly body: string }) =>
      json({ result: JSON.parse(body).method === 'eth_getTransactionByHash' ? transaction : { status } }),
  });
  const run = (routes: Routes) => {
    const at = world(routes);
    return at
      .run(...ARGS, '--amount', '0.1', '--yes', '--json', '--rpc-url', 'https://one.example/one?key=secret')
      .then((code) => ({ code, at }));
  };

  test('has to show that transfer too', async () => {
    const { code, at } = await run(chain(mined));
    expect(code).toBe(0);
    const asked = at.seen.filter(({ path }) => path.startsWith('/one')).map(({ body }) => JSON.parse(body));
    expect(asked.map(({ method, params }) => [method, params])).toEqual([
      ['eth_getTransactionByHash', [TRANSACTION]],
      ['eth_getTransactionReceipt', [TRANSACTION]],
    ]);
  });

  test.each<[string, Routes]>([
    ['does not know the transaction', chain(null)],
    ['shows it reverted', chain(mined, '0x0')],
    ['shows another payee', chain({ ...mined, to: WALLET })],
    ['shows another amount', chain({ ...mined, value: '0x1' })],
    ['shows another wallet', chain({ ...mined, from: HOME })],
  ])('ends with 5 where it %s', async (_what, routes) => {
    const { code, at } = await run(routes);
    expect(code).toBe(5);
    expect(at.out()).not.toContain('secret');
  });
});
