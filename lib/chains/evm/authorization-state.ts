import type { Hex } from '../../domain/payment/shapes.ts';
import { isAddress } from './address.ts';
import { PERMIT2 } from './addresses.ts';

/** Asks a chain one thing, as JSON-RPC has it. Throws where there is no result. */
export type JsonRpc = (method: string, params: readonly unknown[]) => Promise<unknown>;

/** An EIP-3009 authorization, by what its token's contract knows it under. */
export interface Authorization {
  readonly token: Hex;
  readonly from: Hex;
  readonly nonce: Hex;
  /** Epoch seconds. */
  readonly validBefore: number;
}

/** A Permit2 permit, by what that contract knows it under: its nonce is one bit of the owner's map. */
export type Permit = Omit<Authorization, 'token'>;

/**
 * What a chain says of an authorization: `used` (or cancelled by its owner), `dead` (unused at a block after its end, so that no
 * block will take it any more), or `open`.
 */
export type AuthorizationState = 'used' | 'dead' | 'open';

/** `authorizationState(address,bytes32)` */
const AUTHORIZATION_STATE = 'e94a0102';
/** `nonceBitmap(address,uint256)` */
const NONCE_BITMAP = '4fe02b44';
const BITS_OF_A_WORD = 256n;
const WORD_HEX_CHARS = 64;
const WORD = /^0x[0-9a-fA-F]{64}$/;
const QUANTITY = /^0x(?:0|[1-9a-f][0-9a-f]{0,15})$/;

/**
 * Reads an authorization's state at the newest block, in two calls. Throws where the endpoint does not answer as a chain with
 * that token does, an endpoint of another chain for instance: it is then not known.
 * @see https://eips.ethereum.org/EIPS/eip-3009
 */
export async function readAuthorizationState(
  rpc: JsonRpc,
  { token, from, nonce, validBefore }: Authorization,
): Promise<AuthorizationState> {
  if (!isAddress(from) || !WORD.test(nonce))
    throw new Error('not an authorization: its payer or nonce has another form');
  return readState(
    rpc,
    { to: token, selector: AUTHORIZATION_STATE, from, word: nonce, validBefore },
    (word) => word !== 0n,
  );
}

/**
 * Reads a permit's state at the newest block, in two calls, likewise. Who invalidated the nonce says nothing of a payment: it is
 * `used` as well.
 * @see https://docs.uniswap.org/contracts/permit2/reference/signature-transfer
 */
export async function readPermitState(rpc: JsonRpc, { from, nonce, validBefore }: Permit): Promise<AuthorizationState> {
  if (!isAddress(from) || !WORD.test(nonce)) throw new Error('not a permit: its payer or nonce has another form');
  const position = BigInt(nonce);
  const word: Hex = `0x${(position / BITS_OF_A_WORD).toString(16).padStart(WORD_HEX_CHARS, '0')}`;
  const bit = 1n << (position % BITS_OF_A_WORD);
  return readState(rpc, { to: PERMIT2, selector: NONCE_BITMAP, from, word, validBefore }, (map) => (map & bit) !== 0n);
}

/** Asks a contract for a word of an owner's state, and the block of the answer for its time. */
async function readState(
  rpc: JsonRpc,
  asked: {
    readonly to: Hex;
    readonly selector: string;
    readonly from: Hex;
    readonly word: Hex;
    readonly validBefore: number;
  },
  isUsed: (answer: bigint) => boolean,
): Promise<AuthorizationState> {
  const { number, timestamp } = readBlock(await rpc('eth_getBlockByNumber', ['latest', false]));
  const owner = asked.from.slice(2).toLowerCase().padStart(WORD_HEX_CHARS, '0');
  const data = `0x${asked.selector}${owner}${asked.word.slice(2).toLowerCase()}`;
  const answer = await rpc('eth_call', [{ to: asked.to, data }, number]);
  if (typeof answer !== 'string' || !WORD.test(answer))
    throw new Error('no contract that knows such nonces answers there');
  if (isUsed(BigInt(answer))) return 'used';
  return timestamp >= BigInt(asked.validBefore) ? 'dead' : 'open';
}

function readBlock(block: unknown): { readonly number: string; readonly timestamp: bigint } {
  const { number, timestamp } = (typeof block === 'object' && block !== null ? block : {}) as Record<string, unknown>;
  if (typeof number !== 'string' || typeof timestamp !== 'string') throw new Error('the chain answered no block');
  if (!QUANTITY.test(number) || !QUANTITY.test(timestamp))
    throw new Error('the chain answered a block of another form');
  return { number, timestamp: BigInt(timestamp) };
}
