import { randomBytes } from 'node:crypto';
import { transferMessage } from '../../lib/chains/evm/eip3009.ts';
import { permitMessage } from '../../lib/chains/evm/permit2.ts';
import { findNetwork } from '../../lib/domain/assets.ts';
import { parseBaseUnits } from '../../lib/domain/money.ts';
import type { Hex } from '../../lib/domain/payment/payment.ts';
import { toEpochSeconds } from '../../lib/domain/time.ts';

const NETWORK = 'eip155:84532';
const PAYEE = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';

function dollarTo(payTo: Hex) {
  const amount = parseBaseUnits('1000000');
  if (!amount.ok) throw new Error('not an amount');
  return { network: NETWORK, asset: findNetwork(NETWORK)!.usdc.address, amount: amount.value, payTo } as const;
}

const window = (from: Hex, nonce: Hex) => ({
  from,
  validAfter: toEpochSeconds(1_790_000_000),
  validBefore: toEpochSeconds(1_790_000_300),
  nonce,
});

const drawNonce = (): Hex => `0x${randomBytes(32).toString('hex')}`;

/** A transfer of a dollar of the test network's USDC, never the same twice. */
export function transferFrom(from: Hex, nonce: Hex = drawNonce()) {
  return transferMessage(dollarTo(PAYEE), { transferMethod: 'eip3009', ...window(from, nonce) });
}

/** A permit for the same, with a facilitator or without one. */
function permitFrom(from: Hex, facilitator: Hex | null, nonce: Hex = drawNonce()) {
  const spender = { address: '0x402085c248EeA27D92E8b30b2C58ed07f9E20001', facilitator } as const;
  return permitMessage(dollarTo(PAYEE), spender, { transferMethod: 'permit2', ...window(from, nonce) });
}

/** A message of each shape that payments sign. */
export function messagesFrom(from: Hex) {
  return [transferFrom(from), permitFrom(from, null), permitFrom(from, PAYEE)];
}
