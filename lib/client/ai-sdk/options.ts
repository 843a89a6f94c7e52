import type { AdapterOptions } from '../frameworks/own-tools.ts';

export interface PaymentsOptions extends AdapterOptions {
  /**
   * A payment above this price, in dollars, waits for a person, by `toolApproval`; where that is not passed on, it is refused. Where
   * `approve` is given, that is asked instead. @default - nobody is asked
   */
  readonly approveAboveUsd?: string | undefined;
}
