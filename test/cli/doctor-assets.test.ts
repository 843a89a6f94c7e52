import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChain, type LocalChain } from '../../lib/local/chain/index.ts';
import { LOCAL_TOKENS } from '../../lib/local/chain/tokens.ts';
import { BASE_SEPOLIA } from '../support/payments.ts';
import { awsError, createReadyWorld, json, type Routes } from './world.ts';

// What the doctor says of the tokens of a deployment, as a chain of its own shows them.

let chain: LocalChain;
beforeAll(async () => {
  chain = await startChain({ dataDir: null, env: {} });
});
afterAll(() => chain.kill());

const NETWORK = BASE_SEPOLIA.id;
const URL = 'https://rpc.example/key-of-mine';
const rate = { usd: '1.00', asOf: '2026-02-20' };
const { ACME } = LOCAL_TOKENS;
const USDC = {
  network: NETWORK,
  address: BASE_SEPOLIA.usdc.address,
  symbol: 'USDC',
  decimals: 6,
  domain: { name: 'USDC', version: '2' },
  usdRate: null,
  payable: true,
};
const acme = (more: object = {}) => ({
  ...USDC,
  address: ACME.address,
  symbol: 'ACME',
  decimals: 18,
  domain: { name: ACME.name, version: ACME.version },
  usdRate: rate,
  ...more,
});

async function examine(assets: readonly object[] | null, more: Routes = {}, args = [`${NETWORK}=${URL}`]) {
  const world = createReadyWorld({
    routes: {
      '/bursar/assets': () => (assets === null ? awsError(404, 'ResourceNotFoundException', 'no') : json({ assets })),
      '/key-of-mine': async ({ body }) =>
        fetch(chain.rpcUrl, { method: 'POST', body, headers: { 'content-type': 'application/json' } }),
      '/getPaymentSession': () => json({}),
      ...more,
    },
  });
  const code = await world.run('doctor', '--json', ...args.flatMap((each) => ['--rpc-url', each]));
  const { findings = [] } = JSON.parse(world.out()) as {
    findings?: { id: string; status: string; detail: string; mend?: string }[];
  };
  const those = (prefix: string) => findings.filter(({ id }) => id.startsWith(prefix));
  return { code, world, of: those('asset'), chains: those('chain') };
}

describe('the tokens of a deployment', () => {
  test('are held against their contracts, and say so', async () => {
    const { of } = await examine([USDC, acme()]);
    expect(of.map(({ id, status }) => [id, status])).toEqual([
      [`asset:${NETWORK}:USDC`, 'ok'],
      [`asset:${NETWORK}:ACME`, 'ok'],
    ]);
  });

  test.each<[string, object, string]>([
    ['whose decimals are others', { decimals: 6 }, 'has 18 decimals, and the table says 6'],
    ['whose domain is another', { domain: { name: 'Acme', version: '2' } }, 'another EIP-712 domain'],
    ['which is nowhere', { address: '0x8617E340B3D01FA5F11F306F4090FD50E238070D' }, 'no contract at its address'],
  ])('are wrong where one is named %s', async (_what, more, says) => {
    const { code, of } = await examine([acme(more)]);
    expect(of).toMatchObject([{ status: 'fail', detail: expect.stringContaining(says) as string }]);
    expect(of[0]!.mend).toContain('assets');
    expect(code).toBe(1);
  });

  test('are to be looked at where nothing is bought in one any more', async () => {
    const { of } = await examine([acme({ payable: false })]);
    expect(of).toMatchObject([{ status: 'warn', mend: 'set usdRates anew' }]);
  });

  test('are not judged where their chain does not answer, and the key of its endpoint is not shown', async () => {
    const { of, world } = await examine([USDC], { '/key-of-mine': () => new Response('no', { status: 500 }) });
    expect(of).toMatchObject([{ status: 'warn', detail: expect.stringContaining('not checked') as string }]);
    expect(world.out() + world.err()).not.toContain('key-of-mine');
  });

  test('are left alone without an endpoint, on other networks, and by a service that has no list', async () => {
    expect((await examine([USDC], {}, [])).of).toMatchObject([
      { id: 'assets', status: 'skip', mend: expect.stringContaining('--rpc-url') as string },
    ]);
    const base = { ...USDC, network: 'eip155:8453' };
    expect((await examine([base])).of).toMatchObject([
      { status: 'skip', detail: expect.stringContaining('8453') as string },
    ]);
    expect((await examine(null)).of).toMatchObject([{ id: 'assets', status: 'skip' }]);
  });

  test.each([
    'https://rpc.example',
    'base=https://rpc.example',
    'eip155:5=https://rpc.example',
    `${NETWORK}=http://rpc.example`,
  ])('are not looked up at %s', async (option) => {
    const { code, of } = await examine([USDC], {}, [option]);
    expect([code, of]).toEqual([2, []]);
  });
});

describe('the endpoints of chains', () => {
  test('are each told by their place, and judged by themselves', async () => {
    const args = [
      `${NETWORK}=${URL}`,
      `${NETWORK}=https://rpc.example/of-another`,
      `${NETWORK}=https://rpc.example/dead`,
    ];
    const { code, of, chains, world } = await examine(
      [USDC],
      {
        '/of-another': () => json({ jsonrpc: '2.0', id: 1, result: '0x1' }),
        '/dead': () => new Response('no', { status: 500 }),
      },
      args,
    );
    expect(chains).toMatchObject([
      { id: `chain:${NETWORK}:1`, status: 'ok' },
      { id: `chain:${NETWORK}:2`, status: 'fail', detail: 'is of another chain' },
      { id: `chain:${NETWORK}:3`, status: 'fail', detail: 'gives no usable answer (http_status)' },
    ]);
    expect(of).toMatchObject([{ id: `asset:${NETWORK}:USDC`, status: 'ok' }]);
    expect(code).toBe(1);
    expect(world.out() + world.err()).not.toMatch(/key-of-mine|of-another|rpc\.example/);
  });

  test('are at fault where they are behind', async () => {
    const behind = ({ body }: { readonly body: string }) => {
      const { method } = JSON.parse(body) as { readonly method: string };
      const result = method === 'eth_chainId' ? '0x14a34' : { timestamp: '0x1' };
      return json({ jsonrpc: '2.0', id: 1, result });
    };
    const { chains } = await examine([], { '/key-of-mine': behind });
    expect(chains).toMatchObject([
      { status: 'fail', detail: expect.stringMatching(/^its newest block is \d+ minutes old$/) as string },
    ]);
  });
});
