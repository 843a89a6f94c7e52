import type { Network } from '../../domain/assets.ts';
import type { MicroUsd } from '../../domain/money.ts';
import { stablecoinOfUsd } from '../../domain/token-amount.ts';
import { isRecord } from '../../json/record.ts';
import type { PaymentChallenge, SignedToken } from './payment-required.ts';

/**
 * The entry for a payment that was made on terms which the seller does not offer any more: one of its entries, with the terms that
 * were signed in place of its own.
 */
export function restateEntry(
  version: PaymentChallenge['version'],
  entry: object,
  signed: {
    readonly network: Network;
    readonly price: MicroUsd;
    readonly asset: string;
    /** Where it is not the USDC of the network. */
    readonly token?: SignedToken | undefined;
    readonly payTo: string;
    /** The scheme's name and members of `extra`; `null`: those of the entry stay. */
    readonly way: { readonly scheme: string; readonly extra: object } | null;
  },
): object {
  const { network, price, asset, payTo, way } = signed;
  const { amount, name, version: domainVersion } = signed.token ?? usdcOf(network, price);
  const { amount: _amount, maxAmountRequired: _maxAmountRequired, ...others } = entry as Record<string, unknown>;
  const own = way?.extra ?? (isRecord(others['extra']) ? others['extra'] : {});
  const extra = { ...own, ...(name === null ? {} : { name, version: domainVersion }) };
  const terms =
    version === '1' ? { network: network.x402Name, maxAmountRequired: amount } : { network: network.id, amount };
  return { ...others, ...(way === null ? {} : { scheme: way.scheme }), ...terms, asset, payTo, extra };
}

function usdcOf({ usdc }: Network, price: MicroUsd): SignedToken {
  const amount = stablecoinOfUsd(price, usdc.decimals).toString();
  return { amount, name: usdc.domainName, version: usdc.domainVersion };
}
