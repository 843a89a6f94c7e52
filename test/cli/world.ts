import { PassThrough } from 'node:stream';
import type { AccountReader, ServiceQuota } from '../../lib/cli/target/account.ts';
import type { ChainRequest, Credentials } from '../../lib/cli/target/aws.ts';
import type { CliDeps } from '../../lib/cli/program/command.ts';
import type { FileStore } from '../../lib/cli/terminal/files.ts';
import { runCli } from '../../lib/cli/run.ts';

export const ENDPOINT = 'https://abc123.execute-api.us-east-1.amazonaws.com/v1';
export const MANAGER = 'arn:aws:bedrock-agentcore:us-east-1:111122223333:payment-manager/bursar-0123456789';
export const CONNECTOR = 'seedvault-0123456789';
export const INSTRUMENT = 'payment-instrument-0123456789abcde';
export const SESSION = 'payment-session-0123456789abcde';
export const WALLET = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C';
export const SECRET = 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY01';
export const NOW = Date.parse('2026-03-01T12:00:00Z');

/** The context file of a deployment where everything is there. */
export const CONTEXT = {
  version: 1,
  kind: 'deployed',
  endpoint: ENDPOINT,
  region: 'us-east-1',
  userId: 'alice',
  paymentManagerArn: MANAGER,
  paymentConnectorId: CONNECTOR,
  paymentInstrumentId: INSTRUMENT,
  walletAddress: WALLET,
  chain: 'BASE_SEPOLIA',
  paymentSessionId: SESSION,
};

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

type Answer = (seen: Seen) => Response | Promise<Response>;

/** What the deployment answers, by the end of the path; the first that fits. */
export type Routes = Readonly<Record<string, Answer>>;

export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
}

export function awsError(status: number, name: string, message: string, code?: string): Response {
  const fieldList = code === undefined ? undefined : [{ name: code, message }];
  return new Response(JSON.stringify({ __type: name, message, fieldList }), {
    status,
    headers: { 'x-amzn-errortype': name, 'x-amzn-requestid': 'request-1' },
  });
}

export const sessionView = {
  paymentSessionId: SESSION,
  userId: 'alice',
  status: 'ACTIVE',
  expiresAt: '2026-03-01T13:00:00.000Z',
  spentAmount: { value: '0.00' },
  reservedAmount: { value: '0.00' },
  limits: { maxSpendAmount: { value: '10.00' } },
  availableLimits: { availableSpendAmount: { value: '10.00' } },
};

export interface WorldOptions {
  readonly files?: Readonly<Record<string, string>>;
  readonly routes?: Routes;
  readonly env?: Readonly<Record<string, string>>;
  /** Answers to prompts; without them nobody is there. */
  readonly answers?: readonly string[];
  /** Of a screen; without it results go to none. */
  readonly columns?: number;
  readonly credentials?: (request: ChainRequest) => Promise<Credentials>;
  readonly identity?: string;
  readonly overrides?: Partial<CliDeps>;
}

/** An account with AWS's default quotas, where everything is as it was made. */
export const GENEROUS_ACCOUNT: AccountReader = {
  lambdaConcurrency: async () => 1_000,
  serviceQuotas: async (_region, _credentials, service) => QUOTAS[service] ?? [],
  secretState: async () => 'present',
  walletKeyStates: async () => ['Enabled'],
};
const QUOTAS: Readonly<Record<string, readonly ServiceQuota[]>> = {
  apigateway: [{ code: 'L-8A5B8E43', name: 'Throttle rate', value: 10_000 }],
  kms: [{ code: 'L-ECC', name: 'Cryptographic operations (ECC) request rate', value: 1_000 }],
  secretsmanager: [
    { code: 'L-GET', name: 'Combined rate of DescribeSecret and GetSecretValue API requests', value: 10_000 },
  ],
  dynamodb: [
    { code: 'L-AB614373', name: 'Table-level write throughput limit', value: 40_000 },
    { code: 'L-CF0CBE56', name: 'Table-level read throughput limit', value: 40_000 },
  ],
};

/** A command line in a world of its own: files in memory, a scripted network, a terminal that is written down. */
export function createWorld(options: WorldOptions = {}) {
  const files = new Map(Object.entries(options.files ?? {}));
  const seen: Seen[] = [];
  const chains: ChainRequest[] = [];
  const prompts: string[] = [];
  const stop = new AbortController();
  const answers = [...(options.answers ?? [])];
  let out = Buffer.alloc(0);
  let err = '';
  const store: FileStore = {
    read: async (name) => (files.has(name) ? Buffer.from(files.get(name)!) : null),
    write: async (name, text) => void files.set(name, text),
    create: async (name) => {
      const parts: Uint8Array[] = [];
      return {
        write: async (data) => void parts.push(data),
        commit: async () => void files.set(name, Buffer.concat(parts).toString()),
        discard: async () => undefined,
      };
    },
    exists: async (name) => files.has(name),
    list: async (directory) =>
      [...files.keys()]
        .filter((name) => name.startsWith(`${directory}/`))
        .map((name) => name.slice(directory.length + 1)),
    remove: async (name) => void files.delete(name),
    writeNew: async (name, text) => {
      if (files.has(name)) return false;
      files.set(name, text);
      return true;
    },
  };
  const deps: CliDeps = {
    terminal: {
      out: async (data) => {
        out = Buffer.concat([out, Buffer.from(data)]);
      },
      err: (text) => {
        err += text;
      },
      interactive: options.answers !== undefined,
      screen: options.columns !== undefined,
      columns: options.columns ?? null,
      color: false,
      ask: async (question) => {
        prompts.push(question);
        return answers.shift() ?? null;
      },
      askSecret: async (question) => {
        prompts.push(question);
        return answers.shift() ?? null;
      },
    },
    env: options.env ?? {},
    files: store,
    state: store,
    version: '1.2.3',
    userName: 'login',
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const { method, url, headers } = request;
      const { pathname, search } = new URL(url);
      const one = { method, url, path: pathname + search, headers, body: await request.text() };
      seen.push(one);
      const route = Object.entries(options.routes ?? {}).find(([end]) => pathname.endsWith(end));
      if (route === undefined) throw new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } });
      return route[1](one);
    },
    now: () => NOW,
    randomBytes: (size) => new Uint8Array(size).fill(7),
    interrupted: stop.signal,
    awsCredentials: (request) => {
      chains.push(request);
      return () =>
        options.credentials?.(request) ?? Promise.resolve({ accessKeyId: 'AKIAEXAMPLE', secretAccessKey: SECRET });
    },
    callerIdentity: async () => ({
      account: '111122223333',
      arn: options.identity ?? 'arn:aws:iam::111122223333:user/me',
    }),
    recentMetrics: async () => ['PaymentSuccess'],
    account: GENEROUS_ACCOUNT,
    pipes: { input: new PassThrough(), output: new PassThrough() },
    ...options.overrides,
  };
  return {
    deps,
    files,
    seen,
    chains,
    prompts,
    stop,
    run: (...argv: readonly string[]) => runCli(argv, deps),
    out: () => out.toString(),
    bytes: () => out,
    err: () => err,
    context: () => JSON.parse(files.get('.bursar/context.json') ?? 'null'),
  };
}

/** A world where `init` and `session create` have been run. */
export function createReadyWorld(options: WorldOptions = {}) {
  return createWorld({ ...options, files: { '.bursar/context.json': JSON.stringify(CONTEXT), ...options.files } });
}
