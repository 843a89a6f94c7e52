import type { Hex } from '../../domain/payment/shapes.ts';
import { EndpointFailure, type Ask } from '../rpc/call.ts';

const WORD = /^0x[0-9a-fA-F]{64}$/;
const WORD_HEX_CHARS = 64;

/**
 * What a contract's view answers where that is one word.
 * @param selector of the view: `0x` and four bytes
 */
export async function readWord(ask: Ask, to: Hex, selector: string, ...words: readonly bigint[]): Promise<bigint> {
  const answer = await ask('eth_call', [{ to, data: `${selector}${words.map(toWord).join('')}` }, 'latest']);
  // Where there is no contract, the answer is empty.
  if (typeof answer !== 'string' || !WORD.test(answer)) throw new EndpointFailure('garbage');
  return BigInt(answer);
}

function toWord(value: bigint): string {
  return value.toString(16).padStart(WORD_HEX_CHARS, '0');
}
