import { randomBytes } from 'node:crypto';
import { x402Client, x402HTTPClient } from '@x402/core/client';
import type { PaymentRequired } from '@x402/core/types';
import { registerExactEvmScheme } from '@x402/evm/exact/client';
import type { Hex } from 'viem';
import { VALIDITY_CAP_SECONDS } from '../../lib/domain/limits.ts';
import type { SigningTerms } from '../../lib/domain/payment/payment.ts';
import { addMs, toEpochMs } from '../../lib/domain/time.ts';
import { validityWindow } from '../../lib/domain/payment/validity.ts';
import {
  buildPaymentHeader,
  parsePaymentRequired,
  type ChosenOffer,
} from '../../lib/protocols/x402/payment-required.ts';
import type { Work } from './measure.ts';
import { CHALLENGE_V2, SELLER_URL } from './challenge.ts';
import type { BenchWallet } from './wallet.ts';
import { chooseOffer, digestOf, presentProof } from '../../test/support/x402.ts';
import { messageOf } from '../../test/support/messages.ts';

/** Answers the bench's 402: base64 text for the payment header. Signs afresh each time, with a nonce of its own. */
export type ProofMaker = () => Promise<string>;

export const PEER_REFERENCE = '@x402/core + @x402/evm';
const SESSION_LEFT_MS = 3_600_000;

/** The whole of our proof: choose and parse the entry, hash, sign, present, encode. Budget and books are not in it. */
export function createOurMaker(wallet: BenchWallet): ProofMaker {
  const { choose, draw, sign, present } = createOurSteps(wallet);
  return async () => {
    const chosen = choose();
    const terms = draw(chosen);
    return present(chosen, terms, await sign(digestOf(chosen.offer, terms)));
  };
}

/** The steps of our proof, each on the outcome of the ones before it, to be timed by themselves. */
export async function createOurParts(wallet: BenchWallet): Promise<ReadonlyMap<string, Work>> {
  const { choose, draw, sign, present } = createOurSteps(wallet);
  const chosen = choose();
  const terms = draw(chosen);
  const digest = digestOf(chosen.offer, terms);
  const signature = await sign(digest);
  return new Map<string, Work>([
    ['choosing and parsing', choose],
    ['drawing the terms', () => draw(chosen)],
    ['hashing', () => digestOf(chosen.offer, terms)],
    ['signing', () => sign(digest)],
    ['encoding', () => present(chosen, terms, signature)],
  ]);
}

function createOurSteps({ signer, key, account }: BenchWallet) {
  const read = parsePaymentRequired({ headers: new Headers(), body: JSON.stringify(CHALLENGE_V2) });
  if (!read.ok || read.value === null) throw new Error('our parser refuses the 402 of the bench');
  const challenge = read.value;
  const from = account.address;
  return {
    choose: (): ChosenOffer => {
      const chosen = chooseOffer(challenge, { requestedUrl: SELLER_URL });
      if (!chosen.ok) throw new Error(chosen.error.message);
      return chosen.value;
    },
    draw: ({ offer }: ChosenOffer): SigningTerms => {
      const now = toEpochMs(Date.now());
      const window = validityWindow({
        now,
        maxTimeoutSeconds: offer.maxTimeoutSeconds,
        capSeconds: VALIDITY_CAP_SECONDS,
        sessionExpiresAt: addMs(now, SESSION_LEFT_MS),
      });
      if (!window.ok) throw new Error('our own validity rule refuses the 402 of the bench');
      return { transferMethod: 'eip3009', from, nonce: `0x${randomBytes(32).toString('hex')}`, ...window.value };
    },
    sign: (digest: Uint8Array): Promise<Hex> => signer.sign(key, messageOf(digest), from),
    present: async (chosen: ChosenOffer, terms: SigningTerms, signature: Hex): Promise<string> =>
      (await buildPaymentHeader(challenge, chosen, presentProof(chosen.offer, terms, signature))).value,
  };
}

/** The reference client of the x402 Foundation, on the same document after reading it. */
export function createX402Maker({ account }: BenchWallet): ProofMaker {
  const client = new x402Client();
  registerExactEvmScheme(client, { signer: account });
  const codec = new x402HTTPClient(client);
  const required = CHALLENGE_V2 as unknown as PaymentRequired;
  return async () => {
    const payload = await client.createPaymentPayload(required);
    return codec.encodePaymentSignatureHeader(payload)['PAYMENT-SIGNATURE'] ?? '';
  };
}

/** Makers of other clients by name, which sign with the same viem account. */
type OtherMakers = (wallet: BenchWallet) => ReadonlyMap<string, ProofMaker>;

/** The clients of the workspace `test/peers`, which an ordinary install leaves out. Throws where they are not there. */
export async function loadOtherMakers(): Promise<OtherMakers> {
  const file = new URL('../../test/peers/proof-makers.ts', import.meta.url).href;
  try {
    // Not by a literal: the compiler would follow it to packages that may be missing.
    const { createOtherMakers } = (await import(file)) as { readonly createOtherMakers: OtherMakers };
    return createOtherMakers;
  } catch (error) {
    throw new Error('the clients to compare with are not installed: npm run peers', { cause: error });
  }
}
