import { createPayer, type Payer } from '../purchase/payer.ts';
import type { InstrumentReference, SessionReference } from '../purchase/payer-options.ts';
import { toTeller, type Payment } from '../purchase/terms-payer.ts';
import { createAllowList, type AllowList } from './allow-list.ts';
import { toApprovalFloor, toConfirm } from './confirmation.ts';
import { detectChallenge } from './detection.ts';
import { runPaid } from './paid-run.ts';
import { toPurchaseId } from './purchase-id.ts';
import { requestOfInput, withProof } from './proof-input.ts';
import { CallRefused, ToolPaymentError, toRefusal } from './refusal.ts';
import { propertyOf } from './result-shape.ts';
import type {
  ProofHeaders,
  ToolCall,
  ToolHandler,
  ToolOutcome,
  ToolPayment,
  ToolPaymentEvent,
  ToolPaymentOptions,
  ToolRequest,
} from './tool-options.ts';

const PRESENTATIONS_MAX = 3;
const PAYMENTS_KEPT_MAX = 100;

export interface ToolPayments extends AllowList {
  /**
   * Runs a tool, and where its result is a 402, pays it and runs the tool once more with the proof. A call is paid at most once,
   * whatever the second run brings. Throws what the tool throws when it is first run, what `approve` throws, and where the call was
   * given up.
   */
  readonly call: <I, R>(call: ToolCall<I>, execute: (input: I) => R | Promise<R>) => Promise<ToolOutcome<R>>;
  /** What was delivered for money, the newest last; of very many the last. */
  readonly payments: () => readonly ToolPayment[];
  /** Pays out of another session from the next call on. Throws `TypeError` where it lacks an id. */
  readonly useSession: (session: SessionReference) => void;
  /** Pays from another wallet from the next call on. Throws `TypeError` where it lacks its id. */
  readonly useInstrument: (instrument: InstrumentReference) => void;
}

/**
 * Pays for tools that meet a 402, whatever the framework. The request behind a call is what its input names as `url`, `uri` or
 * `endpoint`, in its `parameters` where it is a gateway's. The proof goes into the `headers` beside it: the tool that asked gets
 * it, with the URL that it was called with, and nobody else. What the tool does with it is beyond this function, so a
 * tool that follows redirects with its headers is better replaced by `createFetchTool`.
 * Making one throws `TypeError` where session or instrument lack an id, and where a price or a number is none.
 */
export function createToolPayments(options: ToolPaymentOptions): ToolPayments {
  const { presentationsMax = 1 } = options;
  if (!(presentationsMax >= 1 && presentationsMax <= PRESENTATIONS_MAX)) {
    throw new TypeError(`presentationsMax must be 1 to ${PRESENTATIONS_MAX}`);
  }
  toApprovalFloor(options);
  const { onEvent, ...paying } = options;
  const tools = createAllowList(options.tools ?? []);
  const tell = toTeller<ToolPaymentEvent>(onEvent === undefined ? {} : { onEvent });
  const paid: ToolPayment[] = [];
  let payer = createPayer(paying);
  let { session, instrument } = options;

  return {
    ...tools,
    payments: () => [...paid],
    useSession: (next) => {
      payer = createPayer({ ...paying, session: next, instrument });
      session = next;
    },
    useInstrument: (next) => {
      payer = createPayer({ ...paying, session, instrument: next });
      instrument = next;
    },
    call: async (call, execute) => {
      const scope = options.scope ?? session.paymentSessionId!;
      const outcome = await run(call, execute, { options, payer, scope, isAllowed: tools.allows(call.tool), tell });
      if (outcome.kind === 'paid' && paid.push(outcome.payment) > PAYMENTS_KEPT_MAX) paid.shift();
      if (outcome.kind !== 'refused') return outcome;
      tell({ ...ofCall(call), type: 'refused', ...outcome });
      if (options.failures === 'throw') throw new ToolPaymentError(outcome);
      return outcome;
    },
  };
}

interface Runner {
  readonly options: ToolPaymentOptions;
  readonly payer: Payer;
  readonly scope: string;
  readonly isAllowed: boolean;
  readonly tell: (event: ToolPaymentEvent) => void;
}

