import express from 'express';
import { isAddress } from '../chains/evm/address.ts';
import { parseUsd } from '../domain/money.ts';
import type { LocalChain } from './chain/index.ts';
import { serve, type ListenOptions } from './sellers/facilitator.ts';

/**
 * Test money for local wallets: USDC has six decimals, so that micro-dollars are its base units. With `allowance` it also lets Permit2
 * take that much of it, in the wallet's name; only a chain of our own can be told to, and elsewhere a wallet has to approve itself.
 */
export async function startFaucet(
  chain: LocalChain,
  { port = 0 }: ListenOptions = {},
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const app = express();
  app.use(express.json({ limit: '1kb' }));
  app.post('/', async (request, response) => {
    const { address, amount, allowance = '0.00' } = (request.body ?? {}) as Readonly<Record<string, unknown>>;
    const [parsed, approved] = [amount, allowance].map((text) => parseUsd(typeof text === 'string' ? text : ''));
    if (typeof address !== 'string' || !isAddress(address) || !parsed?.ok || !approved?.ok) {
      response
        .status(400)
        .json({ message: 'expected {"address": "0x...", "amount": "25.00"}, and "allowance": "25.00" at most' });
      return;
    }
    await chain.mint(address, parsed.value);
    if (approved.value > 0n) await chain.approvePermit2(address, approved.value);
    response.json({ address, balance: `${await chain.balanceOf(address)}` });
  });
  return serve(app, port);
}
