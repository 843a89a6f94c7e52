import { createPaymentHandler } from '@faremeter/payment-evm/exact';
import { Mppx } from 'mppx/client';
import { evm } from 'mppx/evm/client';
import { createWalletClient, http, publicActions, type Hex } from 'viem';
import { base } from 'viem/chains';
import { createPaymentHeader } from 'x402/client';
import { CHALLENGE_V2, REQUIREMENT_V1, SELLER_URL } from '../../scripts/bench/challenge.ts';
import type { ProofMaker } from '../../scripts/bench/proof-makers.ts';
import type { BenchWallet } from '../../scripts/bench/wallet.ts';

/** Other clients, each by its own front door, by name. They sign with the same viem account. */
export function createOtherMakers(wallet: BenchWallet): ReadonlyMap<string, ProofMaker> {
  return new Map([
    ['mppx createCredential', createMppxMaker(wallet)],
    ['x402 1.x createPaymentHeader', createX402V1Maker(wallet)],
    ['@faremeter/payment-evm', createFaremeterMaker(wallet)],
  ]);
}

function createMppxMaker({ account }: BenchWallet): ProofMaker {
  const client = Mppx.create({ methods: [evm({ account })], polyfill: false });
  const header = Buffer.from(JSON.stringify(CHALLENGE_V2)).toString('base64');
  // Its door takes a response, and a response can be read once, so making one is part of what it is asked to do.
  return () => client.createCredential(new Response(null, { status: 402, headers: { 'PAYMENT-REQUIRED': header } }));
}

function createX402V1Maker({ account }: BenchWallet): ProofMaker {
  const wallet = createWalletClient({ account, chain: base, transport: http('http://127.0.0.1:9') }).extend(
    publicActions,
  );
  type Client = Parameters<typeof createPaymentHeader>[0];
  type Requirements = Parameters<typeof createPaymentHeader>[2];
  return () => createPaymentHeader(wallet as unknown as Client, 1, REQUIREMENT_V1 as unknown as Requirements);
}

function createFaremeterMaker({ account }: BenchWallet): ProofMaker {
  const signTypedData = account.signTypedData as (parameters: unknown) => Promise<Hex>;
  const handle = createPaymentHandler({
    chain: { id: base.id, name: base.name },
    address: account.address,
    account: { signTypedData },
  });
  const entry = CHALLENGE_V2.accepts[0]!;
  return async () => {
    const [execer] = await handle({ request: SELLER_URL }, [entry]);
    if (execer === undefined) throw new Error('faremeter does not take the 402 of the bench');
    const { payload } = await execer.exec();
    // It leaves the envelope to its fetch wrapper; this is the same one line as ours.
    const envelope = { x402Version: 2, resource: CHALLENGE_V2.resource, accepted: entry, extensions: {}, payload };
    return Buffer.from(JSON.stringify(envelope)).toString('base64');
  };
}
