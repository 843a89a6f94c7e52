import { describe, expect, test } from 'vitest';
import { decodeFunctionData, parseAbi } from 'viem';
import {
  awsError,
  createReadyWorld,
  INSTRUMENT,
  json,
  SECRET,
  WALLET,
  type Routes,
  type WorldOptions,
} from './world.ts';

const HOME = '0xa0Ee7A142d267C1f36714E4a8F75612F20a79720';
const ASSET = '0x036CbD53842c5426634e7929541eC2318f3dCF7e';
const NETWORK = 'eip155:84532';
const FACILITATOR = 'https://facilitator.example';
const PAYMENT = '5f0c2b5e-8a3d-8f1e-9b7c-0a1b2c3d4e5f';
const SIGNATURE = `0x${'11'.repeat(32)}${'22'.repeat(32)}1b`;
const NONCE = `0x${'ab'.repeat(32)}`;
const TOKEN = '07'.repeat(24);
const USER_HEADER = 'x-amzn-bedrock-agentcore-payments-user-id';
const TRANSACTION = `0x${'fe'.repeat(32)}`;

const funds = (amountUsd: string | null, network = NETWORK) => ({ network, token: 'USDC', asset: ASSET, amountUsd });
const fundsView = (...held: object[]) =>
  json({ paymentInstrumentId: INSTRUMENT, status: 'DELETED', walletAddress: WALLET, funds: held });

function made(value = '12500000', overrides: object = {}) {
  const authorization = {
    from: WALLET,
    to: HOME,
    value,
    validAfter: '0',
    validBefore: '1772367000',
    nonce: NONCE,
    ...overrides,
  };
  return {
    withdrawal: {
      processPaymentId: PAYMENT,
      offer: { network: NETWORK, asset: ASSET },
      authorization: { validBefore: 1_772_367_000 },
    },
    settlement: { x402Version: 2, paymentPayload: { payload: { signature: SIGNATURE, authorization } } },
  };
}

/** What the chain says of the transfer, one answer after the other; the last one stays. */
function chainSays(...answers: readonly boolean[]) {
  const left = [...answers];
  return () => json({ settled: left.length > 1 ? left.shift() : left[0] });
}

const routes = (overrides: Routes = {}): Routes => ({
  '/funds': () => fundsView(funds('12.50')),
  '/bursar/withdrawals': () => json(made(), 201),
  [`/bursar/withdrawals/${PAYMENT}`]: chainSays(false, true),
  '/settle': () => json({ success: true, transaction: TRANSACTION, network: NETWORK }),
  ...overrides,
});
const world = (overrides: Routes = {}, options: WorldOptions = {}) =>
  createReadyWorld({ ...options, routes: routes(overrides) });
const ARGS = ['withdraw', '--to', HOME, '--facilitator', FACILITATOR];
const paths = (at: ReturnType<typeof world>) => at.seen.map(({ path }) => path.split('?')[0]!.replace('/v1', ''));
const bodyOf = (at: ReturnType<typeof world>, path: string) =>
  JSON.parse(at.seen.find((each) => each.path.endsWith(path))!.body);

