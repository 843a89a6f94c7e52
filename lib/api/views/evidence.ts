import type { Answer } from '../../contract/client-types.ts';
import type { Evidence, PaymentEvidence } from '../../domain/payment/evidence.ts';
import { formatInstant } from '../../domain/time.ts';

/** `undefined`: nothing is kept of the payment. */
export function toEvidenceView({ offer, receipt }: PaymentEvidence): Answer<'GetPayment'>['evidence'] {
  if (offer === null && receipt === null) return undefined;
  return {
    ...(offer === null ? {} : { offer: toStatement(offer) }),
    ...(receipt === null ? {} : { receipt: toStatement(receipt) }),
  };
}

function toStatement({ format, payload, signature, signer, keptAt }: Evidence) {
  const by = signer === 'payee' ? ('PAYEE' as const) : ('UNKNOWN' as const);
  return { format, payload: { ...payload }, signature, signer: by, keptAt: formatInstant(keptAt) };
}
