import { isAddress } from '../../chains/evm/address.ts';
import { readAuthorizationState, type AuthorizationState, type JsonRpc } from '../../chains/evm/authorization-state.ts';
import type { Hex } from '../../domain/payment/shapes.ts';
import { memberOf } from '../../json/record.ts';
import { openCredential } from './presented.ts';

/** Finds out what became of a credential for a token, from its chain alone. `null`: it is of another kind. Throws where the chain cannot be asked. */
export function traceCredential(
  paymentCredential: string,
  token: Hex,
  rpc: JsonRpc,
): Promise<AuthorizationState> | null {
  const payload = openCredential(paymentCredential)?.payload;
  const [from, nonce, validBefore] = ['from', 'nonce', 'validBefore'].map((name) => memberOf(payload, name));
  if (typeof from !== 'string' || !isAddress(from) || typeof nonce !== 'string' || !/^0x[0-9a-f]{64}$/.test(nonce))
    return null;
  if (typeof validBefore !== 'string' || !/^[0-9]{1,15}$/.test(validBefore)) return null;
  return readAuthorizationState(rpc, { token, from, nonce: nonce as Hex, validBefore: Number(validBefore) });
}
