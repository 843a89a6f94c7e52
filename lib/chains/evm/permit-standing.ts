import type { Hex } from '../../domain/payment/shapes.ts';
import type { PermitReader } from '../../domain/ports/chains.ts';
import { EndpointFailure, type Ask } from '../rpc/call.ts';
import type { Endpoints } from '../rpc/endpoints.ts';
import { PERMIT2 } from './addresses.ts';

/** `allowance(address,address)` */
const ALLOWANCE = 'dd62ed3e';
/** `nonces(address)` @see https://eips.ethereum.org/EIPS/eip-2612 */
const NONCES = '7ecebe00';
/** `nonceBitmap(address,uint256)` of Permit2 */
const NONCE_BITMAP = '4fe02b44';
const BITS_OF_A_WORD = 256n;
const WORD = /^0x[0-9a-fA-F]{64}$/;
const WORD_HEX_CHARS = 64;

/** Reads, by what one endpoint says, how a token's owner stands with Permit2. */
export function createPermitReader(endpoints: Endpoints): PermitReader {
  return {
    readStanding: (token, owner, permits) =>
      endpoints.use(async (ask) => {
        const [allowance, nonce, ...used] = await Promise.all([
          readWord(ask, token, ALLOWANCE, toWord(BigInt(owner)), toWord(BigInt(PERMIT2))),
          readWord(ask, token, NONCES, toWord(BigInt(owner))),
          ...permits.map((permit) => isUsed(ask, owner, BigInt(permit))),
        ]);
        return { allowance: allowance!, nonce: nonce!, open: used.filter((each) => each === 0n).length };
      }),
  };
}

/** Nothing but zero where the permit was used, or invalidated. */
async function isUsed(ask: Ask, owner: Hex, permit: bigint): Promise<bigint> {
  const place = toWord(permit / BITS_OF_A_WORD);
  const map = await readWord(ask, PERMIT2, NONCE_BITMAP, toWord(BigInt(owner)), place);
  return map & (1n << (permit % BITS_OF_A_WORD));
}

async function readWord(ask: Ask, to: Hex, selector: string, ...words: readonly string[]): Promise<bigint> {
  const answer = await ask('eth_call', [{ to, data: `0x${selector}${words.join('')}` }, 'latest']);
  // Where there is no contract, the answer is empty.
  if (typeof answer !== 'string' || !WORD.test(answer)) throw new EndpointFailure('garbage');
  return BigInt(answer);
}

function toWord(value: bigint): string {
  return value.toString(16).padStart(WORD_HEX_CHARS, '0');
}
