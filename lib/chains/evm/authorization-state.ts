import type { Hex } from '../../domain/payment/shapes.ts';
import { isAddress } from './address.ts';

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

/**
 * What a chain says of an authorization: `used` (or cancelled by its owner), `dead` (unused at a block after its end, so that no
 * block will take it any more), or `open`.
 */
export type AuthorizationState = 'used' | 'dead' | 'open';

/** `authorizationState(address,bytes32)` */
const SELECTOR = 'e94a0102';
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
  const { number, timestamp } = readBlock(await rpc('eth_getBlockByNumber', ['latest', false]));
  const data = `0x${SELECTOR}${from.slice(2).toLowerCase().padStart(WORD_HEX_CHARS, '0')}${nonce.slice(2).toLowerCase()}`;
  const answer = await rpc('eth_call', [{ to: token, data }, number]);
  if (typeof answer !== 'string' || !WORD.test(answer))
    throw new Error('no token that knows authorizations answers there');
  if (BigInt(answer) !== 0n) return 'used';
  return timestamp >= BigInt(validBefore) ? 'dead' : 'open';
}

function readBlock(block: unknown): { readonly number: string; readonly timestamp: bigint } {
  const { number, timestamp } = (typeof block === 'object' && block !== null ? block : {}) as Record<string, unknown>;
  if (typeof number !== 'string' || typeof timestamp !== 'string') throw new Error('the chain answered no block');
  if (!QUANTITY.test(number) || !QUANTITY.test(timestamp))
    throw new Error('the chain answered a block of another form');
  return { number, timestamp: BigInt(timestamp) };
}
