import { createFetchTool, createGuardedFetch, createReadingTools, type AgentTool } from '../../client/agent/index.ts';
import { openStdio } from '../mcp/connections.ts';
import { PAYER_OPTIONS, payerOf } from '../mcp/paying.ts';
import { createQuoteTool } from '../mcp/quote-tool.ts';
import { portOf, serveHttp, SERVING_OPTIONS, warnOf, whenAborted } from '../mcp/serving.ts';
import { createToolServer } from '../mcp/tool-server.ts';
import type { Command, Invocation } from '../program/command.ts';
import { clientOf } from '../target/target.ts';
import { tell } from '../terminal/layout.ts';
import { EXIT, usageError, type Outcome } from '../terminal/outcome.ts';
import { printable } from '../terminal/terminal.ts';

const MAX_PRICE_USD_DEFAULT = '1.00';
const HOST = /^(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*$/i;

async function runServe(invocation: Invocation): Promise<Outcome> {
  const { deps } = invocation;
  const port = portOf(invocation);
  const onerror = warnOf(invocation);
  const factory = await createToolServer(toolsOf(invocation), deps.version);
  if (port !== null) {
    const { createMcpHandler } = await import('@modelcontextprotocol/server');
    const handler = createMcpHandler(factory, { onerror });
    const outcome = await serveHttp(invocation, { port, handle: (request) => handler.fetch(request) });
    await handler.close();
    return outcome;
  }
  const { serveStdio } = await import('@modelcontextprotocol/server/stdio');
  const transport = await openStdio(deps);
  const left = new Promise<void>((resolve) => {
    deps.pipes.input.once('end', resolve).once('close', resolve);
  });
  const server = serveStdio(factory, { transport: transport as never, onerror });
  await Promise.race([left, whenAborted(deps.interrupted)]);
  await server.close();
  return { exitCode: EXIT.ok, json: undefined, text: null };
}

/** What a model gets: a fetch that pays, the price before it, what is left, and what was paid. */
function toolsOf(invocation: Invocation): readonly AgentTool[] {
  const { deps, options, target } = invocation;
  const { fetch: _own, ...payer } = payerOf(invocation);
  const maxPriceUsd = payer.maxPriceUsd ?? MAX_PRICE_USD_DEFAULT;
  const hosts = hostsOf(invocation);
  // The sellers of a local stack are on this machine.
  const guard = { allowLoopback: target.local !== null || options.flag('allow-loopback') };
  const fetchPaid = createFetchTool({
    ...payer,
    ...guard,
    hosts: hosts ?? undefined,
    onEvent: (event) => {
      if (event.type === 'refused') tell(deps.terminal, `bursar   ${printable(event.message)}`);
      if (event.type !== 'proof_received') return;
      const { url, offer, processPaymentId } = event;
      const { origin } = new URL(url);
      tell(deps.terminal, `bursar   SIGNED, payment ${processPaymentId} of USD ${offer.amountUsd} for ${origin}`);
    },
  });
  const agent = clientOf(deps, target, 'processPayment');
  const quote = createQuoteTool({ ...payer, client: agent, maxPriceUsd, hosts, fetch: createGuardedFetch(guard) });
  const read = (client: typeof agent, name: string, as: string): AgentTool => {
    const tool = createReadingTools({ ...payer, client }).find((each) => each.name === name)!;
    return { ...tool, name: as };
  };
  return [
    fetchPaid,
    quote,
    read(agent, 'get_payment_session', 'session_status'),
    // With the keys of the local stack; a deployment's credentials are of one role, and may lack the leave to list.
    read(clientOf(deps, target, 'management'), 'list_payments', 'payments'),
  ];
}

function hostsOf({ options }: Invocation): readonly string[] | null {
  const hosts = options.list('host');
  const wrong = hosts.find((host) => !HOST.test(host));
  if (wrong !== undefined)
    throw usageError(`--host must be a name such as api.example.com or *.example.com. Received: ${wrong}`);
  return hosts.length > 0 ? hosts : null;
}

export const mcpServe: Command = {
  name: 'mcp serve',
  summary: 'serves tools to an MCP client: a fetch that pays, prices, what is left, what was paid',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    host: {
      value: 'NAME',
      many: true,
      help: 'may be asked, *.NAME for all below it; may be repeated (default: every host)',
    },
    'allow-loopback': { help: 'servers of this machine may be asked as well; with the local stack they may' },
    ...SERVING_OPTIONS,
    ...PAYER_OPTIONS,
  },
  role: 'ProcessPaymentRole; the tool payments needs ManagementRole or ObserverRole, or a token of the management scope',
  examples: [
    ['bursar mcp serve', 'to the client that starts it, over stdio'],
    [
      'bursar mcp serve --max-price 0.25 --host *.example.com',
      'for some hosts alone, and no call above a quarter of a dollar',
    ],
    ['bursar mcp serve --port 8405', 'over HTTP, on 127.0.0.1'],
  ],
  notes: [
    'The tools are fetch_paid, quote, session_status and payments. They know the session and the wallet of the command line, and no other that a model names.',
    'A model chooses what is fetched: only https, and only addresses of the internet, at every redirect.',
  ],
  run: runServe,
};