describe('withdraw', () => {
  test('shows what it is about, asks, has it signed, has it settled, and looks at the chain', async () => {
    const at = world({}, { answers: ['y'] });
    expect(await at.run(...ARGS, '--amount', '12.5')).toBe(0);
    expect(at.err()).toContain(`${WALLET} (DELETED)`);
    expect(at.prompts).toEqual([`withdraw USD 12.50 to ${HOME}? [y/N] `]);
    expect(bodyOf(at, '/bursar/withdrawals')).toMatchObject({
      paymentInstrumentId: INSTRUMENT,
      network: NETWORK,
      amount: { value: '12.50', currency: 'USD' },
      destination: HOME,
      clientToken: TOKEN,
    });
    expect(bodyOf(at, '/settle')).toEqual(made().settlement);
    expect(at.out()).toContain(TRANSACTION);
    expect(at.out() + at.err()).not.toContain(SIGNATURE.slice(2, 40));
    expect(at.out() + at.err()).not.toContain(SECRET);
  });

  test.each([
    ['samlp|corp|John Doe', 'samlp|corp|John Doe'],
    ['王小明', "UTF-8''%E7%8E%8B%E5%B0%8F%E6%98%8E"],
    ['alice ', "UTF-8''alice%20"],
  ])('takes any user as it is, and sends it as a header can carry it: %j', async (user, header) => {
    const at = world();
    expect(await at.run(...ARGS, '--amount', '12.50', '--yes', '--user', user, '--instrument', INSTRUMENT)).toBe(0);
    const sent = at.seen.filter(({ path }) => path !== '/settle').map(({ headers }) => headers.get(USER_HEADER));
    expect(new Set(sent)).toEqual(new Set([header]));
  });

  test('gives the facilitator no signature of ours and no user', async () => {
    const at = world();
    await at.run(...ARGS, '--amount', '12.50', '--yes');
    const settle = at.seen.find(({ path }) => path === '/settle')!;
    expect([...settle.headers.keys()].sort()).toEqual(['content-type']);
  });

  test('--all takes what the wallet holds, and says how to repeat it', async () => {
    const at = world({
      '/funds': () => fundsView(funds('7.250001')),
      '/bursar/withdrawals': () => json(made('7250001'), 201),
    });
    expect(await at.run(...ARGS, '--all', '--yes', '--json')).toBe(0);
    expect(JSON.parse(at.out())).toMatchObject({
      amountUsd: '7.250001',
      clientToken: TOKEN,
      settled: true,
      transaction: TRANSACTION,
    });
    expect(at.err()).toContain(`${TOKEN}: repeat with --amount 7.250001 --client-token ${TOKEN} --network ${NETWORK},`);
  });

  test.each([
    ['neither amount nor all', ['--to', HOME, '--facilitator', FACILITATOR]],
    ['both', ['--to', HOME, '--facilitator', FACILITATOR, '--amount', '1', '--all']],
    ['an amount of nothing', ['--to', HOME, '--facilitator', FACILITATOR, '--amount', '0.00']],
    ['an amount with seven decimals', ['--to', HOME, '--facilitator', FACILITATOR, '--amount', '0.0000001']],
    ['no address', ['--amount', '1', '--facilitator', FACILITATOR]],
    [
      'an address with a wrong checksum',
      ['--to', HOME.replace('Ee', 'eE'), '--amount', '1', '--facilitator', FACILITATOR],
    ],
    ['nobody who submits it', ['--to', HOME, '--amount', '1']],
    ['two who submit it', ['--to', HOME, '--amount', '1', '--out', 'f', '--facilitator', FACILITATOR]],
    [
      'a facilitator that others can overhear',
      ['--to', HOME, '--amount', '1', '--facilitator', 'http://facilitator.example'],
    ],
    [
      'a facilitator with a password',
      ['--to', HOME, '--amount', '1', '--facilitator', 'https://me:secret@facilitator.example'],
    ],
    ['all under an old token', ['--to', HOME, '--all', '--client-token', TOKEN, '--facilitator', FACILITATOR]],
    [
      'a token that is too short',
      ['--to', HOME, '--amount', '1', '--client-token', 'short', '--facilitator', FACILITATOR],
    ],
  ])('refuses %s, and asks nobody', async (_what, argv) => {
    const at = world();
    expect(await at.run('withdraw', ...argv, '--yes')).toBe(2);
    expect(at.seen).toEqual([]);
  });

  test('signs nothing where nobody confirms, or where nobody is there', async () => {
    const no = world({}, { answers: ['n'] });
    expect(await no.run(...ARGS, '--amount', '1')).toBe(3);
    const nobody = world();
    expect(await nobody.run(...ARGS, '--amount', '1')).toBe(3);
    for (const at of [no, nobody]) expect(paths(at)).toEqual([`/bursar/instruments/${INSTRUMENT}/funds`]);
  });

  test('signs nothing above the balance, and nothing out of an empty wallet', async () => {
    const poor = world();
    expect(await poor.run(...ARGS, '--amount', '12.500001', '--yes')).toBe(1);
    const empty = world({ '/funds': () => fundsView(funds('0.00')) });
    expect(await empty.run(...ARGS, '--all', '--yes')).toBe(1);
    for (const at of [poor, empty]) expect(paths(at)).toHaveLength(1);
  });

  test('wants a network named where money may lie on two, and takes the one that holds it', async () => {
    const two = world({ '/funds': () => fundsView(funds('1.00'), funds(null, 'eip155:8453')) });
    expect(await two.run(...ARGS, '--all', '--yes')).toBe(2);
    expect(two.err()).toContain('eip155:8453: unknown');
    const one = world({ '/funds': () => fundsView(funds('12.50'), funds('0.00', 'eip155:8453')) });
    expect(await one.run(...ARGS, '--all', '--yes')).toBe(0);
  });

  test('repeated after a lost answer finds the transfer on the chain, and asks no facilitator', async () => {
    const at = world({ [`/bursar/withdrawals/${PAYMENT}`]: chainSays(true), '/funds': () => fundsView(funds('0.00')) });
    expect(
      await at.run(...ARGS, '--network', NETWORK, '--amount', '12.50', '--client-token', TOKEN, '--yes', '--json'),
    ).toBe(0);
    expect(paths(at)).not.toContain('/settle');
    expect(JSON.parse(at.out())).toMatchObject({ settled: true, transaction: null, balanceUsd: '0.00' });
  });

  test('succeeds where the facilitator’s answer is lost and the chain has the transfer', async () => {
    const at = world({
      '/settle': () => {
        throw new TypeError('fetch failed');
      },
    });
    expect(await at.run(...ARGS, '--amount', '12.50', '--yes')).toBe(0);
  });

  test.each<[string, () => Response]>([
    ['the facilitator refuses', () => json({ success: false, errorReason: 'insufficient_funds', transaction: '' })],
    ['the facilitator breaks', () => new Response('<html>', { status: 502 })],
    [
      'the facilitator is not there',
      () => {
        throw new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } });
      },
    ],
    [
      'the facilitator says that it settled, and the chain does not',
      () => json({ success: true, transaction: TRANSACTION }),
    ],
  ])('ends with 5 and the way to repeat it where %s', async (_what, answer) => {
    const at = world({ [`/bursar/withdrawals/${PAYMENT}`]: chainSays(false), '/settle': answer });
    expect(await at.run(...ARGS, '--amount', '12.50', '--yes', '--json')).toBe(5);
    expect(JSON.parse(at.out()).error).toMatchObject({ exitCode: 5, code: 'cli:not_settled', clientToken: TOKEN });
    expect(at.out()).toContain(`--amount 12.50 --client-token ${TOKEN} --network ${NETWORK}`);
  });

  test('reads no more of an endless answer than it takes, and asks the chain', async () => {
    let sentBytes = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sentBytes += 16 * 1024;
        if (sentBytes > 1024 * 1024) controller.close();
        else controller.enqueue(new Uint8Array(16 * 1024).fill(0x20));
      },
    });
    const at = world({ '/settle': () => new Response(endless) });
    expect(await at.run(...ARGS, '--amount', '12.50', '--yes')).toBe(0);
    expect(sentBytes).toBeLessThan(256 * 1024);
  });

  test('asks the facilitator where the chain cannot be read, and then ends with 5', async () => {
    const at = world({
      [`/bursar/withdrawals/${PAYMENT}`]: () => awsError(403, 'AccessDeniedException', 'no chain today'),
      '/settle': () => json({ success: false, errorReason: 'busy', transaction: '' }),
    });
    expect(await at.run(...ARGS, '--amount', '12.50', '--yes', '--json')).toBe(5);
    expect(paths(at)).toContain('/settle');
    const { error } = JSON.parse(at.out());
    expect(error).toMatchObject({ code: 'cli:not_settled', clientToken: TOKEN });
    expect(error.message).toContain('could not be read (no chain today)');
  });

  test('succeeds where the money has left and the balance cannot be read any more', async () => {
    let reads = 0;
    const at = world({
      '/funds': () => {
        reads += 1;
        return reads === 1 ? fundsView(funds('12.50')) : awsError(403, 'AccessDeniedException', 'no chain today');
      },
    });
    expect(await at.run(...ARGS, '--amount', '12.50', '--yes', '--json')).toBe(0);
    expect(JSON.parse(at.out())).toMatchObject({ settled: true, transaction: TRANSACTION, balanceUsd: null });
  });

  test.each<[string, number, () => Response]>([
    ['refuses', 4, () => awsError(400, 'ValidationException', 'no', 'bursar:destination_not_allowed')],
    [
      'does not answer',
      1,
      () => {
        throw new TypeError('fetch failed');
      },
    ],
  ])('tells programs the token where the deployment %s, since it may have signed', async (_what, exitCode, answer) => {
    const at = world({ '/bursar/withdrawals': answer });
    expect(await at.run(...ARGS, '--amount', '12.50', '--yes', '--json')).toBe(exitCode);
    expect(JSON.parse(at.out()).error).toMatchObject({
      exitCode,
      clientToken: TOKEN,
      amountUsd: '12.50',
      network: NETWORK,
    });
  });

  test('says what the deployment refuses, and asks no facilitator', async () => {
    const at = world({
      '/bursar/withdrawals': () =>
        awsError(400, 'ValidationException', 'Money does not leave', 'bursar:destination_not_allowed'),
    });
    expect(await at.run(...ARGS, '--amount', '1', '--yes')).toBe(4);
    expect(at.err()).toContain('withdrawalAddresses');
    expect(paths(at)).not.toContain('/settle');
  });

  test.each([
    ['to another address', { to: WALLET }],
    ['of another wallet', { from: HOME }],
    ['of another amount', { value: '12500001' }],
  ])('hands on no transfer %s', async (_what, overrides) => {
    const at = world({ '/bursar/withdrawals': () => json(made('12500000', overrides), 201) });
    expect(await at.run(...ARGS, '--amount', '12.50', '--yes')).toBe(1);
    expect(paths(at)).not.toContain('/settle');
  });
});

