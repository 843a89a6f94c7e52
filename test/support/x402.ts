import { bytesToHex } from '@noble/hashes/utils.js';
import { presentTransfer, transferDigest, type Eip3009Terms } from '../../lib/chains/evm/eip3009.ts';
import type { Transfer } from '../../lib/chains/evm/tokens.ts';
import { parseAddress } from '../../lib/chains/evm/address.ts';
import type { Hex } from '../../lib/domain/payment/shapes.ts';
import { ok, type Result } from '../../lib/domain/result.ts';
import { X402_SCHEMES } from '../../lib/protocols/x402/schemes/catalogue.ts';
import * as document from '../../lib/protocols/x402/payment-required.ts';
import * as requirement from '../../lib/protocols/x402/requirement.ts';

// The parts of x402 below `lib/protocols/challenge.ts`, with the schemes of this release.

/** The first of the offers that can be paid. */
export function chooseOffer(
  challenge: document.PaymentChallenge,
  options: Omit<document.OfferChoice, 'schemes'>,
): Result<document.ChosenOffer, document.ClientRefusal> {
  const payable = document.payableOffers(challenge, { ...options, schemes: X402_SCHEMES });
  return payable.ok ? ok(payable.value[0]) : payable;
}

export const parseRequirement = (
  input: Parameters<typeof requirement.parseRequirement>[0],
  { networks }: { readonly networks: ReadonlySet<string> },
): ReturnType<typeof requirement.parseRequirement> =>
  requirement.parseRequirement(input, { networks, schemes: X402_SCHEMES, readAddress: parseAddress });

export const digestOf = (offer: Transfer, terms: Omit<Eip3009Terms, 'transferMethod'>): Uint8Array =>
  transferDigest(offer, { transferMethod: 'eip3009', ...terms });

export const presentProof = (offer: Transfer, terms: Omit<Eip3009Terms, 'transferMethod'>, signature: Hex) =>
  presentTransfer(offer, { transferMethod: 'eip3009', ...terms }, [signature]);

/** An Ethereum digest in hexadecimal. */
export function formatDigest(digest: Uint8Array): Hex {
  return `0x${bytesToHex(digest)}`;
}
