import type { Answer } from '../../contract/client-types.ts';
import { formatManagerArn, type Deployment } from '../../domain/ids.ts';
import { InvariantViolated } from '../../domain/invariant.ts';
import { formatUsd } from '../../domain/money.ts';
import { WANTS_OUTCOME, type Payment } from '../../domain/payment/payment.ts';
import { formatInstant } from '../../domain/time.ts';
import { signedToken } from '../../domain/tokens/token.ts';
import { protocolOf, schemeOf } from '../../protocols/catalogue.ts';

/** What was paid to whom, and until when the proof is good: what Bursar's own clients are told beside AgentCore's members. */
export function toPaymentTerms({ offer, amount, terms }: Payment) {
  const { network, asset, payTo } = offer;
  const token = signedToken(offer);
  const paid = { amountUsd: formatUsd(amount), network, asset, payTo, validBefore: terms.validBefore };
  return token === undefined ? paid : { ...paid, token };
}

type PaymentOutput = Answer<'ProcessPayment'>['paymentOutput'];

/**
 * AgentCore's answer to ProcessPayment, made from the payment alone: the same bytes for ever.
 * Carries the proof, a bearer instrument; it goes to the caller and nowhere else.
 */
export function toPaidView(deployment: Deployment, payment: Payment): Answer<'ProcessPayment'> {
  const { offer, terms, signatures } = payment;
  if (payment.status !== 'SIGNED' || signatures === null || payment.decidedAt === null) {
    throw new InvariantViolated(`payment ${payment.id} has no proof: it is ${payment.status}`);
  }
  const { paymentType, inputName, toOutput } = protocolOf(offer);
  const output = toOutput(offer, schemeOf(offer).present(offer, terms, signatures));
  return {
    processPaymentId: payment.id,
    paymentManagerArn: formatManagerArn(deployment, payment.managerId),
    paymentSessionId: payment.sessionId,
    paymentInstrumentId: payment.instrumentId,
    paymentType,
    status: 'PROOF_GENERATED',
    // Each protocol has the member and the payload that the contract describes under its name.
    paymentOutput: { [inputName]: output } as unknown as PaymentOutput,
    bursar: {
      ...toPaymentTerms(payment),
      ...(payment.policyRecord?.includes(WANTS_OUTCOME) ? { wantsOutcome: true as const } : {}),
    },
    createdAt: formatInstant(payment.createdAt),
    updatedAt: formatInstant(payment.decidedAt),
  };
}
