import { findNetwork } from '../../lib/domain/assets.ts';
import type { ProcessPaymentInput, ProcessPaymentOutput } from '../../lib/client/index.ts';
import { recoverProofSigner, type Eip3009Proof } from '../proof-signer.ts';

export type X402Version = '1' | '2';

const NETWORK = findNetwork('eip155:84532')!;
/** Receives nothing: the proofs are never sent. */
export const PAY_TO = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';
/** What a seller on Base Sepolia asks for in one entry of its `accepts`. The amount is in base units, so in micro-dollars. */
export function offerOf(version: X402Version, amount: bigint): ProcessPaymentInput['paymentInput'] {
  const { address: asset, domainName: name, domainVersion } = NETWORK.usdc;
  const payload = {
    scheme: 'exact',
    network: version === '1' ? NETWORK.x402Name : NETWORK.id,
    [version === '1' ? 'maxAmountRequired' : 'amount']: `${amount}`,
    asset,
    payTo: PAY_TO,
    maxTimeoutSeconds: 60,
    ...(version === '1'
      ? { resource: 'https://seller.example/data', description: 'data', mimeType: 'application/json' }
      : {}),
    extra: { name, version: domainVersion },
  };
  return { cryptoX402: { version, payload } };
}

/** What a proof is for and who signed it, found with viem and not with the service's own code. */
export async function readProof({ paymentOutput }: ProcessPaymentOutput) {
  // Checked by what it is compared with: a wrong shape recovers no address.
  const { signature, authorization } = paymentOutput.cryptoX402!.payload as unknown as Eip3009Proof;
  const { from, to, value } = authorization;
  const signer = await recoverProofSigner({ signature, authorization }, NETWORK);
  return { signer, from, to, value };
}
