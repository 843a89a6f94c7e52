import { untilChildEnds } from './child-end.ts';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OPERATIONS } from '../lib/contract/operations.ts';
import type { LocalClient } from '../lib/local/info.ts';
import { startStack, type LocalStack } from '../lib/local/stack.ts';
import { AGENTCORE_OPERATIONS, COVERED_PATHS, EXCLUDED_OPERATIONS } from '../test/conformance/coverage.ts';
import { findInterpreter, provideEnvironment } from './python/environment.ts';
import { ageSigned, ageWithTokens, type AgedResources } from './python/resources.ts';

const USAGE = `usage: npm run test:python -- [ARGUMENTS OF pytest]

Drives the local stack with AWS's own Python packages, unmodified: once with signatures, once with tokens.
Needs Python 3.10 or newer with venv and pip, and on the first run a package index.`;

const ROOT = join(import.meta.dirname, '..');
const TESTS = join(ROOT, 'test', 'python');
const CACHE = join(ROOT, '.cache', 'python');
/** One to which the Python SDK takes endpoints; conftest.py resolves it to loopback. */
const HOST = 'bursar.execute-api.us-east-1.amazonaws.com';
const USER = 'user-python';
const PYTEST_TIMEOUT_MS = 5 * 60_000;
/** The names of this machine's own settings for what is under test. */
const SETTINGS = /^(AWS_|BEDROCK_|BURSAR_|LANGCHAIN_|LANGGRAPH_|LANGSMITH_|PYTHON|PYTEST_|.*_proxy$)/i;

/** What the tests know of the stack; test/python/stack.py reads it. */
interface StackFile {
  readonly mode: Mode;
  readonly region: string;
  /** As the stack says it, on loopback: for programs that take any host name. */
  readonly endpoint: string;
  /** What starts Bursar's own command-line tool. */
  readonly bursar: readonly string[];
  readonly paymentManagerArn: string;
  /** The manager that takes no tokens, in either mode. */
  readonly signedManagerArn: string;
  readonly paymentConnectorIds: LocalStack['info']['paymentConnectorIds'];
  readonly aged: AgedResources;
  readonly sellers: LocalStack['info']['sellers'];
  readonly faucet: string;
  readonly credentials: LocalStack['info']['credentials'];
  readonly awsAccount: LocalStack['info']['awsAccount'];
  readonly coinbaseCdp: LocalStack['info']['coinbaseCdp'];
  readonly stripePrivy: LocalStack['info']['stripePrivy'];
  readonly discoveryUrl: string;
  readonly tokenEndpoint: string;
  readonly clients: Readonly<Record<string, LocalClient>>;
  /** What of AWS's model Bursar has, and what it leaves out. */
  readonly contract: ReturnType<typeof describeContract>;
}

/** How callers prove who they are. */
type Mode = 'iam' | 'bearer';

const started = performance.now();
const say = (line: string): void => {
  process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
};

async function describeStack(stack: LocalStack, mode: Mode): Promise<StackFile> {
  const { region, sellers, faucet, credentials, awsAccount, coinbaseCdp, stripePrivy, jwt } = stack.info;
  const { paymentManagerArn, paymentConnectorIds } = mode === 'iam' ? stack.info : jwt;
  const aged = mode === 'iam' ? await ageSigned(stack, USER) : await ageWithTokens(stack);
  return {
    mode,
    region,
    endpoint: stack.info.endpoint,
    bursar: [process.execPath, join(ROOT, 'bin', 'cli.ts')],
    paymentManagerArn,
    signedManagerArn: stack.info.paymentManagerArn,
    paymentConnectorIds,
    aged,
    sellers,
    faucet,
    credentials,
    awsAccount,
    coinbaseCdp,
    stripePrivy,
    discoveryUrl: jwt.discoveryUrl,
    tokenEndpoint: jwt.tokenEndpoint,
    clients: jwt.clients,
    contract: describeContract(),
  };
}

function describeContract() {
  const operations = AGENTCORE_OPERATIONS.map((name) => {
    const { method, path, successStatus } = OPERATIONS[name];
    return [name, { method, path, successStatus }] as const;
  });
  return {
    paths: COVERED_PATHS.source,
    operations: Object.fromEntries(operations),
    leftOut: Object.keys(EXCLUDED_OPERATIONS),
  };
}

/** Runs pytest in one mode, since the SDK reads its endpoints once per process. Returns its exit status. */
async function runTests(python: string, stack: LocalStack, mode: Mode, dir: string): Promise<number> {
  const file = join(dir, `${mode}.json`);
  writeFileSync(file, JSON.stringify(await describeStack(stack, mode)), { mode: 0o600 });
  const endpoint = toAwsName(stack.info.endpoint);
  const env = {
    ...cleanEnvironment(),
    BURSAR_STACK_FILE: file,
    BEDROCK_AGENTCORE_CP_ENDPOINT: endpoint,
    BEDROCK_AGENTCORE_DP_ENDPOINT: mode === 'iam' ? endpoint : toAwsName(stack.info.jwt.endpoint),
    AWS_REGION: stack.info.region,
    AWS_DEFAULT_REGION: stack.info.region,
  };
  const folders = [join(TESTS, 'both'), join(TESTS, mode)];
  const args = ['-m', 'pytest', '--config-file', join(TESTS, 'pytest.ini'), ...folders, ...process.argv.slice(2)];
  const child = spawn(python, args, { cwd: TESTS, env, stdio: 'inherit', timeout: PYTEST_TIMEOUT_MS });
  return (await untilChildEnds(child)).code ?? 1;
}

/** Without what would lead the clients, or Python itself, elsewhere. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !SETTINGS.test(name));
  return {
    ...Object.fromEntries(kept),
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    PYTHONDONTWRITEBYTECODE: '1',
    OTEL_SDK_DISABLED: 'true',
  };
}

function toAwsName(endpoint: string): string {
  const url = new URL(endpoint);
  url.hostname = HOST;
  return url.href;
}

async function main(): Promise<number> {
  if (process.argv.includes('--help')) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const interpreter = await findInterpreter();
  const python = await provideEnvironment({ interpreter, requirementsDir: TESTS, cacheDir: CACHE, say });
  const dir = mkdtempSync(join(tmpdir(), 'bursar-python-'));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
  const stack = await startStack({ port: 0, dataDir: join(dir, 'data'), fresh: 'keep', progress: say });
  try {
    say('with signatures (AWS_IAM)');
    const withSignatures = await runTests(python, stack, 'iam', dir);
    say('with tokens (CUSTOM_JWT)');
    const withTokens = await runTests(python, stack, 'bearer', dir);
    say(withSignatures + withTokens === 0 ? 'the Python packages work with this stack' : 'some tests failed');
    return Math.max(withSignatures, withTokens);
  } finally {
    await stack.close();
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`test:python failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
