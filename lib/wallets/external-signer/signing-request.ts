import { createHash } from 'node:crypto';
import type { Eip712Message, TypedData } from '../../chains/evm/shapes.ts';
import { formatHex } from '../../domain/hex.ts';
import { formatUsd } from '../../domain/money.ts';
import type { Hex, Payment } from '../../domain/payment/payment.ts';

/**
 * What a signer is asked, as JSON. A signer that trusts nobody works out the digest from the typed data, and judges by `payment`
 * and by the typed data whether it signs.
 */
export interface SigningRequest {
  readonly version: 1;
  /** The same for every try of one signature: SHA-256 of digest and address, in hexadecimal. */
  readonly id: string;
  /** With its EIP-55 checksum. */
  readonly address: Hex;
  /** EIP-712 hash of `typedData`. */
  readonly digest: Hex;
  readonly typedData: TypedData;
  /** What is paid; `null` where something else than a payment is signed. */
  readonly payment: SignedPayment | null;
}

/** What Bursar verified, and under `declared` what the caller said. */
export interface SignedPayment {
  readonly processPaymentId: string;
  readonly paymentManagerId: string;
  readonly paymentSessionId: string;
  readonly paymentInstrumentId: string;
  readonly userId: string;
  /** A CAIP-2 id. */
  readonly network: string;
  readonly payTo: string;
  /** What the session is charged, in dollars; of a ceiling, the most that may be taken. */
  readonly amountUsd: string;
  readonly declared: {
    readonly agentName: string | null;
    readonly url: string | null;
    readonly description: string | null;
  };
}

export function toSigningRequest(message: Eip712Message, address: Hex, payment: Payment | null): SigningRequest {
  const digest = `0x${formatHex(message.digest)}` as const;
  return {
    version: 1,
    id: createHash('sha256').update(message.digest).update(address.toLowerCase()).digest('hex'),
    address,
    digest,
    typedData: message.typedData(),
    payment: payment === null ? null : toSignedPayment(payment),
  };
}

function toSignedPayment(payment: Payment): SignedPayment {
  const { network, payTo } = payment.offer;
  return {
    processPaymentId: payment.id,
    paymentManagerId: payment.managerId,
    paymentSessionId: payment.sessionId,
    paymentInstrumentId: payment.instrumentId,
    userId: payment.userId,
    network,
    payTo,
    amountUsd: formatUsd(payment.amount),
    declared: {
      agentName: payment.agentName,
      url: payment.resource?.url ?? null,
      description: payment.resource?.description ?? null,
    },
  };
}
