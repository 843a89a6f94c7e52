import type { TestFunctions, Tenant } from '../../support/functions.ts';
import { createToolPayments, type ToolPaymentEvent, type ToolPaymentOptions } from '../../../lib/client/agent/index.ts';
import { base64, makeEntry, SELLER } from '../script.ts';
import { openService, USER } from '../service.ts';

export const URL_OF_REPORT = `${SELLER}/report`;

/** The terms of a 402, as a seller sends them. */
export const terms = (overrides: { readonly entry?: object; readonly document?: object } = {}) => ({
  x402Version: 2,
  accepts: [makeEntry(2, overrides.entry)],
  resource: { url: URL_OF_REPORT },
  ...overrides.document,
});

/** A 402 as AWS's tools return it. */
export const asMarker = (document: object = terms()) =>
  `PAYMENT_REQUIRED: ${JSON.stringify({ statusCode: 402, headers: { 'payment-required': base64(document) }, body: {} })}`;

interface Input {
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A tool that gives the results in turn, or throws them, and keeps what it was called with. */
export function scriptTool(results: readonly unknown[]) {
  const inputs: Input[] = [];
  const left = [...results];
  const execute = (input: Input): unknown => {
    inputs.push(input);
    const result = left.shift();
    if (result instanceof Error) throw result;
    return result;
  };
  return { execute, inputs };
}

/** Tools that pay at the functions that deploy. */
export function openTools(functions: TestFunctions, tenant: Tenant, options: Partial<ToolPaymentOptions> = {}) {
  const { client, asked } = openService(functions);
  const events: ToolPaymentEvent[] = [];
  const payments = createToolPayments({
    client,
    session: { ...tenant, userId: USER },
    instrument: tenant,
    tools: ['http'],
    onEvent: (event) => events.push(event),
    ...options,
  });
  const run = (results: readonly unknown[], call: object = {}) => {
    const tool = scriptTool(results);
    const input: Input = { url: URL_OF_REPORT };
    const outcome = payments.call({ tool: 'http', toolCallId: 'call-1', input, ...call }, tool.execute);
    return { outcome, inputs: tool.inputs };
  };
  return { payments, asked, events, run };
}
