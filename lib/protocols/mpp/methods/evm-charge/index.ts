import { keccak_256 } from '@noble/hashes/sha3.js';
import {
  presentTransfer,
  transferMessage,
  unpackTransferTerms,
  type Eip3009Terms,
} from '../../../../chains/evm/eip3009.ts';
import { coveredByTransfer, pinnedNetwork, tokenOf } from '../../../../chains/evm/tokens.ts';
import { freezeWindow, packWindow, showWindow } from '../../../../chains/evm/window-terms.ts';
import { formatHex } from '../../../../domain/hex.ts';
import type { Hex } from '../../../../domain/payment/shapes.ts';
import { ok } from '../../../../domain/result.ts';
import { toEpochSeconds } from '../../../../domain/time.ts';
import { packChallenge, unpackChallenge } from '../../stored-challenge.ts';
import { formatCredential } from '../../credential.ts';
import type { PaymentChallenge } from '../../challenge.ts';
import { expiryOf } from '../../expiry.ts';
import { versionOf, type MppScheme } from '../../method.ts';
import { CREDENTIAL_TYPE, NAME, type EvmChargeOffer } from './name.ts';

declare module '../../../../domain/payment/shapes.ts' {
  interface SchemeShapes {
    'mpp/charge/eip3009': { readonly offer: EvmChargeOffer; readonly terms: Eip3009Terms };
  }
}

/** The nonce that MPP fixes: the chain takes one authorization of a payer for a challenge, however many were signed. */
export function challengeNonce({ id, realm }: Pick<PaymentChallenge, 'id' | 'realm'>): Hex {
  return hashOf(`${id}${realm}`);
}

function hashOf(text: string): Hex {
  return `0x${formatHex(keccak_256(new TextEncoder().encode(text)))}`;
}

/** @see https://github.com/tempoxyz/mpp-specs draft-evm-charge */
export const evmCharge: MppScheme<'mpp/charge/eip3009'> = {
  ...NAME,
  facts: 'none',
  exposure: 'amount',
  approved: null,
  ceiling: (offer) => ({ asset: tokenOf(offer), amount: offer.amount }),
  freeze: (input) => {
    const terms = freezeWindow(NAME.transferMethod, input);
    if (!terms.ok) return terms;
    // Both are the protocol's: what makes the authorization single, and a beginning that no chain's clock can miss.
    return ok({ ...terms.value, nonce: challengeNonce(input.offer.challenge), validAfter: toEpochSeconds(0) });
  },
  covered: (offer) => {
    const { id, realm, request } = offer.challenge;
    return { ...NAME, ...coveredByTransfer(offer), challengeId: id, realm, request: hashOf(request) };
  },
  purchase: ({ challenge: { id, realm } }) => [NAME.protocol, realm, id],
  show: showWindow,
  messages: (offer, terms) => [transferMessage(offer, terms)],
  present: (offer, terms, signatures) => {
    const { authorization, signature } = presentTransfer(offer, terms, signatures);
    const { from, to, value, validAfter, validBefore, nonce } = authorization;
    const payload = { from, nonce, signature, to, type: CREDENTIAL_TYPE, validAfter, validBefore, value };
    const source = `did:pkh:eip155:${pinnedNetwork(offer.network).chainId}:${from}`;
    return formatCredential({ challenge: offer.challenge, payload, source });
  },
  pack: ({ challenge }, terms) => ({ offer: packChallenge(challenge), terms: packWindow(terms) }),
  unpack: (common, packed) => {
    const challenge = unpackChallenge(packed.offer, { method: 'evm', intent: NAME.scheme });
    const expiresAt = expiryOf(challenge);
    return {
      offer: {
        ...common,
        ...NAME,
        kind: 'purchase',
        version: versionOf(common),
        challenge,
        ...(expiresAt === null ? {} : { expiresAt }),
      },
      terms: unpackTransferTerms(packed.terms),
    };
  },
};
