import { randomBytes } from 'node:crypto';
import { transferMessage } from '../../lib/chains/evm/eip3009.ts';
import { findNetwork } from '../../lib/domain/assets.ts';
import { parseBaseUnits } from '../../lib/domain/money.ts';
import type { Hex } from '../../lib/domain/payment/payment.ts';
import { toEpochSeconds } from '../../lib/domain/time.ts';

const NETWORK = 'eip155:84532';

/** A transfer of a dollar of the test network's USDC, never the same twice. */
export function transferFrom(from: Hex, nonce: Hex = `0x${randomBytes(32).toString('hex')}`) {
  const amount = parseBaseUnits('1000000');
  if (!amount.ok) throw new Error('not an amount');
  const asset = findNetwork(NETWORK)!.usdc.address;
  return transferMessage(
    { network: NETWORK, asset, amount: amount.value, payTo: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' },
    {
      transferMethod: 'eip3009',
      from,
      validAfter: toEpochSeconds(1_790_000_000),
      validBefore: toEpochSeconds(1_790_000_300),
      nonce,
    },
  );
}
