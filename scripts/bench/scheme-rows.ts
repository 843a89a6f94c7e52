import { randomBytes } from 'node:crypto';
import { x402Client, x402HTTPClient } from '@x402/core/client';
import type { PaymentRequired } from '@x402/core/types';
import { registerExactEvmScheme } from '@x402/evm/exact/client';
import { Challenge as MppChallenge } from 'mppx';
import { Mppx } from 'mppx/client';
import { evm } from 'mppx/evm/client';
import { verifyTypedData, type Hex } from 'viem';
import { PERMIT2 } from '../../lib/chains/evm/addresses.ts';
import { VALIDITY_CAP_SECONDS } from '../../lib/domain/limits.ts';
import { addMs, toEpochMs } from '../../lib/domain/time.ts';
import { protocolOf, schemeOf } from '../../lib/protocols/catalogue.ts';
import { attachProof, readChallenge } from '../../lib/protocols/challenge.ts';
import { listOffers } from '../../lib/protocols/seller-offers.ts';
import { BASE, CHALLENGE_V2, PAY_TO, requirementOf, SELLER_URL } from './challenge.ts';
import { interleave } from './measure.ts';
import { PEER_REFERENCE, type ProofMaker } from './proof-makers.ts';
import { againstPeer, type Row } from './row.ts';
import { domainOf, TRANSFER_TYPES } from './transfer-types.ts';
import { createWallets, PUBLISHED_SEED, type BenchWallet } from './wallet.ts';

const OURS = 'ours';
const ROUNDS = 25;
const PROOFS_PER_ROUND = 40;
const RATIO_MAX = 0.35;
const SESSION_LEFT_MS = 3_600_000;

/** P26: a proof by Permit2, beside the reference client. */
export async function measurePermitProof(): Promise<Row[]> {
  const wallet = createWallets(PUBLISHED_SEED)(0);
  const entry = requirementOf(BASE, '20000', PAY_TO);
  const accepts = [{ ...entry, extra: { ...entry.extra, assetTransferMethod: 'permit2' } }];
  const required = { ...CHALLENGE_V2, accepts };
  const header = Buffer.from(JSON.stringify(required)).toString('base64');
  const client = new x402Client();
  registerExactEvmScheme(client, { signer: wallet.account });
  const codec = new x402HTTPClient(client);
  const theirs: ProofMaker = async () => {
    const payload = await client.createPaymentPayload(required as unknown as PaymentRequired);
    return codec.encodePaymentSignatureHeader(payload)['PAYMENT-SIGNATURE'] ?? '';
  };
  const ours = createOurMaker(wallet, { 'payment-required': header }, drawUniqueness);
  return [
    await compare('P26', 'one proof by Permit2', { ours, theirs, peerName: PEER_REFERENCE, isValid: isPermit }, wallet),
  ];
}

/** P27: a credential of MPP's charge, beside mppx. */
export async function measureCredential(): Promise<Row[]> {
  const wallet = createWallets(PUBLISHED_SEED)(0);
  const header = MppChallenge.serialize(
    MppChallenge.from({
      realm: 'seller.example',
      method: 'evm',
      intent: 'charge',
      secretKey: 'x'.repeat(32),
      expires: new Date(Date.now() + SESSION_LEFT_MS).toISOString(),
      request: {
        amount: '20000',
        currency: BASE.usdc.address,
        recipient: PAY_TO,
        methodDetails: { chainId: BASE.chainId, credentialTypes: ['authorization'], decimals: 6 },
      },
    }),
  );
  const authorization = { name: BASE.usdc.domainName, version: BASE.usdc.domainVersion };
  const client = Mppx.create({ methods: [evm({ account: wallet.account, authorization })], polyfill: false });
  const headers = { 'www-authenticate': header };
  // Its door takes a response, and a response can be read once, so making one is part of what it is asked to do.
  const theirs = () => client.createCredential(new Response(null, { status: 402, headers }));
  // The challenge gives the nonce, so that nothing is drawn: mppx does not either.
  const ours = createOurMaker(wallet, headers, () => `0x${'00'.repeat(32)}`);
  const makers = { ours, theirs, peerName: 'mppx', isValid: isCredential };
  const row = await compare('P27', "one credential of MPP's charge", makers, wallet);
  // Signing alone is a fifth of all that mppx does.
  return [
    {
      ...row,
      note: 'ours reads the challenge as text of strangers: every parameter has a form, the request its canonical one',
    },
  ];
}

const drawUniqueness = (): Hex => `0x${randomBytes(32).toString('hex')}`;

