import type { AdapterOptions } from '../frameworks/own-tools.ts';

export interface PaymentsOptions extends AdapterOptions {
  /**
   * A payment above this price, in dollars, interrupts the run until a person has approved the call. Where `approve` is given, that is
   * asked instead. @default - nobody is asked
   */
  readonly approveAboveUsd?: string | undefined;
}
