import type { Evidence, EvidenceKind } from '../../domain/payment/evidence.ts';
import type { Payment } from '../../domain/payment/payment.ts';
import type { EvidenceKeeper } from '../../domain/ports/evidence.ts';
import type { Clock } from '../../domain/time.ts';
import {
  matchingOffers,
  matchingReceipt,
  type MatchingStatement,
} from '../../protocols/x402/evidence/offer-receipt.ts';
import { readCompactSignature } from '../../wallets/provider-signature.ts';
import { sealSignature, toLowS } from '../../wallets/secp256k1.ts';

/** Signed offers for the same terms whose signer is looked for. */
const SIGNERS_MAX = 4;

export interface EvidenceDeps {
  readonly evidence: EvidenceKeeper;
  readonly clock: Clock;
}

/**
 * Keeps the signed offer of a 402 that a payment was made for, where there is one. Does not change the payment, nor what is answered.
 * @param of the 402, and what was requested
 */
export async function keepSignedOffer(
  deps: EvidenceDeps,
  payment: Payment,
  of: { readonly challenge: unknown; readonly url: string },
): Promise<'kept' | 'ignored'> {
  const matching = matchingOffers(of.challenge, payment, of.url).slice(0, SIGNERS_MAX);
  return keepBest(deps, payment, 'offer', matching);
}

/** Keeps the receipt that a seller signed, as its client passes it on. The same as for an offer; anything that is none is ignored. */
export async function keepSignedReceipt(
  deps: EvidenceDeps,
  payment: Payment,
  of: { readonly receipt: string; readonly url: string },
): Promise<'kept' | 'ignored'> {
  const matching = matchingReceipt(of.receipt, payment, of.url);
  return keepBest(deps, payment, 'receipt', matching === null ? [] : [matching]);
}

async function keepBest(
  { evidence, clock }: EvidenceDeps,
  payment: Payment,
  kind: EvidenceKind,
  matching: readonly MatchingStatement[],
): Promise<'kept' | 'ignored'> {
  const own = matching.find((each) => isOfPayee(each, payment));
  const best = own ?? matching[0];
  if (best === undefined) return 'ignored';
  const signer: Evidence['signer'] = own === undefined ? 'unknown' : 'payee';
  await evidence.keepEvidence(payment.id, kind, { ...best.statement, signer, keptAt: clock.now() });
  return 'kept';
}

/** Only of a key: a contract that is paid, and whoever else a seller lets sign, is not known here. */
function isOfPayee({ statement, digest }: MatchingStatement, { offer }: Payment): boolean {
  const signature = digest === null ? null : readCompactSignature(statement.signature);
  return digest !== null && signature !== null && sealSignature(toLowS(signature), digest, offer.payTo) !== null;
}
