import express from 'express';
import { isAddress } from '../chains/evm/address.ts';
import { parseUsd } from '../domain/money.ts';
import type { LocalChain } from './chain/index.ts';
import { serve, type ListenOptions } from './sellers/facilitator.ts';

/** Test money for local wallets: USDC has six decimals, so that micro-dollars are its base units. */
export async function startFaucet(
  chain: LocalChain,
  { port = 0 }: ListenOptions = {},
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const app = express();
  app.use(express.json({ limit: '1kb' }));
  app.post('/', async (request, response) => {
    const { address, amount } = (request.body ?? {}) as { address?: unknown; amount?: unknown };
    const parsed = parseUsd(typeof amount === 'string' ? amount : '');
    if (typeof address !== 'string' || !isAddress(address) || !parsed.ok) {
      response.status(400).json({ message: 'expected {"address": "0x...", "amount": "25.00"}' });
      return;
    }
    await chain.mint(address, parsed.value);
    response.json({ address, balance: `${await chain.balanceOf(address)}` });
  });
  return serve(app, port);
}
