import type { AuthorizationState, JsonRpc } from '../../chains/evm/authorization-state.ts';
import { isAddress } from '../../chains/evm/address.ts';
import { PERMIT2 } from '../../chains/evm/addresses.ts';
import type { Hex, OfferBase } from '../../domain/payment/shapes.ts';
import { isRecord, memberOf } from '../../json/record.ts';

/** 2^256 - 1 has 78 decimal digits. */
const NONCE = /^(?:0|[1-9][0-9]{0,77})$/;
const SECONDS = /^[0-9]{1,15}$/;
const WORD_HEX_CHARS = 64;

/** Version 1 has no Permit2. Throws on it: no release has stored such an item. */
export function permitVersion({ version }: Pick<OfferBase, 'version'>): '2' {
  if (version !== '2') throw new Error(`a stored permit has the x402 version '${version}'`);
  return version;
}

/** Who alone can settle a proof that is a permit; `null`: anybody can. `undefined`: it is none. */
export function facilitatorOf(payload: object): Hex | null | undefined {
  const permit = memberOf(payload, 'permit2Authorization');
  if (!isRecord(permit)) return undefined;
  const facilitator = memberOf(memberOf(permit, 'witness'), 'facilitator');
  return typeof facilitator === 'string' && isAddress(facilitator) ? facilitator : null;
}

/** What facilitators say where a wallet has not let Permit2 take the token, or less than it takes. */
const ALLOWANCE_REASON = 'permit2_allowance_required';

/** What helps against the reason for which a permit was not taken; `null` where nothing is known. */
export function remedyForPermit(reason: string): string | null {
  if (reason.toLowerCase() !== ALLOWANCE_REASON) return null;
  return (
    `the wallet has not let the Permit2 contract ${PERMIT2} take as much of the token as the payment: approve it by the wallet's ` +
    'own means, and the same proof can be presented again while it lasts'
  );
}

/** What became of a proof that is a Permit2 permit, from its chain alone. `null`: it is none. */
export function tracePermit(
  { payload }: { readonly payload: object },
  rpc: JsonRpc,
): Promise<AuthorizationState> | null {
  const permit = memberOf(payload, 'permit2Authorization');
  const [from, nonce, deadline] = ['from', 'nonce', 'deadline'].map((name) => memberOf(permit, name));
  if (typeof from !== 'string' || !isAddress(from) || typeof nonce !== 'string' || !NONCE.test(nonce)) return null;
  if (typeof deadline !== 'string' || !SECONDS.test(deadline)) return null;
  const word = BigInt(nonce).toString(16).padStart(WORD_HEX_CHARS, '0');
  return import('../../chains/evm/authorization-state.ts').then(({ readPermitState }) =>
    readPermitState(rpc, { from, nonce: `0x${word}`, validBefore: Number(deadline) }),
  );
}
