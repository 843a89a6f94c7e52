import type { BursarClient } from '../api/bursar-client.ts';
import type { PaymentProcessor } from '../api/contract.ts';
import {
  createFetchTool,
  createReadingTools,
  type AgentTool,
  type FetchToolEvent,
  type FetchToolOptions,
  type GuardOptions,
  type ToolPayment,
  type ToolPaymentEvent,
  type ToolPaymentOptions,
} from '../agent/index.ts';

/** What every adapter is told. */
export interface AdapterOptions extends Omit<ToolPaymentOptions, 'onEvent'>, GuardOptions {
  /** What a model may do with the tool that fetches and pays; `false`: the agent does not get it. @default - as `createFetchTool` says */
  readonly fetchTool?: FetchToolChoices | false | undefined;
  /** Hears what happens, as it happens. No event carries a proof, and what a listener throws changes nothing. */
  readonly onEvent?: ((event: ToolPaymentEvent | FetchToolEvent) => void) | undefined;
}

type FetchToolChoices = Pick<
  FetchToolOptions,
  'name' | 'description' | 'methods' | 'headers' | 'hosts' | 'bodyMaxBytes' | 'timeoutMs'
>;

/** The tool that fetches and pays; `null` where the agent does not get it. */
export function createFetching({ fetchTool = {}, ...options }: AdapterOptions): AgentTool | null {
  return fetchTool === false ? null : createFetchTool({ ...options, ...fetchTool });
}

/** The tools that read, where the client is one of Bursar, which can. */
export function createReading(options: AdapterOptions, payments: Payments): readonly AgentTool[] {
  const { client } = options;
  return isReading(client) ? createReadingTools({ ...options, client, payments }) : [];
}

/** What was paid by an agent, the newest last: its role may not list what the books have. */
export type Payments = () => readonly ToolPayment[];

const PAYMENTS_MAX = 100;

/** The same options, whose payments are remembered, whichever tool makes them. */
export function rememberPayments<O extends AdapterOptions>(
  options: O,
): { readonly options: O; readonly payments: Payments } {
  const paid = new Map<string, ToolPayment>();
  const onEvent: AdapterOptions['onEvent'] = (event) => {
    if (event.type === 'proof_received') {
      const { purchaseId, processPaymentId, offer, replayed } = event;
      const [oldest] = paid.keys();
      if (paid.size >= PAYMENTS_MAX && oldest !== undefined) paid.delete(oldest);
      paid.set(processPaymentId, { purchaseId, processPaymentId, offer, replayed });
    }
    return options.onEvent?.(event);
  };
  return { options: { ...options, onEvent }, payments: () => [...paid.values()] };
}

function isReading(client: PaymentProcessor): client is BursarClient {
  return 'call' in client;
}
