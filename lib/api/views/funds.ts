import type { NetworkId } from '../../domain/assets.ts';
import { formatUsd, toBaseUnits } from '../../domain/money.ts';
import type { Hex } from '../../domain/payment/payment.ts';
import type { PaymentInstrument } from '../../domain/tenants/resources.ts';
import { usdValueOf, type OfferedAsset } from '../../domain/tokens/token.ts';

/** What a wallet holds of one token on one network: in its smallest unit, or `null` where the chain could not be asked. */
interface Holding {
  readonly network: NetworkId;
  readonly asset: OfferedAsset;
  readonly amount: bigint | null;
  readonly fee?: bigint | null;
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
    funds: funds.map(({ network, asset, amount, fee }) => ({
      network,
      token: asset.symbol,
      asset: asset.address,
      decimals: asset.decimals,
      amount: amount === null ? null : amount.toString(),
      amountUsd: amount === null || isUnrated(asset) ? null : formatUsd(usdValueOf(toBaseUnits(amount), asset)),
      ...(fee === undefined ? {} : { fee: fee === null ? null : fee.toString() }),
    })),
  };
}

function isUnrated(asset: OfferedAsset): boolean {
  return 'rate' in asset && asset.rate === null;
}
