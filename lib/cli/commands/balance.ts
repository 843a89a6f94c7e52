import type { Command, Invocation } from '../program/command.ts';
import { getInstrument, readBalance } from '../operations.ts';
import { ownerOf } from '../target/ids.ts';
import { clientOf } from '../target/target.ts';
import { requireWallet, usdOfBalance } from '../target/wallet.ts';
import { formatFacts } from '../terminal/layout.ts';
import { done, type Outcome } from '../terminal/outcome.ts';

async function runBalance({ deps, target, options }: Invocation): Promise<Outcome> {
  const client = clientOf(deps, target, 'management');
  const owner = ownerOf(target);
  const wallet = requireWallet(target, options);
  const [instrument, balance] = await Promise.all([
    getInstrument(client, owner, wallet.paymentInstrumentId),
    readBalance(client, owner, wallet),
  ]);
  const address = instrument.paymentInstrumentDetails.embeddedCryptoWallet.walletAddress ?? null;
  const usd = usdOfBalance(balance);
  return done(
    { paymentInstrumentId: wallet.paymentInstrumentId, walletAddress: address, tokenBalance: balance, usd },
    formatFacts({ wallet: address, chain: balance.chain, balance: `${usd} ${balance.token}` }),
  );
}

export const balance: Command = {
  name: 'balance',
  summary: 'the money in the wallet, read from the chain',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    chain: { value: 'CHAIN', help: 'BASE_SEPOLIA, BASE or ETHEREUM (default: that of init)' },
    instrument: { value: 'ID', help: 'another wallet of the user' },
    connector: { value: 'ID', help: 'the connector of that wallet' },
  },
  role: 'ManagementRole, ObserverRole or ProcessPaymentRole; with a token, any',
  examples: [['bursar balance', 'the wallet of init']],
  run: runBalance,
};
