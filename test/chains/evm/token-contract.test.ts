import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonRpc } from '../../../lib/chains/evm/authorization-state.ts';
import { PERMIT2 } from '../../../lib/chains/evm/addresses.ts';
import { findTokenFaults } from '../../../lib/chains/evm/token-contract.ts';
import { createJsonRpc } from '../../../lib/client/fetch/json-rpc.ts';
import type { Token } from '../../../lib/domain/tokens/token.ts';
import { startChain, type LocalChain } from '../../../lib/local/chain/index.ts';
import { LOCAL_TOKENS } from '../../../lib/local/chain/tokens.ts';
import { BASE_SEPOLIA } from '../../support/payments.ts';

let chain: LocalChain;
let rpc: JsonRpc;
beforeAll(async () => {
  chain = await startChain({ dataDir: null, env: {} });
  rpc = createJsonRpc(chain.rpcUrl, { fetch, signal: new AbortController().signal });
});
afterAll(() => chain.kill());

const network = BASE_SEPOLIA.id;
const tokenOf = ({ address, symbol, decimals, name, version }: (typeof LOCAL_TOKENS)['ACME' | 'EURC']): Token => ({
  address,
  symbol,
  decimals,
  domainName: name,
  domainVersion: version,
  rate: null,
});
const usdc: Token = { ...BASE_SEPOLIA.usdc, rate: null };
const acme = tokenOf(LOCAL_TOKENS.ACME);
const faultsOf = (asset: Token, by = rpc) => findTokenFaults(by, { network, asset });

describe('a token of the table', () => {
  test.each([
    ['USDC', usdc],
    ['EURC', tokenOf(LOCAL_TOKENS.EURC)],
    ['a token of 18 decimals', acme],
    ['a token without a domain', { ...acme, domainName: null, domainVersion: null }],
  ])('is what its contract says: %s', async (_what, asset) => {
    expect(await faultsOf(asset)).toEqual([]);
  });

  test.each<[string, Token, string]>([
    ['other decimals', { ...acme, decimals: 6 }, 'its contract has 18 decimals, and the table says 6'],
    ['other decimals than USDC', { ...usdc, decimals: 18 }, 'its contract has 6 decimals'],
    ['another name', { ...acme, domainName: 'Acme' }, "another EIP-712 domain than name 'Acme' and version '2'"],
    ['another version', { ...usdc, domainVersion: '1' }, "version '1'"],
    ['the address of another token', { ...usdc, address: acme.address }, 'another EIP-712 domain'],
    ['the address of nobody', { ...acme, address: '0x8617E340B3D01FA5F11F306F4090FD50E238070D' }, 'no contract'],
    ['the address of a contract that is no token', { ...acme, address: PERMIT2 }, 'does not say its decimals'],
  ])('is told with %s', async (_what, asset, says) => {
    expect((await faultsOf(asset)).join('; ')).toContain(says);
  });

  test('is told where its contract has no transfers by EIP-3009', async () => {
    // Permit2 has a domain separator, and knows no authorization.
    expect(await faultsOf({ ...acme, address: PERMIT2 })).toContain('its contract has no transfer by EIP-3009');
  });

  test('is told where a contract has transfers of another form', async () => {
    const other: JsonRpc = async (method, params) => {
      const data = (params[0] as { data?: string } | undefined)?.data ?? '';
      return data.startsWith('0xa0cc6a68') ? `0x${'11'.repeat(32)}` : rpc(method, params);
    };
    expect(await faultsOf(acme, other)).toEqual(['its contract has no transfer by EIP-3009']);
  });

  test('is told on another chain, whose answers say nothing', async () => {
    const other: JsonRpc = async (method, params) => (method === 'eth_chainId' ? '0x1' : rpc(method, params));
    expect(await faultsOf(usdc, other)).toEqual(['the endpoint is of another chain, 0x1']);
  });

  test('is not judged by an endpoint that goes away meanwhile', async () => {
    let calls = 0;
    const leaving: JsonRpc = async (method, params) => {
      calls += 1;
      if (calls > 2) throw new Error('gone');
      return rpc(method, params);
    };
    await expect(faultsOf(usdc, leaving)).rejects.toThrow('gone');
  });
});
