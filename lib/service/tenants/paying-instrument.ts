import type { Refusal } from '../../domain/refusal.ts';
import { ok, refuse, type Result } from '../../domain/result.ts';
import type { EvmInstrument, PaymentInstrument } from '../../domain/tenants/resources.ts';

/** The instrument where it is of a family of chains that Bursar pays on and reads. The others are made, shown and funded. */
export function payingInstrument(instrument: PaymentInstrument): Result<EvmInstrument, Refusal> {
  return instrument.network === 'ETHEREUM' ? ok(instrument) : refuse({ reason: 'unsupported_wallet' });
}
