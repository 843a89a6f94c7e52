import {
  createPayingTransport,
  type McpTransport,
  type PayingTransportOptions,
} from '../../../lib/client/mcp/index.ts';
import type { ToolPaymentEvent } from '../../../lib/client/agent/index.ts';
import type { PaymentProcessor } from '../../../lib/client/index.ts';
import { createBooks } from '../books.ts';
import { makeEntry } from '../script.ts';
import { LINES, type Line, type SeenCall, type ToolHandler, type ToolResult } from './lines.ts';

export const SERVER_URL = 'https://tools.example/mcp';
export const ANSWER = { content: [{ type: 'text', text: 'the answer' }] };

/** What a tool asks for, in version 2 of x402. */
export function askX402({ entry = {}, document = {} }: { readonly entry?: object; readonly document?: object } = {}) {
  return {
    x402Version: 2,
    error: 'Payment required to access this resource',
    resource: { url: 'mcp://tool/search', description: 'searches' },
    accepts: [makeEntry(2, entry)],
    ...document,
  };
}

/** The result by which a server asks, as the transport of x402 has it. */
export function asResult(document: object): ToolResult {
  return { isError: true, structuredContent: document, content: [{ type: 'text', text: JSON.stringify(document) }] };
}

export function jsonRpcError(code: number, data: unknown): Error {
  return Object.assign(new Error('Payment Required'), { code, data });
}

export interface WorldOptions extends Partial<Omit<PayingTransportOptions, 'client'>> {
  readonly client?: Line;
  readonly server?: Line;
  /** A transport whose other end serves by itself. @default - one to a server of `handle` */
  readonly near?: McpTransport;
  readonly budgetUsd?: string;
  /** Between the client and Bursar. */
  readonly through?: (processor: PaymentProcessor) => PaymentProcessor;
}

/** A client and a server of tools, joined by a paying transport, and a Bursar that keeps its books in memory. */
export async function createToolsWorld(handle: ToolHandler, options: WorldOptions = {}) {
  const {
    client: clientLine = LINES[0]!,
    server: serverLine = clientLine,
    near: own,
    budgetUsd,
    through,
    ...rest
  } = options;
  const books = createBooks(budgetUsd === undefined ? {} : { budgetUsd });
  const seen: SeenCall[] = [];
  const events: ToolPaymentEvent[] = [];
  const sent: object[] = [];
  const [near, far] = own === undefined ? clientLine.pair() : [own, null];
  const server =
    far === null
      ? null
      : await serverLine.serve(far, (call) => {
          seen.push(call);
          return handle(call);
        });
  const client = await clientLine.connect(
    createPayingTransport(watch(near, sent), {
      client: through === undefined ? books.client() : through(books.client()),
      session: { paymentManagerArn: 'arn', paymentSessionId: 'session', userId: 'user' },
      instrument: { paymentInstrumentId: 'instrument' },
      url: SERVER_URL,
      tools: ['search'],
      onEvent: (event) => events.push(event),
      ...rest,
    }),
  );
  return { ...client, server, books, seen, events, sent, transport: near };
}

function watch(transport: McpTransport, sent: object[]): McpTransport {
  const { send } = transport;
  transport.send = (message, options) => {
    sent.push(message);
    return send.call(transport, message, options);
  };
  return transport;
}

/** Sells at its price, by x402, whatever the proof: whether that is good is for others to test. */
export function sell(document: object = askX402()): ToolHandler {
  return ({ meta }) =>
    meta['x402/payment'] === undefined
      ? asResult(document)
      : { ...ANSWER, _meta: { 'x402/payment-response': settlement(true) } };
}

export function settlement(success: boolean) {
  return {
    success,
    transaction: success ? `0x${'1'.repeat(64)}` : '',
    network: 'eip155:84532',
    ...(success ? {} : { errorReason: 'insufficient_funds' }),
  };
}

export const refusalOf = ({ _meta }: ToolResult) => _meta?.['bursar/refusal'];
export const paymentOf = ({ _meta }: ToolResult) => _meta?.['bursar/payment'];
export const textOf = ({ content }: ToolResult) => content?.[0]?.text;
