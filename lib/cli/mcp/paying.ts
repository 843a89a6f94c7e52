import type { PayerOptions } from '../../client/index.ts';
import type { ToolPaymentEvent } from '../../client/agent/index.ts';
import { findNetworkByChain } from '../../domain/assets.ts';
import { secureUrlOf, usdOf } from '../program/arguments.ts';
import type { Invocation } from '../program/command.ts';
import { agentNameOf } from '../purchase/agent-name.ts';
import { ownerOf, requireSession } from '../target/ids.ts';
import { clientOf } from '../target/target.ts';
import { requireWallet } from '../target/wallet.ts';
import { tell } from '../terminal/layout.ts';
import { printable, type Terminal } from '../terminal/terminal.ts';

/** Options of commands that pay where nobody looks on; `payerOf` reads them. */
export const PAYER_OPTIONS = {
  'max-price': { value: 'USD', help: 'pay no more than this for one call (default 1.00)' },
  session: { value: 'ID', help: 'the budget (default: the session that was created last)' },
  instrument: { value: 'ID', help: 'the wallet (default: that of init)' },
  connector: { value: 'ID', help: 'the connector of that wallet' },
  chain: { value: 'CHAIN', help: 'pay on this chain only (default: that of init)' },
  agent: { value: 'NAME', help: 'who buys, for the receipts (default bursar-cli)' },
  'rpc-url': { value: 'URL', help: 'an endpoint of the chain, asked what became of a proof that has ended' },
} as const;

/** Who pays, out of what. Throws `CliError` where no session or wallet is known. */
export function payerOf({ deps, target, options }: Invocation): Omit<PayerOptions, 'onEvent' | 'confirm'> {
  const wallet = requireWallet(target, options);
  const network = findNetworkByChain(wallet.chain)!.id;
  const rpcUrl = secureUrlOf(options, 'rpc-url') ?? target.local?.chains?.[network]?.rpcUrl;
  const maxPriceUsd = usdOf(options, 'max-price');
  return {
    client: clientOf(deps, target, 'processPayment'),
    session: { ...ownerOf(target), paymentSessionId: requireSession(target, options.text('session')) },
    instrument: { paymentInstrumentId: wallet.paymentInstrumentId },
    agentName: agentNameOf(options),
    networks: [network],
    ...(maxPriceUsd === undefined ? {} : { maxPriceUsd }),
    ...(rpcUrl === undefined ? {} : { rpcUrls: { [network]: rpcUrl } }),
    fetch: deps.fetch,
    now: deps.now,
  };
}

/** Says what happens to a person who looks on: a line for each payment, one for each refusal. */
export function notePayment(terminal: Pick<Terminal, 'err' | 'columns'>, event: ToolPaymentEvent): void {
  if (event.type === 'refused') tell(terminal, `bursar   ${printable(event.tool)}: ${printable(event.message)}`);
  if (event.type !== 'proof_received') return;
  const { tool, offer, processPaymentId, replayed } = event;
  const what = `SIGNED${replayed ? ' earlier' : ''}, payment ${processPaymentId} of USD ${offer.amountUsd} to ${offer.payTo}`;
  tell(terminal, `bursar   ${printable(tool)}: ${printable(what)}`);
}
