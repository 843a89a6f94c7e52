import { tracePermitSettlement } from '../../../../chains/evm/permit-trace.ts';
import type { CeilingTrace } from '../../../../domain/ports/schemes.ts';
import { NAME } from './buying.ts';

/** What a facilitator took of a permit, as its chain shows it. */
export const ceilingTrace: CeilingTrace<'x402/upto/permit2'> = {
  ...NAME,
  trace: ({ asset, payTo }, { from, nonce, validBefore }, { rpc, since }) =>
    tracePermitSettlement(rpc, { token: asset, from, to: payTo, nonce, validBefore, since }),
};
