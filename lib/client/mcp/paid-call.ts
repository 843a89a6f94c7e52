import { MCP_CALLS_MAX } from '../../domain/limits.ts';
import { memberOf } from '../../json/record.ts';
import { toConfirm } from '../agent/confirmation.ts';
import { CallRefused, toRefusal, toUndelivered } from '../agent/refusal.ts';
import type { Refusal, ToolLimits, ToolPaymentEvent } from '../agent/tool-options.ts';
import type { Payer } from '../purchase/payer.ts';
import { toSha256 } from '../purchase/sha256.ts';
import type { Payment } from '../purchase/terms-payer.ts';
import { findChallenge, toSellerChallenge, type FoundChallenge } from './found-challenge.ts';
import { withMeta, type Answer, type RequestId, type ToolCall } from './messages.ts';
import { refusalOf, toPaidAnswer, toRefusedResult } from './paid-answer.ts';
import { toProofMeta } from './proof-meta.ts';
import { readServerAnswer } from './server-answer.ts';

/** A call of a tool that may be paid, from its request to its answer. */
export interface Call {
  /** As its client sent it. */
  readonly asked: ToolCall;
  /** As the server gets it. */
  readonly sent: ToolCall;
  readonly sendOptions: object | undefined;
  readonly purchaseId: string;
}

interface OpenCall extends Call {
  readonly stop: AbortController;
  state: { readonly name: 'asked' } | { readonly name: 'paying' } | Presented;
}

interface Presented {
  readonly name: 'presented';
  readonly requestId: string;
  readonly payment: Payment;
}

export interface PaidCallsDeps {
  readonly payer: Payer;
  /** Of the server. */
  readonly url: string;
  /** To the server. */
  readonly send: (message: object, sendOptions?: object) => Promise<void>;
  /** To the client. */
  readonly deliver: (message: object, extra?: object) => void;
  readonly limits: ToolLimits;
  readonly tell: (event: ToolPaymentEvent) => void;
  /** Hears what the client throws while it is given an answer. */
  readonly fail: (error: unknown) => void;
  /** Told how the requests of a call that needs several go on: under one purchase. */
  readonly onAnswer: (call: Call, result: unknown) => void;
}

/** The calls of one connection that are under way. */
export interface PaidCalls {
  /** Sends a call. What follows is done as its answers come. */
  begin(call: Call): Promise<void>;
  /** Takes an answer of the server. `false`: it is not for this one, or asks for nothing, and goes to the client as it is. */
  take(answer: Answer, message: object, extra?: object): boolean;
  /** Ends a call, and returns the request that the server is to be told of; `null` where it has answered already. */
  cancel(id: RequestId): RequestId | null;
  /** Ends all of them. */
  stop(): void;
}

/** Requests that carry a proof have ids of their own: an id may be used once in a connection. */
const PAID_ID = 'bursar-paid-';

/** The calls of one connection that are not answered, and of those that were paid again by the id of their second request. */
interface Connection {
  readonly deps: PaidCallsDeps;
  readonly open: Map<RequestId, OpenCall>;
  readonly presented: Map<RequestId, PresentedCall>;
}

type PresentedCall = OpenCall & { readonly state: Presented };

export function createPaidCalls(deps: PaidCallsDeps): PaidCalls {
  const connection: Connection = { deps, open: new Map(), presented: new Map() };
  const { open, presented } = connection;
  return {
    begin: (call) => begin(connection, call),
    take: (answer, message, extra) => {
      const paid = presented.get(answer.id);
      if (paid !== undefined) {
        finish(connection, paid, { answer, message, extra }).catch(deps.fail);
        return true;
      }
      // To a call that was cancelled after its proof had left.
      if (typeof answer.id === 'string' && answer.id.startsWith(PAID_ID)) return true;
      const call = open.get(answer.id);
      if (call === undefined) return false;
      // A request has one answer: another one, while the first is paid for, is for nobody.
      if (call.state.name !== 'asked') return true;
      const found = findChallenge(answer);
      if (found === null) {
        end(connection, call);
        deps.onAnswer(call, answer.result);
        return false;
      }
      call.state = { name: 'paying' };
      pay(connection, call, found, extra).catch(deps.fail);
      return true;
    },
    cancel: (id) => {
      const call = open.get(id);
      if (call === undefined) return id;
      end(connection, call);
      if (call.state.name === 'paying') return null;
      return call.state.name === 'presented' ? call.state.requestId : id;
    },
    stop: () => {
      for (const call of open.values()) end(connection, call);
    },
  };
}

function end({ open, presented }: Connection, call: OpenCall): void {
  call.stop.abort();
  if (open.get(call.asked.id) === call) open.delete(call.asked.id);
  if (call.state.name === 'presented') presented.delete(call.state.requestId);
}