/** The whole of our proof, from the seller's headers to the buyer's. Budget and books are not in it. */
function createOurMaker(
  { signer, key, account }: BenchWallet,
  headers: Readonly<Record<string, string>>,
  uniquenessOf: () => Hex,
): ProofMaker {
  const response = { headers: new Headers(headers), body: '' };
  return async () => {
    const challenge = readChallenge(response);
    if (!challenge.ok || challenge.value === null) throw new Error('our parser refuses the 402 of the bench');
    const [listed] = listOffers(challenge.value, { requestedUrl: SELLER_URL, resource: 'related' });
    if (listed?.priced == null) throw new Error('our rules refuse the 402 of the bench');
    const { offer } = listed.priced;
    const scheme = schemeOf(offer);
    const now = toEpochMs(Date.now());
    const uniqueness = uniquenessOf();
    const sessionExpiresAt = addMs(now, SESSION_LEFT_MS);
    const from = account.address;
    const terms = scheme.freeze({ offer, from, uniqueness, now, capSeconds: VALIDITY_CAP_SECONDS, sessionExpiresAt });
    if (!terms.ok) throw new Error('our own validity rule refuses the 402 of the bench');
    const signatures = await Promise.all(
      scheme.messages(offer, terms.value).map((message) => signer.sign(key, message, from)),
    );
    const { inputName, toOutput } = protocolOf(offer);
    const output = { [inputName]: toOutput(offer, scheme.present(offer, terms.value, signatures)) };
    return (await attachProof({ challenge: challenge.value, entry: listed.entry ?? {} }, output)).value;
  };
}

interface Comparison {
  readonly ours: ProofMaker;
  readonly theirs: ProofMaker;
  readonly peerName: string;
  readonly isValid: (proof: string, signer: Hex) => Promise<boolean>;
}

async function compare(
  id: string,
  name: string,
  { ours, theirs, peerName, isValid }: Comparison,
  { account }: BenchWallet,
): Promise<Row> {
  const makers = new Map([
    [OURS, ours],
    [peerName, theirs],
  ]);
  // A contender that makes no valid proof would win any race.
  for (const [maker, make] of makers)
    if (!(await isValid(await make(), account.address))) throw new Error(`${maker} made a proof that does not verify`);
  const { micros, ratio } = await interleave(makers, { rounds: ROUNDS, callsPerRound: PROOFS_PER_ROUND });
  return againstPeer({
    id,
    name: `${name}, ${ROUNDS} rounds`,
    ours: { value: micros.get(OURS) ?? NaN, unit: 'us' },
    peer: { value: micros.get(peerName) ?? NaN, unit: 'us' },
    peerName,
    ratio: ratio(OURS, peerName),
    target: { kind: 'ratio_at_most', value: RATIO_MAX },
  });
}

/** @see https://github.com/x402-foundation/x402/blob/main/specs/schemes/exact/scheme_exact_evm.md */
const PERMIT_TYPES = {
  PermitWitnessTransferFrom: [
    { name: 'permitted', type: 'TokenPermissions' },
    { name: 'spender', type: 'address' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
    { name: 'witness', type: 'Witness' },
  ],
  TokenPermissions: [
    { name: 'token', type: 'address' },
    { name: 'amount', type: 'uint256' },
  ],
  Witness: [
    { name: 'to', type: 'address' },
    { name: 'validAfter', type: 'uint256' },
  ],
} as const;

async function isPermit(proof: string, signer: Hex): Promise<boolean> {
  const { payload } = JSON.parse(Buffer.from(proof, 'base64').toString('utf8')) as {
    readonly payload: { readonly signature: Hex; readonly permit2Authorization: { readonly witness: { to: string } } };
  };
  const { signature, permit2Authorization: message } = payload;
  const domain = { name: 'Permit2', chainId: BASE.chainId, verifyingContract: PERMIT2 };
  const typed = { domain, types: PERMIT_TYPES, primaryType: 'PermitWitnessTransferFrom', message };
  return message.witness.to === PAY_TO && verifyTypedData({ address: signer, signature, ...typed } as never);
}

async function isCredential(proof: string, signer: Hex): Promise<boolean> {
  const text = Buffer.from(proof.replace(/^Payment /, ''), 'base64url').toString('utf8');
  const { payload: message } = JSON.parse(text) as {
    readonly payload: { readonly signature: Hex; readonly to: string };
  };
  const typed = { domain: domainOf(BASE), types: TRANSFER_TYPES, primaryType: 'TransferWithAuthorization', message };
  const { signature } = message;
  return message.to === PAY_TO && verifyTypedData({ address: signer, signature, ...typed } as never);
}
