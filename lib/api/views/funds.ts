import type { Network } from '../../domain/assets.ts';
import { formatUsd, toBaseUnits, usdValueOfStablecoin } from '../../domain/money.ts';
import type { Hex } from '../../domain/payment/payment.ts';
import type { PaymentInstrument } from '../../domain/tenants/resources.ts';

/** What a wallet holds on one network: in the token's smallest unit, or `null` where the chain could not be asked. */
interface Holding {
  readonly network: Network;
  readonly amount: bigint | null;
}

export function toFundsView({
  instrument,
  walletAddress,
  funds,
}: {
  readonly instrument: PaymentInstrument;
  readonly walletAddress: Hex;
  readonly funds: readonly Holding[];
}) {
  return {
    paymentInstrumentId: instrument.instrumentId,
    paymentConnectorId: instrument.connectorId,
    status: instrument.status,
    walletAddress,
    funds: funds.map(({ network: { id, usdc }, amount }) => ({
      network: id,
      token: usdc.symbol,
      asset: usdc.address,
      decimals: usdc.decimals,
      amount: amount === null ? null : amount.toString(),
      amountUsd: amount === null ? null : formatUsd(usdValueOfStablecoin(toBaseUnits(amount), usdc.decimals)),
    })),
  };
}
