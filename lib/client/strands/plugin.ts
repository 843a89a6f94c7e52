import {
  ExecuteToolStage,
  type AgentStreamEvent,
  type ExecuteToolContext,
  type ExecuteToolResult,
  type InterruptParams,
  type MiddlewareNextOf,
  type Plugin,
} from '@strands-agents/sdk';
import { createToolPayments, type AgentTool, type ToolPayments } from '../agent/index.ts';
import { emitting } from '../frameworks/emitting.ts';
import {
  createFetching,
  createReading,
  rememberPayments,
  type AdapterOptions,
  type Payments,
} from '../frameworks/own-tools.ts';
import { createAsking, type Asking } from './asking.ts';
import type { PaymentsPluginOptions } from './options.ts';
import { toStrandsTool } from './own-tools.ts';
import { toRefusedBlock, toView, type ResultView } from './result.ts';

export interface PaymentsPlugin extends Plugin {
  /** From the next call on, payments are made out of another session. */
  updatePaymentSessionId(paymentSessionId: string): void;
  /** From the next call on, another wallet pays. */
  updatePaymentInstrumentId(paymentInstrumentId: string): void;
  addToAllowlist(...tools: readonly string[]): void;
  /** Without its last name the list is empty: then no tool but the plugin's own pays. */
  removeFromAllowlist(...tools: readonly string[]): void;
}

type Next = MiddlewareNextOf<typeof ExecuteToolStage>;

/**
 * A plugin for Strands agents: tools that meet a 402 are paid for and run once more with the proof, within the session that the
 * application opened. It gives the agent a tool that fetches and pays, and tools that read session, balance, wallets and payments.
 * A refusal is the result of the tool that needed the payment. Proofs stand in no message, event or span of the agent.
 * Throws `TypeError` where an id is missing, and where a price is none.
 */
export function createPaymentsPlugin(options: PaymentsPluginOptions): PaymentsPlugin {
  const { options: remembering, payments: paid } = rememberPayments(toState(options));
  let state = remembering;
  const payments = createToolPayments(state);
  let own = createOwn(state, paid, options);
  const update = (change: Partial<Pick<AdapterOptions, 'session' | 'instrument'>>): void => {
    state = { ...state, ...change };
    payments.useSession(state.session);
    payments.useInstrument(state.instrument);
    own = createOwn(state, paid, options);
  };
  const asking = createAsking(options);
  const tools = [...own.values()].map((tool) => toStrandsTool(tool, () => own.get(tool.name) ?? tool, asking));
  const isPaid = ({ tool, toolUse: { name } }: ExecuteToolContext): boolean =>
    options.autoPayment !== false && tool !== undefined && !own.has(name);
  return {
    name: 'bursar-payments',
    initAgent: (agent) => {
      agent.addMiddleware(ExecuteToolStage, (context, next) =>
        isPaid(context) ? runPaid({ payments, asking, context, next }) : next(context),
      );
    },
    getTools: () => tools,
    updatePaymentSessionId: (paymentSessionId) => update({ session: { ...state.session, paymentSessionId } }),
    updatePaymentInstrumentId: (paymentInstrumentId) => update({ instrument: { paymentInstrumentId } }),
    addToAllowlist: (...names) => payments.allow(...names),
    removeFromAllowlist: (...names) => payments.disallow(...names),
  };
}

function toState(options: PaymentsPluginOptions): AdapterOptions {
  const { paymentManagerArn, userId, paymentSessionId, paymentInstrumentId } = options;
  const { networkPreferencesConfig, paymentToolAllowlist = [] } = options;
  return {
    ...options,
    session: { paymentManagerArn, userId, paymentSessionId },
    instrument: { paymentInstrumentId },
    tools: paymentToolAllowlist,
    networks: networkPreferencesConfig,
  };
}

/** The plugin's own tools, by name. */
function createOwn(
  state: AdapterOptions,
  paid: Payments,
  { autoPayment = true, provideHttpRequest = true }: PaymentsPluginOptions,
): ReadonlyMap<string, AgentTool> {
  const fetching = autoPayment && provideHttpRequest ? createFetching(state) : null;
  return new Map(
    [...(fetching === null ? [] : [fetching]), ...createReading(state, paid)].map((tool) => [tool.name, tool]),
  );
}

interface Run {
  readonly payments: ToolPayments;
  readonly asking: Asking;
  readonly context: ExecuteToolContext;
  readonly next: Next;
}

function runPaid({ payments, asking, context, next }: Run): ReturnType<Next> {
  const { toolUse, cancelSignal: signal } = context;
  const { name: tool, toolUseId, input } = toolUse;
  return emitting<AgentStreamEvent, ExecuteToolResult>(async (emit) => {
    const execute = async (given: typeof input): Promise<ResultView> => {
      const { result } = await drain(next(withInput(context, given)), emit);
      // What a tool says of a failure may quote its input, which now has a proof in it.
      if (given !== input && result.error !== undefined) throw result.error;
      return toView(result);
    };
    const asked = { tool, toolUseId, interrupt: (params: InterruptParams) => context.interrupt(params).response };
    const outcome = await asking.pay(asked, (approve) =>
      payments.call({ tool, toolCallId: toolUseId, input, signal, approve }, execute),
    );
    return { result: outcome.kind === 'refused' ? toRefusedBlock(toolUseId, outcome) : outcome.result.block };
  });
}

/**
 * The call with another input, which its tool alone gets to see: the agent's events and spans tell of the call that the model made, so
 * that no proof stands in them.
 */
function withInput(context: ExecuteToolContext, input: ExecuteToolContext['toolUse']['input']): ExecuteToolContext {
  const { tool, toolUse } = context;
  if (tool === undefined || input === toolUse.input) return context;
  const stream: typeof tool.stream = (toolContext) =>
    tool.stream({ ...toolContext, toolUse: { ...toolContext.toolUse, input } });
  return { ...context, tool: Object.assign(Object.create(tool) as typeof tool, { stream }) };
}

/** Runs a generator to its end, and hands on what it yields. */
async function drain<T, R>(events: AsyncGenerator<T, R>, emit: (event: T) => Promise<void>): Promise<R> {
  for (;;) {
    const step = await events.next();
    if (step.done === true) return step.value;
    await emit(step.value);
  }
}
