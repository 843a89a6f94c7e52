import type { LocalInfo } from '../../local/info.ts';
import type { FileStore } from '../terminal/files.ts';
import { EXIT, CliError } from '../terminal/outcome.ts';

/** What `init` remembers, so that later commands need no ids. It holds no secret. */
export interface CliContext {
  readonly kind: 'local' | 'deployed';
  readonly endpoint: string;
  readonly region: string;
  readonly userId: string;
  readonly paymentManagerArn: string;
  readonly paymentConnectorId: string;
  readonly paymentInstrumentId: string | null;
  readonly walletAddress: string | null;
  /** AgentCore's name of the chain that the wallet is funded on, such as `BASE_SEPOLIA`. */
  readonly chain: string;
  readonly paymentSessionId: string | null;
}

export const CONTEXT_FILE = '.bursar/context.json';
/** Of the context that is used where none is named; the others have a file each beside it. */
export const DEFAULT_CONTEXT = 'default';
const CONTEXTS_DIRECTORY = '.bursar/contexts';
const CURRENT_FILE = '.bursar/current-context';
const CONTEXT_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
export const LOCAL_FILE = '.bursar/local.json';
const FILE_MAX_BYTES = 64 * 1024;
const CONTEXT_VERSION = 1;

/** Throws `CliError` for what cannot be the name of a context. */
export function checkContextName(name: string): string {
  if (CONTEXT_NAME.test(name)) return name;
  throw new CliError(
    EXIT.usage,
    `the name of a context is 1 to 32 small letters, digits and hyphens. Received: ${name}`,
  );
}

export function contextFile(name: string): string {
  return name === DEFAULT_CONTEXT ? CONTEXT_FILE : `${CONTEXTS_DIRECTORY}/${name}.json`;
}

/** The name of the context that `bursar context use` chose. */
export async function readCurrentContext(files: FileStore): Promise<string> {
  const bytes = await files.read(CURRENT_FILE, FILE_MAX_BYTES);
  const name = bytes === null ? DEFAULT_CONTEXT : new TextDecoder().decode(bytes).trim();
  return CONTEXT_NAME.test(name) ? name : DEFAULT_CONTEXT;
}

export async function writeCurrentContext(files: FileStore, name: string): Promise<void> {
  if (name === DEFAULT_CONTEXT) await files.remove(CURRENT_FILE);
  else await files.write(CURRENT_FILE, `${name}\n`);
}

/** Names of the contexts that there are, in order; the default one first. */
export async function listContexts(files: FileStore): Promise<readonly string[]> {
  const others = (await files.list(CONTEXTS_DIRECTORY)).flatMap((file) => {
    const name = file.replace(/\.json$/, '');
    return name !== file && CONTEXT_NAME.test(name) ? [name] : [];
  });
  return (await files.exists(CONTEXT_FILE)) ? [DEFAULT_CONTEXT, ...others] : others;
}

/** The context of a name, or `null`. Throws `CliError` where the file is there and is not one. */
export async function readContext(files: FileStore, contextName: string): Promise<CliContext | null> {
  const file = contextFile(contextName);
  const found = await readJson(files, file);
  if (found === null) return null;
  const text = (name: string): string => {
    const value = found[name];
    if (typeof value === 'string' && value !== '') return value;
    throw broken(file, `${name} must be a text`);
  };
  const textOrNull = (name: string): string | null => (found[name] === null ? null : text(name));
  if (found['version'] !== CONTEXT_VERSION) throw broken(file, `version must be ${CONTEXT_VERSION}`);
  const kind = text('kind');
  if (kind !== 'local' && kind !== 'deployed') throw broken(file, 'kind must be local or deployed');
  return {
    kind,
    endpoint: text('endpoint'),
    region: text('region'),
    userId: text('userId'),
    paymentManagerArn: text('paymentManagerArn'),
    paymentConnectorId: text('paymentConnectorId'),
    paymentInstrumentId: textOrNull('paymentInstrumentId'),
    walletAddress: textOrNull('walletAddress'),
    chain: text('chain'),
    paymentSessionId: textOrNull('paymentSessionId'),
  };
}

export async function writeContext(files: FileStore, contextName: string, context: CliContext): Promise<void> {
  await files.write(contextFile(contextName), `${JSON.stringify({ version: CONTEXT_VERSION, ...context }, null, 2)}\n`);
}

/** The part of the local stack's file that the tool uses. */
export type LocalStackFile = Pick<
  LocalInfo,
  'endpoint' | 'region' | 'paymentManagerArn' | 'paymentConnectorIds' | 'faucet'
> & {
  readonly credentials: Pick<LocalInfo['credentials'], 'controlPlane' | 'management' | 'processPayment'> &
    Partial<LocalInfo['credentials']>;
  readonly chains?: LocalInfo['chains'];
  readonly aws?: LocalInfo['aws'];
  readonly signerFunction?: LocalInfo['signerFunction'];
  readonly facilitator?: LocalInfo['facilitator'];
  readonly sellers?: LocalInfo['sellers'];
};

/** What the local stack wrote when it was started last, or `null`. It may not be running any more. */
export async function readLocalFile(files: FileStore): Promise<LocalStackFile | null> {
  const found = (await readJson(files, LOCAL_FILE)) as Partial<LocalStackFile> | null;
  if (found === null) return null;
  const { endpoint, region, credentials, paymentManagerArn, paymentConnectorIds, faucet } = found;
  const keys = [credentials?.controlPlane, credentials?.management, credentials?.processPayment];
  const complete =
    [endpoint, region, paymentManagerArn, paymentConnectorIds?.SeedVault, faucet].every(
      (value) => typeof value === 'string',
    ) && keys.every((key) => typeof key?.accessKeyId === 'string' && typeof key.secretAccessKey === 'string');
  if (!complete) throw broken(LOCAL_FILE, 'members are missing; start the local stack again');
  return found as LocalStackFile;
}

async function readJson(files: FileStore, name: string): Promise<Record<string, unknown> | null> {
  const bytes = await files.read(name, FILE_MAX_BYTES);
  if (bytes === null) return null;
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Falls through: what cannot be read is not shown, since it may hold keys.
  }
  throw broken(name, 'it must be a JSON object');
}

function broken(name: string, why: string): CliError {
  return new CliError(EXIT.failed, `${name} cannot be used: ${why}`, {
    hint: `delete ${name} and make it anew: bursar init for the context, npm run local for the local stack`,
  });
}