describe('withdraw --token', () => {
  const EURC = '0x808456652fdb597867f38412077A9182bf77359F';
  const ACME = '0x52908400098527886E0F7030069857D2E4169EE7';
  const inEurc = { ...funds('15.21'), token: 'EURC', asset: EURC, decimals: 6, amount: '13000000' };
  const inAcme = { ...funds(null), token: 'ACME', asset: ACME, decimals: 18, amount: '1500000000000000001' };
  const held = () => fundsView(funds('12.50'), inEurc, inAcme);
  const signed = (asset: string, value: string) => {
    const view = made(value);
    return () => json({ ...view, withdrawal: { ...view.withdrawal, offer: { network: NETWORK, asset } } }, 201);
  };

  test('takes an amount of the token, and says it in the token', async () => {
    const at = world({ '/funds': held, '/bursar/withdrawals': signed(EURC, '12500000') });
    expect(await at.run(...ARGS, '--token', 'EURC', '--amount', '12.50', '--yes', '--json')).toBe(0);
    expect(bodyOf(at, '/bursar/withdrawals').amount).toEqual({ value: '12.5', currency: 'EURC' });
    expect(JSON.parse(at.out())).toMatchObject({ settled: true, token: 'EURC', amount: '12.5', balance: '13' });
    expect(at.err()).toContain(`EURC, ${EURC}`);
    expect(at.err()).toContain('12.5 EURC');
    expect(at.err()).toContain(`repeat with --token EURC --amount 12.5 --client-token ${TOKEN}`);
  });

  test('--all takes a token of 18 decimals to its last unit, rate or none', async () => {
    const at = world({ '/funds': held, '/bursar/withdrawals': signed(ACME, '1500000000000000001') });
    expect(await at.run(...ARGS, '--token', 'ACME', '--all', '--yes')).toBe(0);
    expect(bodyOf(at, '/bursar/withdrawals').amount).toEqual({ value: '1.500000000000000001', currency: 'ACME' });
  });

  test.each<[string, number, readonly string[]]>([
    ['a token that the deployment does not have', 2, ['--token', 'OTHER', '--amount', '1']],
    ['what is no symbol', 2, ['--token', 'a b', '--amount', '1']],
    ['more decimals than the token has', 2, ['--token', 'EURC', '--amount', '0.0000001']],
    ['an amount that is none', 2, ['--token', 'EURC', '--amount', '1e6']],
    ['nothing', 2, ['--token', 'EURC', '--amount', '0.0']],
    ['more than there is', 1, ['--token', 'ACME', '--amount', '1.500000000000000002']],
  ])('signs nothing for %s', async (_what, exitCode, argv) => {
    const at = world({ '/funds': held });
    expect(await at.run(...ARGS, ...argv, '--yes')).toBe(exitCode);
    expect(paths(at)).not.toContain('/bursar/withdrawals');
  });

  test.each<[string, string, string, string]>([
    ['in USDC', 'EURC', ASSET, '12500000'],
    ['of the amount in other decimals', 'ACME', ACME, '1000000'],
    ['of a token that is not the pinned one', 'EURC', ACME, '12500000'],
  ])('hands on no transfer %s', async (_what, token, asset, value) => {
    const lying = { ...inEurc, asset: ACME };
    const at = world({
      '/funds': () => (asset === ACME && token === 'EURC' ? fundsView(lying) : held()),
      '/bursar/withdrawals': signed(asset, value),
    });
    const amount = token === 'EURC' ? '12.5' : '1';
    expect(await at.run(...ARGS, '--token', token, '--amount', amount, '--yes')).toBe(1);
    expect(paths(at)).not.toContain('/settle');
  });
});

