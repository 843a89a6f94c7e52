import { presentTransfer, type Eip3009Terms } from '../../../../chains/evm/eip3009.ts';
import { tokenOf, type Transfer } from '../../../../chains/evm/tokens.ts';
import type { Signature } from '../../../../domain/payment/shapes.ts';

/**
 * The body of `POST /settle` of a facilitator that brings a transfer to the chain, whatever it was signed for: facilitators know
 * payments of this scheme, and nobody else need be asked. It holds the signature.
 * @see https://github.com/x402-foundation/x402 for version 2's payload and requirements
 */
export function toSettleRequest(
  transfer: Transfer & { readonly maxTimeoutSeconds: number },
  terms: Eip3009Terms,
  signatures: readonly Signature[],
) {
  const { symbol, domainName, domainVersion } = tokenOf(transfer);
  if (domainName === null || domainVersion === null) throw new Error(`${symbol} has no EIP-3009`);
  const paymentRequirements = {
    scheme: 'exact' as const,
    network: transfer.network,
    amount: transfer.amount.toString(),
    asset: transfer.asset,
    payTo: transfer.payTo,
    maxTimeoutSeconds: transfer.maxTimeoutSeconds,
    extra: { name: domainName, version: domainVersion },
  };
  return {
    x402Version: 2 as const,
    paymentPayload: {
      x402Version: 2 as const,
      accepted: paymentRequirements,
      payload: presentTransfer(transfer, terms, signatures),
    },
    paymentRequirements,
  };
}