const ofCall = ({ tool, toolCallId }: ToolCall) => ({ tool, toolCallId });

async function run<I, R>(
  call: ToolCall<I>,
  execute: (input: I) => R | Promise<R>,
  { options, payer, scope, isAllowed, tell }: Runner,
): Promise<ToolOutcome<R>> {
  const { tool, input, signal } = call;
  const { unmarked402 = false, requireSettlement = false, presentationsMax = 1 } = options;
  const handler = handlerOf(options, tool);
  const detect = (result: unknown) =>
    handler.detect === undefined
      ? detectChallenge(result, { input, unmarked: unmarked402 && isAllowed })
      : handler.detect(result, input);
  const result = await execute(input);
  const challenge = detect(result);
  if (challenge === null) return { kind: 'free', result };

  let payment: Payment;
  try {
    const request = await toRequest(call, { handler, result, isAllowed });
    const { url } = request;
    const confirm = toConfirm(options, call);
    payment = await payer.pay(challenge, {
      purchaseId: await toPurchaseId(call, scope),
      request,
      tool,
      intent: call.intent,
      signal,
      confirm: async (quote) => {
        tell({ ...ofCall(call), type: 'payment_required', url, offer: quote.offers[0]! });
        return confirm(quote);
      },
    });
  } catch (error) {
    signal?.throwIfAborted();
    const refusal = toRefusal(error);
    if (refusal === null) throw error;
    return refusal;
  }
  const { purchaseId, processPaymentId, offer, replayed, url } = payment;
  const told = { ...ofCall(call), url, processPaymentId };
  tell({ ...told, type: 'proof_received', purchaseId, offer, replayed });
  const runWith = (headers: ProofHeaders) => {
    tell({ ...told, type: 'presented' });
    return execute(present(handler, input, headers) as I);
  };
  const judged = await runPaid<R>({ payment, runWith, detect, presentationsMax, requireSettlement, signal });
  if ('kind' in judged) {
    payer.report(payment, 'FAILED');
    return judged;
  }
  payer.report(payment, 'DELIVERED', judged.settlement);
  tell({ ...told, type: 'delivered' });
  return { kind: 'paid', result: judged.result, payment: { purchaseId, processPaymentId, offer, replayed } };
}

interface Met {
  readonly handler: ToolHandler;
  readonly result: unknown;
  readonly isAllowed: boolean;
}

/** What is paid for. Throws `CallRefused` where no proof may go, or could. */
async function toRequest({ tool, input }: ToolCall, { handler, result, isAllowed }: Met): Promise<ToolRequest> {
  if (!isAllowed) {
    throw new CallRefused('client:tool_not_allowed', `the tool ${tool} is not among those that may pay`);
  }
  const request = handler.requestOf === undefined ? await requestOfInput(input) : handler.requestOf(input);
  if (request === null) throw new CallRefused('client:no_url', `the input of ${tool} names no URL of the web`);
  const answeredBy = propertyOf(result, 'url');
  if (typeof answeredBy === 'string' && URL.canParse(answeredBy) && isElsewhere(answeredBy, request.url)) {
    throw new CallRefused('client:redirected', `${tool} was redirected to ${new URL(answeredBy).origin}, which asks`);
  }
  if (present(handler, input, []) === null) {
    throw new CallRefused('client:no_place_for_proof', `the input of ${tool} has no place for the headers of a proof`);
  }
  return request;
}

function isElsewhere(answeredBy: string, asked: string): boolean {
  return new URL(answeredBy).origin !== new URL(asked).origin;
}

function present({ present: own = withProof }: ToolHandler, input: unknown, headers: ProofHeaders): unknown {
  return own(input, headers);
}

const NO_HANDLER: ToolHandler = {};

function handlerOf({ handlers }: ToolPaymentOptions, tool: string): ToolHandler {
  // A tool may be called as a member of every object is.
  return (handlers !== undefined && Object.hasOwn(handlers, tool) && handlers[tool]) || NO_HANDLER;
}
