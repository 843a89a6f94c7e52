import { randomBytes } from 'node:crypto';
import { pointFromScalar, sign } from 'tiny-secp256k1';
import { recoverAddress, type Hex } from 'viem';
import { addressOf, parseDerSignature, sealSignature, toLowS } from '../../lib/wallets/secp256k1.ts';
import { interleave } from './measure.ts';
import { againstPeer, type Row } from './row.ts';

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const FIXTURES = 64;
const ROUNDS = 21;
const REPLIES_PER_ROUND = 16;
const P15_RATIO_MAX = 0.2;
const OURS = 'ours';
const PEER = 'viem recoverAddress';

/** What KMS answers and what is to be made of it. */
interface KmsReply {
  readonly der: Uint8Array;
  readonly digest: Uint8Array;
  readonly address: Hex;
  /** For the peer, which reads no DER: r and s, low already. */
  readonly r: Hex;
  readonly s: Hex;
}

/** P15: from a KMS reply to r, s and v. The peer starts after the DER and tries the two ids in the same order as ours. */
export async function measureKmsReply(): Promise<Row[]> {
  const replies = Array.from({ length: FIXTURES }, (_, index) => makeReply(index % 2 === 1));
  for (const reply of replies) {
    const [ours, peers] = [sealReply(reply), await recoverWithViem(reply)];
    if (ours !== peers) throw new Error('ours and viem make different signatures of one KMS reply');
  }
  let [mine, theirs] = [0, 0];
  const contenders = new Map<string, () => unknown>([
    [OURS, () => sealReply(replies[mine++ % FIXTURES]!)],
    [PEER, () => recoverWithViem(replies[theirs++ % FIXTURES]!)],
  ]);
  const { micros, ratio } = await interleave(contenders, { rounds: ROUNDS, callsPerRound: REPLIES_PER_ROUND });
  return [
    againstPeer({
      id: 'P15',
      name: 'KMS reply to r, s, v',
      ours: { value: micros.get(OURS)!, unit: 'us' },
      peer: { value: micros.get(PEER)!, unit: 'us' },
      peerName: PEER,
      ratio: ratio(OURS, PEER),
      target: { kind: 'ratio_at_most', value: P15_RATIO_MAX },
      note: 'the peer is given r and low s; ours reads strict DER first',
    }),
  ];
}

function sealReply({ der, digest, address }: KmsReply): Hex {
  const parsed = parseDerSignature(der);
  const signature = parsed.ok ? sealSignature(toLowS(parsed.value), digest, address) : null;
  if (signature === null) throw new Error('our parser refuses a KMS reply of the bench');
  return signature;
}

async function recoverWithViem({ digest, address, r, s }: KmsReply): Promise<Hex> {
  for (const v of ['1b', '1c']) {
    const signature: Hex = `${r}${s.slice(2)}${v}` as Hex;
    if ((await recoverAddress({ hash: digest, signature })) === address) return signature;
  }
  throw new Error('viem recovers another address');
}

/** Signs with a fresh key, and spells the signature as KMS does: DER, with high s half of the time. */
function makeReply(high: boolean): KmsReply {
  const privateKey = randomBytes(32);
  const digest = randomBytes(32);
  const compact = Buffer.from(sign(digest, privateKey));
  const r = BigInt(`0x${compact.subarray(0, 32).toString('hex')}`);
  const s = BigInt(`0x${compact.subarray(32).toString('hex')}`);
  return {
    der: toDer(r, high ? ORDER - s : s),
    digest,
    address: addressOf(pointFromScalar(privateKey, false)!),
    r: `0x${compact.subarray(0, 32).toString('hex')}`,
    s: `0x${compact.subarray(32).toString('hex')}`,
  };
}

function toDer(r: bigint, s: bigint): Uint8Array {
  const integers = [r, s].map((value) => {
    const hex = value.toString(16);
    const digits = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
    const padded = digits[0]! >= 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits;
    return Buffer.concat([Buffer.from([0x02, padded.length]), padded]);
  });
  const body = Buffer.concat(integers);
  return Uint8Array.from(Buffer.concat([Buffer.from([0x30, body.length]), body]));
}
