import { findNetwork } from '../../domain/assets.ts';
import type { Deployment } from '../../domain/ids.ts';
import { InvariantViolated } from '../../domain/invariant.ts';
import type { Payment } from '../../domain/payment/payment.ts';
import { protocolOf } from '../../protocols/registry.ts';
import { toReceipt } from '../../receipts/receipt.ts';

/**
 * The answer to CreateWithdrawal, made from the stored payment alone: the same bytes for ever. Its `settlement` is the body of
 * `POST /settle` of an x402 facilitator, and holds the signature: a bearer instrument, though of a transfer to our own address.
 *
 * @see https://github.com/coinbase/x402 for version 2's payload and requirements
 */
export function toWithdrawalView(deployment: Deployment, payment: Payment) {
  const { offer, terms, signature } = payment;
  if (payment.status !== 'SIGNED' || signature === null) {
    throw new InvariantViolated(`withdrawal ${payment.id} has no signature: it is ${payment.status}`);
  }
  const usdc = findNetwork(offer.network)?.usdc;
  if (usdc === undefined) throw new InvariantViolated(`withdrawal ${payment.id} is on the unknown ${offer.network}`);
  const paymentRequirements = {
    scheme: offer.scheme,
    network: offer.network,
    amount: offer.amount.toString(),
    asset: offer.asset,
    payTo: offer.payTo,
    maxTimeoutSeconds: offer.maxTimeoutSeconds,
    extra: { name: usdc.domainName, version: usdc.domainVersion },
  };
  return {
    withdrawal: toReceipt(deployment, payment),
    settlement: {
      x402Version: 2,
      paymentPayload: {
        x402Version: 2,
        accepted: paymentRequirements,
        payload: protocolOf(offer).present(offer, terms, signature),
      },
      paymentRequirements,
    },
  };
}