/** Whether somebody waits for its answer still. */
function isOpen({ open }: Connection, call: OpenCall): boolean {
  return open.get(call.asked.id) === call;
}

async function begin(connection: Connection, begun: Call): Promise<void> {
  const { deps, open } = connection;
  const { asked, sent, sendOptions } = begun;
  if (open.size >= MCP_CALLS_MAX || open.has(asked.id)) return deps.send(sent, sendOptions);
  const call: OpenCall = { ...begun, stop: new AbortController(), state: { name: 'asked' } };
  open.set(asked.id, call);
  // How clients cancel where each request has a stream of its own.
  const cancelled = memberOf(sendOptions, 'requestSignal');
  if (cancelled instanceof AbortSignal)
    cancelled.addEventListener('abort', () => end(connection, call), { once: true });
  try {
    await deps.send(sent, sendOptions);
  } catch (error) {
    end(connection, call);
    throw error;
  }
}

async function pay(
  connection: Connection,
  call: OpenCall,
  found: FoundChallenge,
  extra: object | undefined,
): Promise<void> {
  const { payer, limits, url, send, tell } = connection.deps;
  const { asked, sent, sendOptions, purchaseId, stop } = call;
  const { name: tool } = asked.params;
  const ofCall = { tool, toolCallId: `${asked.id}` };
  let payment: Payment | null = null;
  try {
    const challenge = await toSellerChallenge(found);
    const confirm = toConfirm(limits, ofCall);
    payment = await payer.pay(challenge, {
      purchaseId,
      request: { method: 'POST', url, bodyHash: await hashOf(sent) },
      tool,
      signal: stop.signal,
      confirm: async (quote) => {
        tell({ ...ofCall, type: 'payment_required', url, offer: quote.offers[0]! });
        return confirm(quote);
      },
    });
    const { processPaymentId, offer, replayed } = payment;
    tell({ ...ofCall, type: 'proof_received', url, purchaseId, processPaymentId, offer, replayed });
    const proof = await toProofMeta(await payment.toHeaders(), found.takesText);
    if (!isOpen(connection, call)) return;
    const state = { name: 'presented', requestId: `${PAID_ID}${crypto.randomUUID()}`, payment } as const;
    connection.presented.set(state.requestId, Object.assign(call, { state }));
    tell({ ...ofCall, type: 'presented', url, processPaymentId });
    await send({ ...sent, id: state.requestId, params: withMeta(sent.params, proof) }, onceMore(sendOptions));
  } catch (error) {
    // Where it was cancelled, or an answer has come all the same, nobody waits for another.
    if (!isOpen(connection, call)) return;
    end(connection, call);
    if (payment !== null) payer.report(payment, 'FAILED');
    const refusal = whyNot(error, payment);
    tell({ ...ofCall, type: 'refused', ...refusal });
    connection.deps.deliver({ jsonrpc: '2.0', id: asked.id, result: toRefusedResult(asked, refusal) }, extra);
  }
}

/** @param payment where there is a proof already */
function whyNot(error: unknown, payment: Payment | null): Refusal {
  const what = error instanceof Error ? error.message : String(error);
  if (payment !== null) return toUndelivered('client:not_delivered', payment, `it did not reach its server: ${what}`);
  return toRefusal(error) ?? toRefusal(new CallRefused('client:unpayable', what))!;
}

interface Received {
  readonly answer: Answer;
  readonly message: object;
  readonly extra: object | undefined;
}

async function finish(
  connection: Connection,
  call: PresentedCall,
  { answer, message, extra }: Received,
): Promise<void> {
  const { payer, limits, url, tell, deliver, onAnswer } = connection.deps;
  const { payment } = call.state;
  const { processPaymentId } = payment;
  const ofCall = { tool: call.asked.params.name, toolCallId: `${call.asked.id}` };
  end(connection, call);
  const read = await readServerAnswer(answer);
  const refusal = refusalOf(payment, read, limits.requireSettlement ?? false);
  payer.report(payment, refusal === null ? 'DELIVERED' : 'FAILED', read.settlement);
  if (refusal === null) tell({ ...ofCall, type: 'delivered', url, processPaymentId });
  else tell({ ...ofCall, type: 'refused', ...refusal });
  onAnswer(call, answer.result);
  deliver(toPaidAnswer({ call: call.asked, message, answer, payment, read, refusal }), extra);
}

/** Without what would have an earlier answer sent again instead. */
function onceMore(sendOptions: object | undefined): object | undefined {
  if (sendOptions === undefined) return undefined;
  return { ...sendOptions, resumptionToken: undefined };
}

/** Of what is asked of the tool. */
function hashOf({ params: { name, arguments: input } }: ToolCall): Promise<string> {
  return toSha256(JSON.stringify({ name, arguments: input }));
}
