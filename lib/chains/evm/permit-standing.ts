import type { Hex } from '../../domain/payment/shapes.ts';
import type { PermitReader } from '../../domain/ports/chains.ts';
import type { Ask } from '../rpc/call.ts';
import type { Endpoints } from '../rpc/endpoints.ts';
import { PERMIT2 } from './addresses.ts';
import { readWord } from './contract-word.ts';

/** `allowance(address,address)` */
const ALLOWANCE = '0xdd62ed3e';
/** `nonces(address)` @see https://eips.ethereum.org/EIPS/eip-2612 */
const NONCES = '0x7ecebe00';
/** `nonceBitmap(address,uint256)` of Permit2 */
const NONCE_BITMAP = '0x4fe02b44';
const BITS_OF_A_WORD = 256n;

/** Reads, by what one endpoint says, how a token's owner stands with Permit2. */
export function createPermitReader(endpoints: Endpoints): PermitReader {
  return {
    readStanding: (token, owner, permits) =>
      endpoints.use(async (ask) => {
        const [allowance, nonce, ...used] = await Promise.all([
          readWord(ask, token, ALLOWANCE, BigInt(owner), BigInt(PERMIT2)),
          readWord(ask, token, NONCES, BigInt(owner)),
          ...permits.map((permit) => isUsed(ask, owner, BigInt(permit))),
        ]);
        return { allowance: allowance!, nonce: nonce!, open: used.filter((each) => each === 0n).length };
      }),
  };
}

/** Nothing but zero where the permit was used, or invalidated. */
async function isUsed(ask: Ask, owner: Hex, permit: bigint): Promise<bigint> {
  const place = permit / BITS_OF_A_WORD;
  const map = await readWord(ask, PERMIT2, NONCE_BITMAP, BigInt(owner), place);
  return map & (1n << (permit % BITS_OF_A_WORD));
}
