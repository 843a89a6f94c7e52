import { readFileSync } from 'node:fs';
import { request, type RequestOptions } from 'node:https';
import { dirname, delimiter } from 'node:path';

/** Where a rehearsal deploys to. */
export interface Target {
  readonly kind: 'emulator' | 'endpoint' | 'aws';
  readonly region: string;
  /** Of every AWS service at once; `null` for AWS's own. */
  readonly endpoint: string | null;
  /** PEM that the endpoint's certificate is checked with; `null` where the system's suffice. */
  readonly caPath: string | null;
  /** For the CDK's command line. */
  readonly env: NodeJS.ProcessEnv;
}

/** What every SDK client of a rehearsal is made with. */
export interface SdkOptions {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly requestHandler?: { readonly httpsAgent: { readonly ca: Buffer } };
}

/** What emulators take for the account's administrator. */
export const DUMMY_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };
export const EMULATOR_ACCOUNT = '000000000000';
export const DEFAULT_REGION = 'us-east-1';

const CALL_TIMEOUT_MS = 30_000;
const ANSWER_MAX_BYTES = 1_024 * 1_024;

/** At an endpoint that stands for AWS: nothing of this machine's AWS settings, so that nothing can reach an account. */
export function targetOfEndpoint(kind: 'emulator' | 'endpoint', endpoint: string, caPath: string | null): Target {
  const env: NodeJS.ProcessEnv = {
    ...cleanEnvironment(),
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: DUMMY_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: DUMMY_CREDENTIALS.secretAccessKey,
    AWS_REGION: DEFAULT_REGION,
    AWS_DEFAULT_REGION: DEFAULT_REGION,
    ...(caPath === null ? {} : { NODE_EXTRA_CA_CERTS: caPath, AWS_CA_BUNDLE: caPath }),
  };
  return { kind, endpoint, region: DEFAULT_REGION, caPath, env };
}

/** An account, as the standard credential chain finds it. */
export function targetOfAws(region: string): Target {
  return {
    kind: 'aws',
    endpoint: null,
    region,
    caPath: null,
    env: { ...withOurNode(process.env), AWS_REGION: region },
  };
}

/** Without what would lead to an account, past the loopback or to other choices than the committed ones. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(AWS_|CDK_|BURSAR_|PYTHON)|_proxy$/i.test(name));
  return {
    ...withOurNode(Object.fromEntries(kept)),
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/** The Node that runs this also runs the app and, in the emulator, the functions. */
function withOurNode(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, PATH: [dirname(process.execPath), env['PATH']].join(delimiter) };
}

export function sdkOptionsOf({ endpoint, region, caPath }: Target): SdkOptions {
  if (endpoint === null) return { region };
  return {
    region,
    endpoint,
    credentials: DUMMY_CREDENTIALS,
    ...(caPath === null ? {} : { requestHandler: { httpsAgent: { ca: readFileSync(caPath) } } }),
  };
}

/**
 * A `fetch` for the deployed API. An emulator answers for the API's own address, which is what clients sign, without
 * owning its name: requests go to the emulator and keep the name in their `Host`.
 */
export function fetchAt({ endpoint, caPath }: Target): typeof fetch {
  if (endpoint === null) return fetch;
  const { hostname, port, protocol } = new URL(endpoint);
  if (protocol !== 'https:') throw new Error(`the endpoint is ${endpoint}: expected https, which the policies demand`);
  const ca = caPath === null ? undefined : readFileSync(caPath);
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const options = {
      host: hostname,
      port: port === '' ? 443 : Number(port),
      method: init?.method ?? 'GET',
      path: url.pathname + url.search,
      headers: { ...Object.fromEntries(new Headers(init?.headers)), host: url.host },
      servername: hostname === '127.0.0.1' ? 'localhost' : hostname,
      signal: init?.signal ?? AbortSignal.timeout(CALL_TIMEOUT_MS),
      ...(ca === undefined ? {} : { ca }),
    };
    return send(options, typeof init?.body === 'string' ? init.body : '');
  };
}

function send(options: RequestOptions, body: string): Promise<Response> {
  return new Promise((resolve, reject) => {
    const call = request(options, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.byteLength;
        if (bytes > ANSWER_MAX_BYTES) answer.destroy(new Error(`answered more than ${ANSWER_MAX_BYTES} bytes`));
        else chunks.push(chunk);
      });
      answer.once('error', reject);
      answer.once('end', () => {
        const headers = Object.entries(answer.headers).map(([name, value]) => [name, `${value}`] as [string, string]);
        const status = answer.statusCode ?? 0;
        resolve(new Response(status === 204 ? null : Buffer.concat(chunks), { status, headers }));
      });
    });
    call.once('error', reject);
    call.end(body);
  });
}
