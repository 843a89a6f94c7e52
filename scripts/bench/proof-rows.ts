import { randomBytes } from 'node:crypto';
import { verifyTypedData, type Hex } from 'viem';
import { toEpochSeconds } from '../../lib/domain/time.ts';
import { NETWORKS } from '../../lib/domain/assets.ts';
import { BASE, requirementOf } from './challenge.ts';
import { interleave, type Interleaved, type Work } from './measure.ts';
import {
  createOurMaker,
  createOurParts,
  createX402Maker,
  loadOtherMakers,
  PEER_REFERENCE,
  type ProofMaker,
} from './proof-makers.ts';
import { againstLimit, againstPeer, type Figure, type Row } from './row.ts';
import { createWallets, PUBLISHED_SEED, type BenchWallet } from './wallet.ts';
import { TRANSFER_TYPES, domainOf } from './transfer-types.ts';
import { digestOf, parseRequirement } from '../../test/support/x402.ts';
import { messageOf } from '../../test/support/messages.ts';

const OURS = 'ours';
const ROUNDS = 25;
const PROOFS_PER_ROUND = 40;
const EQUALITY_CASES = 1_000;
const EQUALITY_SEEDS = 4;
const P1_RATIO_MAX = 0.3;
const P2_RATIO_MAX = 0.35;
const INDEX_MAX = 2 ** 31;
const UINT32 = 2 ** 32;

/** P1: one whole proof against the reference client, in one process, in turns. */
export async function measureProof(): Promise<Row[]> {
  const wallet = createWallets(PUBLISHED_SEED)(0);
  const makers = new Map([
    [OURS, createOurMaker(wallet)],
    [PEER_REFERENCE, createX402Maker(wallet)],
  ]);
  const parts = await createOurParts(wallet);
  const timed = await timeMakers(makers, wallet, parts);
  const row = toRow('P1', `one exact-EVM proof, ${ROUNDS} rounds`, timed, PEER_REFERENCE, P1_RATIO_MAX);
  const shares = [...parts.keys()].map((part) => `${part} ${timed.micros.get(part)!.toFixed(0)}`);
  return [{ ...row, note: `ours, step by step: ${shares.join(', ')} us` }];
}

/** P2: the same against the other clients that can make a proof for the same offer. */
export async function measureOtherProofs(): Promise<Row[]> {
  const wallet = createWallets(PUBLISHED_SEED)(0);
  const others = (await loadOtherMakers())(wallet);
  const timed = await timeMakers(new Map([[OURS, createOurMaker(wallet)], ...others]), wallet);
  return [...others.keys()].map((peer) => toRow('P2', 'the same proof', timed, peer, P2_RATIO_MAX));
}

/** @param beside what else to time in the same rounds */
async function timeMakers(
  makers: ReadonlyMap<string, ProofMaker>,
  wallet: BenchWallet,
  beside: ReadonlyMap<string, Work> = new Map(),
): Promise<Interleaved> {
  for (const [name, make] of makers) await assertValid(name, await make(), wallet);
  return interleave(new Map([...makers, ...beside]), { rounds: ROUNDS, callsPerRound: PROOFS_PER_ROUND });
}

function toRow(id: string, name: string, { micros, ratio }: Interleaved, peerName: string, max: number): Row {
  const figure = (of: string): Figure => ({ value: micros.get(of) ?? NaN, unit: 'us' });
  return againstPeer({
    id,
    name,
    ours: figure(OURS),
    peer: figure(peerName),
    peerName,
    ratio: ratio(OURS, peerName),
    target: { kind: 'ratio_at_most', value: max },
  });
}

/** A contender that makes no valid proof would win any race. */
async function assertValid(name: string, header: string, { account }: BenchWallet): Promise<void> {
  const { payload } = JSON.parse(Buffer.from(header, 'base64').toString('utf8')) as {
    readonly payload: { readonly signature: Hex; readonly authorization: Record<string, string> };
  };
  const { from, to, value, validAfter, validBefore, nonce } = payload.authorization;
  const valid = await verifyTypedData({
    address: account.address,
    domain: domainOf(BASE),
    types: TRANSFER_TYPES,
    primaryType: 'TransferWithAuthorization',
    message: {
      from: from as Hex,
      to: to as Hex,
      value: BigInt(value ?? ''),
      validAfter: BigInt(validAfter ?? ''),
      validBefore: BigInt(validBefore ?? ''),
      nonce: nonce as Hex,
    },
    signature: payload.signature,
  });
  if (!valid) throw new Error(`${name} made a proof that does not verify`);
}

/** P3: the same signature as viem's, byte for byte, over random wallets, networks and terms. */
export async function measureProofBytes(): Promise<Row[]> {
  let equal = 0;
  for (let seedNumber = 0; seedNumber < EQUALITY_SEEDS; seedNumber += 1) {
    const walletAt = createWallets(randomBytes(64));
    for (let i = 0; i < EQUALITY_CASES / EQUALITY_SEEDS; i += 1) {
      const wallet = walletAt(randomBelow(INDEX_MAX));
      if (await isEqualToViem(wallet)) equal += 1;
    }
  }
  const ours = { value: equal, unit: `equal of ${EQUALITY_CASES}` };
  return [againstLimit('P3', "signature bytes equal to viem's", ours, { kind: 'ours_equals', value: EQUALITY_CASES })];
}

async function isEqualToViem({ signer, key, account }: BenchWallet): Promise<boolean> {
  const network = NETWORKS[randomBelow(NETWORKS.length)]!;
  const payTo: Hex = `0x${randomBytes(20).toString('hex')}`;
  const amount = randomBytes(8).readBigUInt64BE() + 1n;
  const payload = requirementOf(network, amount.toString(), payTo);
  const offer = parseRequirement({ version: '2', payload }, { networks: new Set([network.id]) });
  if (!offer.ok) throw new Error(offer.error.message);
  const validAfter = randomBelow(UINT32);
  const validBefore = validAfter + randomBelow(UINT32);
  const nonce: Hex = `0x${randomBytes(32).toString('hex')}`;
  const from = account.address;
  const window = { validAfter: toEpochSeconds(validAfter), validBefore: toEpochSeconds(validBefore) };
  const ours = await signer.sign(key, messageOf(digestOf(offer.value, { from, nonce, ...window })), from);
  const viems = await account.signTypedData({
    domain: domainOf(network),
    types: TRANSFER_TYPES,
    primaryType: 'TransferWithAuthorization',
    message: {
      from,
      to: payTo,
      value: amount,
      validAfter: BigInt(validAfter),
      validBefore: BigInt(validBefore),
      nonce,
    },
  });
  return ours === viems;
}

/** A random integer from 0 to below 2^32 at most. The remainder's bias does not matter here. */
function randomBelow(end: number): number {
  return randomBytes(4).readUInt32BE() % end;
}
