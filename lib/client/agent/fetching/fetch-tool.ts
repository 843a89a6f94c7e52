import { createPayingFetch } from '../../fetch/paying-fetch.ts';
import type { PaidResponse, PayingFetchEvent, PayingFetchOptions } from '../../fetch/paying-options.ts';
import { toTeller } from '../../purchase/terms-payer.ts';
import type { AgentTool, AgentToolContext } from '../agent-tool.ts';
import { createGuardedFetch, type GuardOptions } from '../guard/guard-options.ts';
import { toApprovalFloor, toConfirm } from '../confirmation.ts';
import { HEADERS_DEFAULT, readFetchInput, toFetchSchema, type FetchInput, type FetchRules } from './fetch-input.ts';
import { toFetchOutput, type FetchedOutput } from './fetch-output.ts';
import { toPurchaseId } from '../purchase-id.ts';
import { CallRefused, ToolPaymentError, toRefusal, toUndelivered } from '../refusal.ts';
import type { Approve, Refusal, ToolLimits } from '../tool-options.ts';

const NAME = 'fetch_paid';
const DESCRIPTION =
  'Fetches a URL over HTTP. Where the host asks for a payment (402), it is paid once, within the limits that are set, and the answer is returned. A refusal says why, and repeating the call does not help.';
const TIMEOUT_MS = 60_000;
const BODY_MAX_BYTES = 64 * 1024;
const METHODS = ['GET', 'POST'];

export type FetchToolEvent = PayingFetchEvent | ({ readonly type: 'refused' } & Refusal);

export interface FetchToolOptions
  extends Omit<PayingFetchOptions, 'confirm' | 'fetch' | 'onEvent'>, ToolLimits, GuardOptions {
  /** @default fetch_paid */
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** Methods that a model may use; the first where it names none. @default GET and POST */
  readonly methods?: readonly string[] | undefined;
  /** Headers that a model may set, in lower case. @default - what says what it accepts and sends */
  readonly headers?: readonly string[] | undefined;
  /** Hosts that may be asked first, such as `api.example.com`, or `*.example.com` for all below it. @default - every one */
  readonly hosts?: readonly string[] | undefined;
  /** Of an answer, how much is handed on. @default 65536 */
  readonly bodyMaxBytes?: number | undefined;
  /** Of a whole call, the payment and the body included. @default 60000 */
  readonly timeoutMs?: number | undefined;
  /**
   * In place of the guarded one, which asks addresses of the internet alone and is there only where Node's modules are. Whoever gives
   * another guards by itself.
   */
  readonly fetch?: typeof fetch | undefined;
  /** Hears what happens, as it happens. No event carries a proof, and what a listener throws changes nothing. */
  readonly onEvent?: ((event: FetchToolEvent) => void) | undefined;
}

/**
 * A tool by which a model fetches what may cost money. It asks hosts over https alone whose address is one of the internet, at every
 * redirect; follows none with a proof; hands on no more of an answer than the bound; and pays a call once, however often
 * it is run. Making one throws `TypeError` where session or instrument lack an id, and where a price is none.
 */
export function createFetchTool(options: FetchToolOptions): AgentTool<FetchedOutput> {
  const { name = NAME, description = DESCRIPTION, methods = METHODS, headers = HEADERS_DEFAULT } = options;
  const rules: FetchRules = { methods, headers, hosts: options.hosts ?? null, maxPriceUsd: maxPriceOf(options) };
  toApprovalFloor(options);
  const send = options.fetch ?? createGuardedFetch(options);
  const { onEvent, ...paying } = options;
  const tell = toTeller<FetchToolEvent>(onEvent === undefined ? {} : { onEvent });
  const pay = createPayingFetch({ ...paying, fetch: send, onEvent: tell });
  const fetchPaid = async (input: unknown, context: AgentToolContext): Promise<FetchedOutput | Refusal> => {
    const asked = readFetchInput(input, rules);
    const { bodyMaxBytes = BODY_MAX_BYTES, timeoutMs = TIMEOUT_MS } = options;
    const late = AbortSignal.timeout(timeoutMs);
    const signal = context.signal === undefined ? late : AbortSignal.any([context.signal, late]);
    const scope = options.scope ?? options.session.paymentSessionId!;
    const purchaseId = await toPurchaseId(
      { tool: name, toolCallId: context.toolCallId, input: toBought(asked) },
      scope,
    );
    const response = await pay(asked.url, {
      method: asked.method,
      headers: asked.headers,
      ...(asked.body === undefined ? {} : { body: asked.body }),
      purchaseId,
      maxPriceUsd: asked.maxPriceUsd,
      tool: name,
      intent: asked.intent,
      confirm: toConfirm(options, { tool: name, toolCallId: context.toolCallId, approve: context.approve }),
      signal,
    });
    const refusal = judge(response, options);
    if (refusal !== null) {
      await response.body?.cancel();
      return refusal;
    }
    try {
      return await toFetchOutput(response, asked.url.href, bodyMaxBytes);
    } catch (error) {
      if (response.payment === null) throw error;
      return toUndelivered('client:not_delivered', response.payment, `its body did not come: ${messageOf(error)}`);
    }
  };
  return {
    name,
    description,
    inputSchema: toFetchSchema(rules),
    isReadOnly: false,
    execute: async (input, context = {}) => {
      const asking = watch(context.approve ?? options.approve);
      const outcome = await fetchPaid(input, { ...context, approve: asking.approve }).catch((error: unknown) => {
        context.signal?.throwIfAborted();
        if (asking.threw(error)) throw error;
        return refusalOf(error);
      });
      // What was bought is handed on, even where nobody waits for it any more.
      if (!('kind' in outcome)) return outcome;
      context.signal?.throwIfAborted();
      tell({ type: 'refused', ...outcome });
      if (options.failures === 'throw') throw new ToolPaymentError(outcome);
      return outcome;
    },
  };
}

/** Knows afterwards what a framework threw to suspend the call, which is no failure of it. */
function watch(approve: Approve | undefined) {
  const thrown = new Set<unknown>();
  const watched: Approve | undefined =
    approve &&
    (async (request) => {
      try {
        return await approve(request);
      } catch (error) {
        thrown.add(error);
        throw error;
      }
    });
  return { approve: watched, threw: (error: unknown) => thrown.has(error) };
}

function maxPriceOf({ maxPriceUsd = '1.00' }: FetchToolOptions): string | null {
  return maxPriceUsd;
}

/** What makes two calls the same purchase: not the words about it, and not what it may cost. */
function toBought({ url, method, headers, body }: FetchInput): unknown {
  return [url.href, method, headers, body ?? null];
}

/** `null`: what there is may be handed on. */
function judge({ payment, status }: PaidResponse, { requireSettlement = false }: FetchToolOptions): Refusal | null {
  if (payment === null) return null;
  const { settlement, reason, remedy } = payment;
  if (status === 402 || settlement?.success === false) {
    const said = reason === null ? 'the seller did not take it' : `the seller did not take it, saying ${reason}`;
    return toUndelivered('client:not_accepted', payment, remedy === null ? said : `${said} (${remedy})`);
  }
  if (requireSettlement && settlement === null) {
    return toUndelivered('client:not_settled', payment, 'the seller does not say that it was settled');
  }
  return null;
}

function refusalOf(error: unknown): Refusal {
  const refusal = toRefusal(error);
  if (refusal !== null) return refusal;
  const why = `the host did not answer: ${messageOf(error)}`;
  return toRefusal(new CallRefused('client:no_answer', why))!;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
