import type { Settlement } from '../../protocols/challenge.ts';
import type { ToolLimits, ToolPayment, ToolPaymentEvent } from '../agent/index.ts';
import type { PayerOptions } from '../purchase/payer-options.ts';

export interface PayingTransportOptions
  extends
    Omit<PayerOptions, 'onEvent' | 'confirm'>,
    Pick<ToolLimits, 'preSignPolicy' | 'approve' | 'approveAboveUsd' | 'requireSettlement'> {
  /**
   * The server, as receipts and policies are to name it: its URL; for one that is a process on this machine a URL of the caller's
   * choice, such as `http://localhost/search`. Nothing is sent there by this.
   */
  readonly url: string | URL;
  /**
   * Tools whose calls may be paid. What any other asks for is left to whoever called it. `all`: whatever the server calls a tool.
   * @default - none
   */
  readonly tools?: readonly string[] | 'all' | undefined;
  /** Hears what happens, as it happens. No event carries a proof, and what a listener throws changes nothing. */
  readonly onEvent?: ((event: ToolPaymentEvent) => void) | undefined;
}

/** In a result's `_meta`, under `bursar/payment`: what was signed for the call. */
export interface PaymentOfCall extends ToolPayment {
  /** What the server says of the settlement; a claim, not proof. `null`: it says nothing. */
  readonly settlement: Settlement | null;
}
