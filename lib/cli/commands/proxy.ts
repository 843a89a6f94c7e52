import { wholeNumberOf } from '../program/arguments.ts';
import type { Command, Invocation } from '../program/command.ts';
import { CliError, EXIT, usageError, type Outcome } from '../terminal/outcome.ts';
import { startProxy, type ProxyServer } from '../proxy/server.ts';
import { roleOfRequest } from '../../local/operation-roles.ts';
import type { ProxyKey, RequestCredentials, ResignerOptions } from '../proxy/resigner.ts';
import type { CallerRole } from '../target/target.ts';
import { tell } from '../terminal/layout.ts';
import { printable } from '../terminal/terminal.ts';
import { PortTaken } from '../../local/loopback/server.ts';

const PORT_DEFAULT = 8_403;
const PORT_MAX = 65_535;
const ROLES: Readonly<Record<string, Exclude<CallerRole, 'treasury'>>> = {
  agent: 'processPayment',
  backend: 'management',
  operator: 'controlPlane',
};

async function runProxy({ deps, target, options }: Invocation): Promise<Outcome> {
  const key = newKey(deps.randomBytes);
  const server = await listen(
    {
      endpoint: target.endpoint,
      region: target.region,
      key,
      credentials: sourceOf({ deps, target, options, positionals: [] }),
      fetch: deps.fetch,
      now: deps.now,
    },
    wholeNumberOf(options, 'port', 0, PORT_MAX) ?? PORT_DEFAULT,
    ({ method, path, status }) => deps.terminal.err(`${status} ${printable(`${method} ${path}`)}\n`),
  );
  const environment = {
    AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: server.url,
    AWS_ENDPOINT_URL_BEDROCK_AGENTCORE_CONTROL: server.url,
    // The SDKs read the one, the AWS CLI and boto3 the other.
    AWS_REGION: target.region,
    AWS_DEFAULT_REGION: target.region,
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
  };
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}='${value}'`);
  const { out } = deps.terminal;
  tell(
    deps.terminal,
    `Requests to ${server.url} go to ${target.endpoint}, signed with your credentials. In the shell of the AWS client:`,
    0,
  );
  if (options.flag('json')) await out(`${JSON.stringify({ url: server.url, environment })}\n`);
  else await out(`unset AWS_PROFILE AWS_SESSION_TOKEN\n${lines.join('\n')}\n`);
  tell(
    deps.terminal,
    'These keys open this proxy only, and end with it. Anybody who has them acts as you. Ctrl-C ends it.',
    0,
  );
  await untilInterrupted(deps.interrupted);
  await server.close();
  return { exitCode: EXIT.ok, json: undefined, text: null };
}

const BY_OPERATION = 'by-operation';

function sourceOf({ target, options }: Invocation): RequestCredentials {
  const name = options.text('role');
  const roles = options.text('roles');
  const { access } = target;
  if (roles !== undefined && roles !== BY_OPERATION) {
    throw usageError(`--roles must be ${BY_OPERATION}. Received: ${roles}`);
  }
  if (roles !== undefined && name !== undefined) throw usageError('--role and --roles exclude each other');
  if (name !== undefined && ROLES[name] === undefined) {
    throw usageError(`--role must be one of ${Object.keys(ROLES).join(', ')}. Received: ${name}`);
  }
  switch (access.kind) {
    case 'token':
      throw usageError('proxy signs with AWS credentials', 'unset BURSAR_TOKEN; a token needs no proxy');
    case 'local': {
      const { credentials } = access.local;
      if (roles !== undefined)
        return async (request) => credentials[roleOfRequest(request)] ?? credentials.processPayment;
      const lent = credentials[ROLES[name ?? 'agent']!];
      return async () => lent;
    }
    case 'aws':
      if (roles !== undefined) {
        throw usageError('--roles is for the local stack; a deployment keeps its roles apart, and has --role-arn');
      }
      if (name !== undefined) throw usageError('--role is for the local stack; a deployed one has --role-arn');
      return access.source;
  }
}

async function listen(
  options: ResignerOptions,
  port: number,
  onAnswer: Parameters<typeof startProxy>[1]['onAnswer'],
): Promise<ProxyServer> {
  try {
    return await startProxy(options, { port, onAnswer });
  } catch (error) {
    if (!(error instanceof PortTaken)) throw error;
    throw new CliError(EXIT.failed, `port ${port} is taken`, { hint: 'choose another with --port', cause: error });
  }
}

function newKey(randomBytes: (size: number) => Uint8Array): ProxyKey {
  const random = (bytes: number): string => Buffer.from(randomBytes(bytes)).toString('hex');
  return { accessKeyId: `BURSAR${random(8).toUpperCase()}`, secretAccessKey: random(20) };
}

function untilInterrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

export const proxy: Command = {
  name: 'proxy',
  summary: 'lets unmodified AWS clients in: signs their requests anew, on loopback only',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    port: { value: 'N', help: `where it listens, on 127.0.0.1 (default ${PORT_DEFAULT}; 0 takes a free one)` },
    role: { value: 'ROLE', help: 'with the local stack: agent (default), backend or operator' },
    roles: { value: 'HOW', help: 'with the local stack: by-operation signs each request as the role that may make it' },
  },
  role: 'that of the requests that go through it: ProcessPaymentRole for an agent',
  examples: [
    ['bursar proxy', 'prints the environment for the AWS client, and runs until Ctrl-C'],
    ['bursar proxy --role-arn arn:aws:iam::111122223333:role/ProcessPaymentRole', 'as an agent of a deployment'],
    ['bursar proxy --roles by-operation', 'for samples that open a session and pay in one process'],
    ['aws bedrock-agentcore get-payment-session --payment-manager-arn ... ', 'then, in a shell with that environment'],
  ],
  notes: [
    'It lends your credentials to anybody who has the keys that it prints: it listens on 127.0.0.1 only, answers to no other name, and takes only requests that are signed with those keys, which are new at every start.',
  ],
  run: runProxy,
};