describe('withdraw --out', () => {
  const OUT = ['withdraw', '--to', HOME, '--amount', '12.50', '--out', 'transfer.json', '--yes'];

  test('writes the transaction, and prints how to submit it but no signature', async () => {
    const at = world();
    expect(await at.run(...OUT)).toBe(0);
    const written = JSON.parse(at.files.get('transfer.json')!);
    expect(written).toMatchObject({ to: ASSET, chainId: 84_532, value: '0', processPaymentId: PAYMENT });
    const abi = parseAbi([
      'function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)',
    ]);
    expect(decodeFunctionData({ abi, data: written.data }).args).toEqual([
      WALLET,
      HOME,
      12_500_000n,
      0n,
      1_772_367_000n,
      NONCE,
      27,
      `0x${'11'.repeat(32)}`,
      `0x${'22'.repeat(32)}`,
    ]);
    expect(at.out()).toContain(`cast send ${ASSET}`);
    expect(at.out() + at.err()).not.toContain(SIGNATURE.slice(2, 40));
    expect(paths(at)).not.toContain('/settle');
  });

  test('overwrites no file, and signs nothing then', async () => {
    const at = world({}, { files: { 'transfer.json': 'mine' } });
    expect(await at.run(...OUT)).toBe(1);
    expect(at.files.get('transfer.json')).toBe('mine');
    expect(at.seen).toEqual([]);
  });
});

test('payments tells what was withdrawn from what was paid', async () => {
  const receipt = {
    processPaymentId: PAYMENT,
    paymentSessionId: 'withdrawal-000000000000000',
    agentName: null,
    denial: null,
    amountUsd: '12.50',
    offer: { network: NETWORK, payTo: HOME },
    budget: null,
    createdAt: '2026-03-01T12:00:00.000Z',
    decision: 'PAID',
  };
  const payments = [{ ...receipt, purpose: 'WITHDRAWAL' }, { ...receipt, purpose: 'PAYMENT' }, receipt];
  const at = createReadyWorld({ routes: { '/bursar/payments': () => json({ payments }) } });
  expect(await at.run('payments')).toBe(0);
  expect(at.out().match(/WITHDRAWN|PAID/g)).toEqual(['WITHDRAWN', 'PAID', 'PAID']);
});
