import { toBaseUnits } from '../../domain/money.ts';
import type { Hex } from '../../domain/payment/shapes.ts';
import type { Trace } from '../../domain/ports/schemes.ts';
import { isAddress } from './address.ts';
import { PERMIT2 } from './addresses.ts';
import type { JsonRpc } from './authorization-state.ts';

/** A permit by what its chain knows it under, and where to look for it. */
export interface TracedPermit {
  readonly token: Hex;
  readonly from: Hex;
  readonly to: Hex;
  readonly nonce: Hex;
  /** Epoch seconds, of the permit's end. */
  readonly validBefore: number;
  /** Epoch seconds, before the permit was signed. */
  readonly since: number;
}

/** `nonceBitmap(address,uint256)` */
const NONCE_BITMAP = '4fe02b44';
/** `Transfer(address,address,uint256)` */
const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
const BITS_OF_A_WORD = 256n;
const WORD_HEX_CHARS = 64;
const WORD = /^0x[0-9a-fA-F]{64}$/;
const QUANTITY = /^0x(?:0|[1-9a-f][0-9a-f]{0,15})$/;
/** More than the binary logarithm of every height that a quantity holds. */
const STEPS_MAX = 64;

interface Block {
  readonly number: bigint;
  readonly timestamp: bigint;
}

/**
 * What became of a permit, at the chain's newest final block. Permit2 tells no event where a nonce is used up, so that the block
 * is looked for in which its bit was set, and the payment is the token's transfer from payer to payee in that block. Where there is
 * more than one, nobody can tell which, and the trace says `cancelled`, as it does where there is none. It asks for about 60
 * answers at most, and for the state of blocks that are up to a permit's life old.
 * Throws where the endpoint does not answer so.
 */
export async function tracePermitSettlement(rpc: JsonRpc, permit: TracedPermit): Promise<Trace> {
  const { from, to, nonce, validBefore, since } = permit;
  if (!isAddress(from) || !isAddress(to) || !WORD.test(nonce)) throw new Error('not a permit: it has another form');
  const final = await readBlock(rpc, 'finalized');
  if (!(await isUsed(rpc, permit, final.number))) {
    return { kind: final.timestamp >= BigInt(validBefore) ? 'dead' : 'open' };
  }
  // The first block of the permit's time, then the first in which its bit is set.
  const begin = await firstBlock(
    0n,
    final.number,
    async (at) => (await readBlock(rpc, quantity(at))).timestamp >= BigInt(since),
  );
  if (begin > 0n && (await isUsed(rpc, permit, begin - 1n)))
    throw new Error('the nonce was used up before the permit was signed');
  const used = await firstBlock(begin, final.number, (at) => isUsed(rpc, permit, at));
  const transfers = await readTransfers(rpc, permit, used);
  return transfers.length === 1 ? { kind: 'used', ...transfers[0]! } : { kind: 'cancelled' };
}

/** The first height from which on something holds that holds at the last. */
async function firstBlock(low: bigint, high: bigint, holds: (at: bigint) => Promise<boolean>): Promise<bigint> {
  let [from, to] = [low, high];
  for (let step = 0; from < to; step += 1) {
    if (step > STEPS_MAX) throw new Error('the search did not end');
    const middle = (from + to) / 2n;
    if (await holds(middle)) to = middle;
    else from = middle + 1n;
  }
  return from;
}

const quantity = (height: bigint): string => `0x${height.toString(16)}`;
const toWord = (value: string): string => value.slice(2).toLowerCase().padStart(WORD_HEX_CHARS, '0');

async function isUsed(rpc: JsonRpc, { from, nonce }: TracedPermit, height: bigint): Promise<boolean> {
  const position = BigInt(nonce);
  const data = `0x${NONCE_BITMAP}${toWord(from)}${(position / BITS_OF_A_WORD).toString(16).padStart(WORD_HEX_CHARS, '0')}`;
  const answer = await rpc('eth_call', [{ to: PERMIT2, data }, quantity(height)]);
  // Before the contract was there, nothing was used up.
  if (answer === '0x') return false;
  if (typeof answer !== 'string' || !WORD.test(answer))
    throw new Error('no contract that knows such nonces answers there');
  return (BigInt(answer) & (1n << (position % BITS_OF_A_WORD))) !== 0n;
}

async function readBlock(rpc: JsonRpc, which: string): Promise<Block> {
  const block = await rpc('eth_getBlockByNumber', [which, false]);
  const { number, timestamp } = (typeof block === 'object' && block !== null ? block : {}) as Record<string, unknown>;
  if (
    typeof number !== 'string' ||
    typeof timestamp !== 'string' ||
    !QUANTITY.test(number) ||
    !QUANTITY.test(timestamp)
  )
    throw new Error('the chain answered no block, or one of another form');
  return { number: BigInt(number), timestamp: BigInt(timestamp) };
}

async function readTransfers(rpc: JsonRpc, { token, from, to }: TracedPermit, height: bigint) {
  const [at, topics] = [quantity(height), [TRANSFER, `0x${toWord(from)}`, `0x${toWord(to)}`]];
  const logs = await rpc('eth_getLogs', [{ address: token, topics, fromBlock: at, toBlock: at }]);
  if (!Array.isArray(logs)) throw new Error('the chain answered no list of events');
  return logs.map((log: unknown) => {
    const { data, transactionHash } = (typeof log === 'object' && log !== null ? log : {}) as Record<string, unknown>;
    if (
      typeof data !== 'string' ||
      !WORD.test(data) ||
      typeof transactionHash !== 'string' ||
      !WORD.test(transactionHash)
    )
      throw new Error('the chain answered an event of another form');
    return { amount: toBaseUnits(BigInt(data)), transaction: transactionHash };
  });
}
