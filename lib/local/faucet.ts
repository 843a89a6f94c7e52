import express from 'express';
import { isAddress } from '../chains/evm/address.ts';
import { parseUsd } from '../domain/money.ts';
import type { LocalChain } from './chain/index.ts';
import { LOCAL_TOKENS } from './chain/tokens.ts';
import { serve, type ListenOptions } from './sellers/facilitator.ts';

const USDC_DECIMALS = 6;

/**
 * Test money for local wallets: USDC has six decimals, so that micro-dollars are its base units. With `token`, the symbol of another
 * token of the local chain, `amount` is of that. With `allowance` it also lets Permit2
 * take that much of it, in the wallet's name; only a chain of our own can be told to, and elsewhere a wallet has to approve itself.
 */
export async function startFaucet(
  chain: LocalChain,
  { port = 0 }: ListenOptions = {},
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const app = express();
  app.use(express.json({ limit: '1kb' }));
  app.post('/', async (request, response) => {
    const { address, amount, allowance = '0.00', token } = (request.body ?? {}) as Readonly<Record<string, unknown>>;
    const [parsed, approved] = [amount, allowance].map((text) => parseUsd(typeof text === 'string' ? text : ''));
    const other = Object.values(LOCAL_TOKENS).find(({ symbol }) => symbol === token);
    const isKnown = other !== undefined || token === undefined;
    if (typeof address !== 'string' || !isAddress(address) || !parsed?.ok || !approved?.ok || !isKnown) {
      const symbols = Object.keys(LOCAL_TOKENS).join(' or ');
      const message = `expected {"address": "0x...", "amount": "25.00"}, and "allowance": "25.00" or "token": ${symbols} at most`;
      response.status(400).json({ message });
      return;
    }
    const units = parsed.value * 10n ** BigInt((other?.decimals ?? USDC_DECIMALS) - USDC_DECIMALS);
    await chain.mint(address, units, other?.address);
    if (approved.value > 0n) await chain.approvePermit2(address, approved.value);
    response.json({ address, balance: `${await chain.balanceOf(address, other?.address)}` });
  });
  return serve(app, port);
}
