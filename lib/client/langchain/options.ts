import type { AdapterOptions } from '../frameworks/own-tools.ts';

export interface PaymentsMiddlewareOptions extends AdapterOptions {
  /**
   * A payment above this price, in dollars, interrupts the graph until a person has answered, which takes a checkpointer. Where
   * `approve` is given, that is asked instead. @default - nobody is asked
   */
  readonly approveAboveUsd?: string | undefined;
}
