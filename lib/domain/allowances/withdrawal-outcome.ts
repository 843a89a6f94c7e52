import type { NetworkId } from '../assets.ts';
import type { PaymentId } from '../ids.ts';
import type { Hex } from '../payment/shapes.ts';
import type { EpochMs } from '../time.ts';

/** What the chain shows of a withdrawal of its coin, with all that is told of it. */
export interface WithdrawalOutcome {
  readonly paymentId: PaymentId;
  readonly managerId: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly instrumentId: string;
  readonly agentName: string | null;
  readonly network: NetworkId;
  readonly asset: Hex;
  /** In wei. */
  readonly amount: bigint;
  readonly payTo: Hex;
  readonly transaction: Hex;
  /** `false`: it was in a block and moved nothing, since the payee refused it. */
  readonly succeeded: boolean;
  readonly at: EpochMs;
}
