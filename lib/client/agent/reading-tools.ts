import type { Answer } from '../../contract/client-types.ts';
import { NETWORKS } from '../../domain/assets.ts';
import { memberOf } from '../../json/record.ts';
import type { BursarClient } from '../api/bursar-client.ts';
import { BursarError } from '../api/bursar-error.ts';
import type { PayerOptions } from '../purchase/payer-options.ts';
import type { AgentTool, AgentToolSchema } from './agent-tool.ts';
import { CallRefused, inOneSentence, toRefusal } from './refusal.ts';
import type { Refusal, ToolPayment } from './tool-options.ts';

export interface ReadingToolOptions extends Pick<PayerOptions, 'session' | 'instrument' | 'agentName' | 'networks'> {
  readonly client: Pick<BursarClient, 'call'>;
  /**
   * What was paid, in place of what the service lists: `payments` of `createToolPayments`, since the role of an agent may not list.
   * @default - the service is asked
   */
  readonly payments?: (() => readonly ToolPayment[]) | undefined;
}

/** Of a list, how much is handed on. */
const LISTED_MAX = 20;
const NO_INPUT: AgentToolSchema = { type: 'object', properties: {}, required: [], additionalProperties: false };
const CHAINS = NETWORKS.flatMap(({ chain }) => chain ?? []);
const ALL_CHAINS = 'All that may be paid on, where it is left out.';
const OF_CHAIN: AgentToolSchema = {
  ...NO_INPUT,
  properties: { chain: { type: 'string', enum: CHAINS, description: ALL_CHAINS } },
};

/**
 * Tools by which a model learns what it may spend: session, wallet, balances, wallets and payments. They read of the session, wallet
 * and user that are configured, and of no other that a model names. What the caller's role may not read is a refusal.
 */
export function createReadingTools(options: ReadingToolOptions): readonly AgentTool[] {
  const { client, session, instrument, agentName } = options;
  const { paymentManagerArn = '', paymentSessionId = '', userId = '' } = session;
  const wallet = { paymentManagerArn, paymentInstrumentId: instrument.paymentInstrumentId! };
  const caller = { userId, agentName };

  const readWallet = async (call: CallOptions) =>
    (await client.call('GetPaymentInstrument', wallet, caller, call)).paymentInstrument;

  return [
    toTool('get_payment_session', 'Tells what the payment session may still spend, and until when.', {
      read: async (_input, call) =>
        (await client.call('GetPaymentSession', { paymentManagerArn, paymentSessionId }, caller, call)).paymentSession,
    }),
    toTool('get_payment_instrument', 'Tells the state and the address of the wallet that pays.', {
      read: async (_input, call) => {
        const { paymentInstrumentId, status, paymentInstrumentDetails } = await readWallet(call);
        // The accounts of the person that it is for are none of a model's business.
        const { network, walletAddress } = paymentInstrumentDetails.embeddedCryptoWallet;
        return { paymentInstrumentId, status, network, walletAddress };
      },
    }),
    toTool('get_payment_instrument_balance', 'Tells how much USDC the wallet that pays holds.', {
      schema: OF_CHAIN,
      read: async (input, call) => {
        const { paymentConnectorId } = await readWallet(call);
        const asked = { ...wallet, paymentConnectorId, token: 'USDC' };
        return readAll(chainsOf(input, options), async (chain) => {
          const request = { ...asked, chain };
          return (await client.call('GetPaymentInstrumentBalance', request, caller, call)).tokenBalance;
        });
      },
    }),
    toTool('list_payment_instruments', 'Lists the wallets of the user.', {
      read: async (_input, call) => {
        const asked = { paymentManagerArn, maxResults: LISTED_MAX };
        const { paymentInstruments } = await client.call('ListPaymentInstruments', asked, caller, call);
        return { paymentInstruments: paymentInstruments.map(toListedWallet) };
      },
    }),
    toTool('list_payments', 'Lists what was paid.', {
      read: async (_input, call) => {
        if (options.payments !== undefined) return { payments: options.payments().slice(-LISTED_MAX) };
        const asked = { paymentManagerArn, maxResults: `${LISTED_MAX}` };
        const { payments } = await client.call('ListPayments', asked, caller, call);
        return { payments: payments.map(toListedPayment) };
      },
    }),
  ];
}

interface CallOptions {
  readonly signal?: AbortSignal;
}

interface Reading {
  readonly schema?: AgentToolSchema;
  readonly read: (input: unknown, call: CallOptions) => Promise<unknown>;
}

function toTool(name: string, description: string, { schema = NO_INPUT, read }: Reading): AgentTool {
  return {
    name,
    description,
    inputSchema: schema,
    isReadOnly: true,
    execute: async (input, { signal } = {}) => {
      try {
        return await read(input, signal === undefined ? {} : { signal });
      } catch (error) {
        signal?.throwIfAborted();
        return toUnread(error);
      }
    },
  };
}

/** Only what the service answered is told: another failure may quote what is nobody's business. */
function toUnread(error: unknown): Refusal {
  if (error instanceof CallRefused) return toRefusal(error)!;
  if (!(error instanceof BursarError)) throw error;
  const refusal = toRefusal(new CallRefused('client:not_readable', error.message))!;
  return {
    ...refusal,
    code: error.code ?? refusal.code,
    message: `This cannot be read (${inOneSentence(error.message)})`,
  };
}

type Chain = (typeof CHAINS)[number];

function chainsOf(input: unknown, { networks, session }: ReadingToolOptions): readonly Chain[] {
  const wanted = memberOf(input, 'chain');
  const paidOn = networks ?? session.networks;
  const chains = NETWORKS.flatMap(({ id, chain }) => ((paidOn?.includes(id) ?? true) ? (chain ?? []) : []));
  if (wanted === undefined || wanted === null) return chains;
  const chain = CHAINS.find((each) => each === wanted);
  if (chain === undefined) throw new CallRefused('client:input_refused', `chain must be one of ${CHAINS.join(', ')}`);
  return [chain];
}

/** What can be read of all of them. Throws where nothing can. */
async function readAll<T>(chains: readonly Chain[], read: (chain: Chain) => Promise<T>): Promise<readonly T[]> {
  const answers = await Promise.allSettled(chains.map(read));
  const found = answers.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failure = answers.find((each) => each.status === 'rejected');
  if (found.length === 0 && failure !== undefined) throw failure.reason;
  return found;
}

function toListedWallet({
  paymentInstrumentId,
  status,
}: Answer<'ListPaymentInstruments'>['paymentInstruments'][number]) {
  return { paymentInstrumentId, status };
}

function toListedPayment(payment: Answer<'ListPayments'>['payments'][number]) {
  const { processPaymentId, decision, amountUsd, resource, offer, createdAt } = payment;
  return { processPaymentId, decision, amountUsd, url: resource?.url ?? null, payTo: offer.payTo, createdAt };
}
