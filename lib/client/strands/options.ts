import type { AdapterOptions } from '../frameworks/own-tools.ts';

/**
 * What the plugin is told. What AWS's plugin for Python has as well has its name, in camel case: `docs/frameworks.md` says what became
 * of each.
 */
export interface PaymentsPluginOptions extends Omit<
  AdapterOptions,
  'session' | 'instrument' | 'tools' | 'networks' | 'scope'
> {
  readonly paymentManagerArn: string | undefined;
  /** The user whose session and wallet these are. */
  readonly userId: string | undefined;
  readonly paymentSessionId: string | undefined;
  readonly paymentInstrumentId: string | undefined;
  /** CAIP-2 ids of the networks to pay on. @default - every network that the deployment pays on */
  readonly networkPreferencesConfig?: readonly string[] | undefined;
  /** Whether anything is paid. `false`: the agent has the plugin's tools that read, and nothing else changes. @default true */
  readonly autoPayment?: boolean;
  /** Tools whose 402 is paid, besides the plugin's own. @default - none */
  readonly paymentToolAllowlist?: readonly string[] | 'all' | undefined;
  /** Whether the agent gets the tool that fetches and pays. @default true */
  readonly provideHttpRequest?: boolean;
  /**
   * A payment above this price, in dollars, interrupts the agent until a person has answered; only `true` lets it pass. Where `approve`
   * is given, that is asked instead. @default - nobody is asked
   */
  readonly approveAboveUsd?: string | undefined;
  /**
   * How often one call interrupts the agent because its payment was refused, so that the application can help: another session, more
   * money. Any answer but `false` tries again. From then on the model gets the refusal. @default 0
   */
  readonly maxInterruptRetries?: number;
}
