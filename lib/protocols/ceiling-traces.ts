import type { Payment } from '../domain/payment/payment.ts';
import type { CeilingTrace, Trace } from '../domain/ports/schemes.ts';
import type { JsonRpc } from '../chains/evm/authorization-state.ts';
import { ceilingTrace } from './x402/schemes/upto-permit2/ceiling-trace.ts';

const TRACES: readonly CeilingTrace[] = [ceilingTrace];
/** How far a function's clock may be ahead of a chain's, and the time of a block. */
const LEAD_SECONDS = 120;

/**
 * What a chain shows of a signed payment whose payee may take less, at a block that is final. Throws for a payment of another kind,
 * and where the chain cannot be asked.
 */
export function tracePayment(payment: Payment, rpc: JsonRpc): Promise<Trace> {
  const { offer, terms, createdAt } = payment;
  const found = TRACES.find(
    ({ protocol, scheme, transferMethod }) =>
      protocol === offer.protocol && scheme === offer.scheme && transferMethod === offer.transferMethod,
  );
  if (found === undefined) throw new Error(`no ceiling: ${offer.protocol}/${offer.scheme}/${offer.transferMethod}`);
  return found.trace(offer, terms, { rpc, since: Math.floor(createdAt / 1_000) - LEAD_SECONDS });
}
