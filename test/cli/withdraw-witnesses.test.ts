import { describe, expect, test } from 'vitest';
import { createReadyWorld, INSTRUMENT, json, WALLET, type Routes } from './world.ts';

const HOME = '0xa0Ee7A142d267C1f36714E4a8F75612F20a79720';
const ASSET = '0x036CbD53842c5426634e7929541eC2318f3dCF7e';
const OTHER_TOKEN = '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913';
const NETWORK = 'eip155:84532';
const PAYMENT = '5f0c2b5e-8a3d-8f1e-9b7c-0a1b2c3d4e5f';
const NONCE = `0x${'ab'.repeat(32)}`;
const ARGS = ['withdraw', '--to', HOME, '--facilitator', 'https://facilitator.example', '--amount', '12.50', '--yes'];

function made({ offer = ASSET, required = ASSET }: { readonly offer?: string; readonly required?: string } = {}) {
  const authorization = {
    from: WALLET,
    to: HOME,
    value: '12500000',
    validAfter: '0',
    validBefore: '1772367000',
    nonce: NONCE,
  };
  const signature = `0x${'11'.repeat(32)}${'22'.repeat(32)}1b`;
  return {
    withdrawal: {
      processPaymentId: PAYMENT,
      offer: { network: NETWORK, asset: offer },
      authorization: { validBefore: 1_772_367_000 },
    },
    settlement: {
      paymentPayload: { payload: { signature, authorization } },
      paymentRequirements: { asset: required },
    },
  };
}

/** A deployment that says whether the transfer has settled, and two endpoints of the chain. */
function world(says: { readonly deployment: boolean; readonly one?: Says; readonly two?: Says }, routes: Routes = {}) {
  return createReadyWorld({
    routes: {
      '/funds': () =>
        json({
          paymentInstrumentId: INSTRUMENT,
          status: 'ACTIVE',
          walletAddress: WALLET,
          funds: [{ network: NETWORK, token: 'USDC', asset: ASSET, amountUsd: '12.50' }],
        }),
      '/bursar/withdrawals': () => json(made(), 201),
      [`/bursar/withdrawals/${PAYMENT}`]: () => json({ settled: says.deployment }),
      '/settle': () => json({ success: true, transaction: `0x${'fe'.repeat(32)}`, network: NETWORK }),
      '/one': ({ body }) => chain(says.one ?? 'down', body),
      '/two': ({ body }) => chain(says.two ?? 'down', body),
      ...routes,
    },
  });
}

type Says = 'used' | 'unused' | 'down' | 'another chain';

function chain(says: Says, body: string): Response {
  const { method } = JSON.parse(body);
  if (says === 'down') return new Response('<html>', { status: 502 });
  if (method !== 'eth_call') return json({ result: { number: '0x10', timestamp: '0x69a42e00' } });
  if (says === 'another chain') return json({ result: '0x' });
  return json({ result: `0x${(says === 'used' ? '1' : '0').padStart(64, '0')}` });
}

const ONE = ['--rpc-url', 'https://one.example/one?key=secret-key'];
const BOTH = [...ONE, '--rpc-url', 'https://two.example/two'];

describe('a withdrawal has arrived', () => {
  test('where the deployment and every endpoint that was named show it', async () => {
    const at = world({ deployment: true, one: 'used', two: 'used' });
    expect(await at.run(...ARGS, ...BOTH)).toBe(0);
    const asked = at.seen.filter(({ path }) => path.startsWith('/one')).map(({ body }) => JSON.parse(body));
    expect(asked.at(-1)).toMatchObject({ method: 'eth_call', params: [{ to: ASSET }, '0x10'] });
    expect(asked.at(-1).params[0].data).toBe(
      `0xe94a0102${WALLET.slice(2).toLowerCase().padStart(64, '0')}${NONCE.slice(2)}`,
    );
  });

  test.each<[string, Parameters<typeof world>[0], RegExp]>([
    [
      'one endpoint',
      { deployment: true, one: 'unused', two: 'used' },
      /deployment, two\.example shows and one\.example does not/,
    ],
    [
      'the deployment',
      { deployment: false, one: 'used', two: 'used' },
      /one\.example, two\.example shows and the deployment does not/,
    ],
    ['an endpoint that is down', { deployment: true, one: 'down', two: 'used' }, /could not be read \(one\.example/],
    [
      'an endpoint of another chain',
      { deployment: true, one: 'another chain', two: 'used' },
      /could not be read \(one/,
    ],
    ['everybody', { deployment: false, one: 'unused', two: 'unused' }, /not seen on the chain; /],
  ])('and not where %s does not show it', async (_what, says, message) => {
    const at = world(says);
    expect(await at.run(...ARGS, ...BOTH)).toBe(5);
    expect(at.err()).toMatch(message);
    expect(at.err()).not.toContain('secret-key');
  });

  test('asks nobody but the deployment where nobody is named', async () => {
    const at = world({ deployment: true });
    expect(await at.run(...ARGS)).toBe(0);
    expect(at.seen.some(({ path }) => path.startsWith('/one'))).toBe(false);
  });
});

test.each([[[...BOTH, ...ONE]], [['--rpc-url', 'http://one.example']], [['--rpc-url', 'https://a:b@one.example']]])(
  'endpoints are refused before anything is sent: %j',
  async (argv) => {
    const at = world({ deployment: true });
    expect(await at.run(...ARGS, ...argv)).toBe(2);
    expect(at.seen).toEqual([]);
  },
);

test.each([
  ['the receipt', made({ offer: OTHER_TOKEN })],
  ['what the facilitator is asked', made({ required: OTHER_TOKEN })],
])('a transfer of another token in %s is not handed on', async (_what, answer) => {
  const at = world({ deployment: true }, { '/bursar/withdrawals': () => json(answer, 201) });
  expect(await at.run(...ARGS)).toBe(1);
  expect(at.err()).toContain('another transfer');
  expect(at.seen.some(({ path }) => path === '/settle')).toBe(false);
});
