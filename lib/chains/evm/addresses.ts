import type { Hex } from '../../domain/payment/shapes.ts';

/** Uniswap's Permit2, at the same address on every chain. @see https://docs.uniswap.org/contracts/permit2/overview */
export const PERMIT2: Hex = '0x000000000022D473030F116dDEE9F6B43aC78BA3';
