import type { PaymentId } from '../ids.ts';
import type { Evidence, EvidenceKind, PaymentEvidence } from '../payment/evidence.ts';

export interface EvidenceReader {
  readEvidence(id: PaymentId): Promise<PaymentEvidence>;
}

export interface EvidenceKeeper {
  /**
   * Keeps a statement. What is there already stays, unless nobody knows who signed it and the payee signed this one. Repeating it is
   * harmless.
   */
  keepEvidence(id: PaymentId, kind: EvidenceKind, evidence: Evidence): Promise<void>;
}
