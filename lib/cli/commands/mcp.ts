import { createPayingTransport, type McpTransport } from '../../client/mcp/index.ts';
import { isSecureUrl } from '../../domain/loopback.ts';
import { createHttpSessions } from '../mcp/http-sessions.ts';
import { notePayment, PAYER_OPTIONS, payerOf } from '../mcp/paying.ts';
import { relay } from '../mcp/relay.ts';
import { connectServer, openStdio, type McpServerAddress } from '../mcp/connections.ts';
import { portOf, serveHttp, SERVING_OPTIONS, warnOf } from '../mcp/serving.ts';
import type { Command, Invocation } from '../program/command.ts';
import { readHeaders } from '../purchase/web-request.ts';
import { tell } from '../terminal/layout.ts';
import { CliError, EXIT, usageError, type Outcome } from '../terminal/outcome.ts';

const WORDS_MAX = 256;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

async function runMcp(invocation: Invocation): Promise<Outcome> {
  const { deps } = invocation;
  const address = addressOf(invocation);
  const paying = {
    ...payerOf(invocation),
    url: nameOf(invocation, address),
    tools: toolsOf(invocation),
    onEvent: (event: Parameters<typeof notePayment>[1]) => notePayment(deps.terminal, event),
  };
  const port = portOf(invocation);
  const onError = warnOf(invocation);
  const connect = async (): Promise<McpTransport> => {
    const server = createPayingTransport(await connectServer(address, deps.fetch), paying);
    await server.start();
    return server;
  };
  if (port !== null) {
    const sessions = await createHttpSessions({ connect, onError });
    const outcome = await serveHttp(invocation, { port, handle: sessions.handle });
    await sessions.close();
    return outcome;
  }
  const server = await connect().catch((error: unknown) => {
    throw new CliError(EXIT.failed, `the server cannot be started: ${messageOf(error)}`, { cause: error });
  });
  const client = await openStdio(deps);
  deps.interrupted.addEventListener('abort', () => void client.close(), { once: true });
  const first = await relay({ client, server, onError });
  if (first === 'client') return { exitCode: EXIT.ok, json: undefined, text: null };
  throw new CliError(EXIT.failed, 'the server has ended', { hint: 'what it had to say stands above' });
}

function addressOf({ deps, options, positionals }: Invocation): McpServerAddress {
  const target = options.text('target');
  const [command, ...args] = positionals;
  if ((target === undefined) === (command === undefined)) {
    throw usageError('name one server: --target URL, or -- and a command that runs one');
  }
  if (target === undefined) {
    if (options.list('header').length > 0) throw usageError('--header goes with --target');
    return { kind: 'command', command: command!, args, env: environmentOf(deps.env, options.list('env')) };
  }
  if (options.list('env').length > 0) throw usageError('--env goes with a command');
  const url = webUrlOf(target, 'target');
  if (!isSecureUrl(url)) tell(deps.terminal, 'warning: http, so others on the way can read what is asked and answered');
  return { kind: 'http', url, headers: readHeaders(options.list('header')) };
}

/** A server gets none of the variables by which this command may act: only those that are named. */
function environmentOf(env: Invocation['deps']['env'], names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.map((name) => {
      const value = ENV_NAME.test(name) ? env[name] : undefined;
      if (value === undefined) throw usageError(`--env must name a variable that is set. Received: ${name}`);
      return [name, value];
    }),
  );
}

/** How policies and receipts name the server. */
function nameOf({ options }: Invocation, address: McpServerAddress): URL {
  const named = options.text('as');
  if (named !== undefined) return webUrlOf(named, 'as');
  if (address.kind === 'http') return address.url;
  const program = address.command.split(/[\\/]/).at(-1)!;
  return new URL(`http://localhost/${encodeURIComponent(program)}`);
}

function webUrlOf(text: string, name: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return url;
  throw usageError(`--${name} must be a URL that begins with https:// or http://, without name and password`);
}

function toolsOf({ options }: Invocation): readonly string[] | 'all' {
  const tools = options.list('tool');
  if (options.flag('all-tools') === tools.length > 0) {
    throw usageError('say which tools may be paid: --tool NAME, as often as needed, or --all-tools');
  }
  return tools.length > 0 ? tools : 'all';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export const mcp: Command = {
  name: 'mcp',
  summary: 'stands between an MCP client and a server, and pays for the calls of its tools, within the session',
  operands: '[-- COMMAND [ARGUMENT...]]',
  operandsMin: 0,
  operandsMax: WORDS_MAX,
  options: {
    target: { value: 'URL', help: 'of a server that speaks streamable HTTP; else the command runs one over stdio' },
    header: { value: "'NAME: VALUE'", many: true, help: 'for that URL; may be repeated' },
    env: {
      value: 'NAME',
      many: true,
      help: 'a variable that the command gets besides PATH and the like; may be repeated',
    },
    as: {
      value: 'URL',
      help: 'the name of the server for policies and receipts (default: its URL, or http://localhost/COMMAND)',
    },
    tool: { value: 'NAME', many: true, help: 'a tool whose calls may be paid; may be repeated' },
    'all-tools': { help: 'every tool of the server may be paid' },
    ...SERVING_OPTIONS,
    ...PAYER_OPTIONS,
  },
  role: 'ProcessPaymentRole; with a token, any without the management scope',
  examples: [
    ['bursar mcp --tool search --target https://tools.example/mcp', 'a server over HTTP, to a client over stdio'],
    ['bursar mcp --all-tools --max-price 0.05 -- npx -y some-mcp-server', 'a server that is a program'],
    ['bursar mcp --tool search --target https://tools.example/mcp --port 8404', 'to clients over HTTP'],
  ],
  notes: [
    'In the configuration of an MCP client it takes the place of the server. stdout is for the protocol; what is paid is told on stderr.',
    'A call is paid at most once. What a tool that is not named asks for reaches the client as it is.',
    'The server gets no variable by which this command acts, such as AWS_SECRET_ACCESS_KEY or BURSAR_TOKEN, unless --env names it.',
  ],
  run: runMcp,
};
