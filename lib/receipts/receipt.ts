import canonicalize from 'canonicalize';
import { findNetwork } from '../domain/assets.ts';
import { formatManagerArn, isWithdrawal, type Deployment } from '../domain/ids.ts';
import { formatUsd, type MicroUsd } from '../domain/money.ts';
import { showDenial, type Denial } from '../domain/payment/denial.ts';
import type { Payment } from '../domain/payment/payment.ts';
import { feedsOf } from '../domain/payment/policy-record.ts';
import type { SchemeOf } from '../domain/ports/schemes.ts';
import { formatInstant } from '../domain/time.ts';
import { formatUsdRate } from '../domain/tokens/rate.ts';
import type { Token } from '../domain/tokens/token.ts';

const RECEIPT_VERSION = 0 as const;

const usdOrNull = (amount: MicroUsd | null) => (amount === null ? null : formatUsd(amount));

/** With its code as the API's errors have it. */
function denialOf(denial: Denial) {
  const { reason, ...figures } = showDenial(denial);
  return { code: `bursar:${reason}`, ...figures };
}

function rateOf(token: Token | undefined) {
  if (token?.rate == null) return null;
  return { usd: formatUsdRate(token.rate), asOf: token.rate.asOf };
}

function membersOf(deployment: Deployment, payment: Payment, schemeOf: SchemeOf) {
  const { offer, terms, denial, budget } = payment;
  const decision = payment.status === 'SIGNED' ? ('PAID' as const) : payment.status;
  const asset = offer.token ?? findNetwork(offer.network)?.usdc;
  return {
    receiptVersion: RECEIPT_VERSION,
    processPaymentId: payment.id,
    paymentManagerArn: formatManagerArn(deployment, payment.managerId),
    paymentSessionId: payment.sessionId,
    paymentInstrumentId: payment.instrumentId,
    userId: payment.userId,
    agentName: payment.agentName,
    /** The caller's word: nobody has looked at it. */
    resource: payment.resource,
    /** A withdrawal brings money home to its owner, on nobody's budget. */
    purpose: isWithdrawal(payment) ? ('WITHDRAWAL' as const) : ('PAYMENT' as const),
    decision,
    denial: denial === null ? null : denialOf(denial),
    amountUsd: formatUsd(payment.amount),
    offer: {
      protocol: offer.protocol,
      version: offer.version,
      scheme: offer.scheme,
      transferMethod: offer.transferMethod,
      network: offer.network,
      asset: offer.asset,
      symbol: asset?.symbol ?? null,
      decimals: asset?.decimals ?? null,
      /** What one whole token cost the budget; USDC is counted as dollars. */
      usdRate: rateOf(offer.token),
      amount: offer.amount.toString(),
      payTo: offer.payTo,
    },
    authorization: schemeOf(offer).show(terms),
    /** Right after the reservation of this payment. */
    budget:
      budget === null || isWithdrawal(payment)
        ? null
        : {
            availableUsd: usdOrNull(budget.available),
            reservedUsd: formatUsd(budget.reserved),
            spentUsd: formatUsd(budget.spent),
          },
    /** Imported lists that the payment was held against. */
    feeds: feedsOf(payment.policyRecord ?? []).map(({ feed, hash, importedAt, checked }) => ({
      feed,
      hash,
      importedAt: formatInstant(importedAt),
      checked: [...checked],
    })),
    requestHash: payment.requestHash,
    attempt: payment.attempt,
    createdAt: formatInstant(payment.createdAt),
    decidedAt: payment.decidedAt === null ? null : formatInstant(payment.decidedAt),
  };
}

/**
 * The record of one payment, made from the books alone: what was asked, what was decided and why, and what the budget was
 * afterwards. Its members stand in canonical order (RFC 8785), so that equal receipts have equal bytes as JSON. It holds no
 * signature: a receipt can be shown around without giving away money.
 */
export function toReceipt(deployment: Deployment, payment: Payment, schemeOf: SchemeOf): ReturnType<typeof membersOf> {
  const text = canonicalize(membersOf(deployment, payment, schemeOf));
  if (text === undefined) throw new Error(`payment ${payment.id} has no canonical receipt`);
  return JSON.parse(text) as ReturnType<typeof membersOf>;
}
