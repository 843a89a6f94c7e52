import { createHash } from 'node:crypto';
import { BursarError, type BursarClient } from '../../client/index.ts';
import type { Command, Invocation } from '../program/command.ts';
import { CONTEXT_FILE, contextFile, writeContext, type CliContext } from '../target/context.ts';
import { managerIdOf } from '../target/ids.ts';
import {
  createConnector,
  getConnector,
  createInstrument,
  createManager,
  getInstrument,
  getManager,
  listConnectors,
  listInstruments,
  listManagers,
  type ConnectorView,
  type InstrumentView,
  type ManagerView,
  type Owner,
} from '../operations.ts';
import { CliError, done, EXIT, usageError, type Outcome } from '../terminal/outcome.ts';
import { clientOf, type Target } from '../target/target.ts';
import { formatFacts, tell, wrap } from '../terminal/layout.ts';
import { paint } from '../terminal/terminal.ts';
import { chainOf, formatAddressUri, formatQrCode } from '../target/wallet.ts';

const MANAGER_NAME_DEFAULT = 'bursar';
const MANAGER_NAME = /^[a-zA-Z][a-zA-Z0-9]{0,47}$/;
const CONNECTOR_TYPES = ['SeedVault', 'AwsKms', 'CoinbaseCDP', 'StripePrivy', 'ExternalSigner'] as const;
type ConnectorType = (typeof CONNECTOR_TYPES)[number];
/** How a connector names its credential provider, by the types that have one. */
const CREDENTIAL_MEMBERS: Readonly<Partial<Record<ConnectorType, 'coinbaseCDP' | 'stripePrivy'>>> = {
  CoinbaseCDP: 'coinbaseCDP',
  StripePrivy: 'stripePrivy',
};
/** The API requires a role ARN, which Bursar never assumes: its functions have roles of their own. */
const UNUSED_ROLE = 'arn:aws:iam::000000000000:role/bursar-cli-unused';
/** A name whose resource was deleted still answers under its old token: so many names in a row may be used up. */
const GENERATIONS_MAX = 8;
/** Where the texts of `manager    bursar is there` and of `  1. bursar faucet` begin. */
const FACTS_INDENT = 11;
const STEP_INDENT = 5;
const GONE = /^(?:DELETED|DELETING|FAILED|CREATE_FAILED)$/;

type Say = (line: string) => void;

/** The same names always give the same token, so that a second `init` finds what the first one made. */
export function tokenOf(...names: readonly string[]): string {
  return `bursar-cli-${createHash('sha256').update(JSON.stringify(names)).digest('hex').slice(0, 48)}`;
}

/** Asks for a resource under one token after the other until the answer is one that still exists. */
async function createUnderName<T extends { readonly status: string }>(
  names: readonly string[],
  create: (clientToken: string) => Promise<T>,
): Promise<T> {
  for (let generation = 0; generation < GENERATIONS_MAX; generation += 1) {
    const made = await create(tokenOf(...names, `${generation}`));
    if (!GONE.test(made.status)) return made;
  }
  throw new CliError(EXIT.failed, `${names.join(' ')} was created and deleted ${GENERATIONS_MAX} times`, {
    hint: 'choose another --name or --user',
  });
}

async function findManager(client: BursarClient, target: Target, name: string, say: Say): Promise<ManagerView> {
  if (target.managerArn !== null) return getManager(client, managerIdOf(target.managerArn));
  const found = (await listManagers(client)).find((each) => each.name === name && !GONE.test(each.status));
  if (found !== undefined) {
    say(`manager    ${name} is there`);
    return found;
  }
  say(`manager    creating ${name}`);
  return createUnderName(['manager', name], (clientToken) =>
    createManager(client, { name, clientToken, authorizerType: 'AWS_IAM', roleArn: UNUSED_ROLE }),
  );
}

async function findConnector(
  client: BursarClient,
  managerId: string,
  {
    type,
    connectorId,
    credentials,
    signer,
    say,
  }: {
    readonly type: ConnectorType;
    readonly connectorId: string | undefined;
    /** ARN of a credential provider. */
    readonly credentials: string | undefined;
    /** Where a signer of the user's own is asked. */
    readonly signer: SignerChoice | undefined;
    readonly say: Say;
  },
): Promise<ConnectorView> {
  const connectors = (await listConnectors(client, managerId)).filter(({ status }) => !GONE.test(status));
  if (connectorId !== undefined) {
    const named = connectors.find(({ paymentConnectorId }) => paymentConnectorId === connectorId);
    if (named !== undefined) return named;
    throw usageError(`the manager ${managerId} has no connector ${connectorId}`);
  }
  const found = connectors.find((each) => each.type === type);
  if (found !== undefined) {
    say(`connector  ${found.name} (${type}) is there`);
    if (type === 'ExternalSigner') tellKey(await getConnector(client, managerId, found.paymentConnectorId), say);
    return found;
  }
  const member = CREDENTIAL_MEMBERS[type];
  if (member !== undefined && credentials === undefined) {
    throw usageError(
      `a connector of ${type} needs a credential provider`,
      'CreatePaymentCredentialProvider keeps the keys of the project; name its ARN with --credentials',
    );
  }
  if (type === 'ExternalSigner' && signer === undefined) {
    throw usageError(`a connector of ${type} needs the place of the signer`, 'name it with --signer or --function');
  }
  say(`connector  creating ${type}`);
  const name = type.toLowerCase();
  const made = await createUnderName(['connector', managerId, name], (clientToken) =>
    createConnector(client, {
      paymentManagerId: managerId,
      name,
      type,
      clientToken,
      credentialProviderConfigurations: configurationsOf(member, credentials),
      ...(signer === undefined ? {} : { signer }),
    }),
  );
  tellKey(made, say);
  return made;
}

/** A signer trusts the connector by it. */
function tellKey({ signer }: Pick<ConnectorView, 'signer'>, say: Say): void {
  if (signer !== undefined)
    say(`signer     let ${signer.url ?? signer.functionArn} take requests of the key ${signer.publicKey}`);
}

type SignerChoice = { readonly url: string } | { readonly functionArn: string };

function signerOf(url: string | undefined, functionArn: string | undefined): SignerChoice | undefined {
  if (url !== undefined && functionArn !== undefined)
    throw usageError('--signer and --function are two places of one signer: name one of them');
  if (url !== undefined) return { url };
  return functionArn === undefined ? undefined : { functionArn };
}

function configurationsOf(
  member: 'coinbaseCDP' | 'stripePrivy' | undefined,
  credentialProviderArn = '',
): Parameters<typeof createConnector>[1]['credentialProviderConfigurations'] {
  if (member === undefined) return [];
  const provider = { credentialProviderArn };
  return [member === 'coinbaseCDP' ? { coinbaseCDP: provider } : { stripePrivy: provider }];
}

async function findWallet(
  client: BursarClient,
  owner: Owner,
  {
    connectorId,
    network,
    email,
    address,
    say,
  }: {
    readonly connectorId: string;
    readonly network: 'ETHEREUM';
    readonly email: string | undefined;
    /** Of a wallet whose key is made elsewhere. */
    readonly address: string | undefined;
    readonly say: Say;
  },
): Promise<InstrumentView> {
  const open = (await listInstruments(client, owner, connectorId)).find(({ status }) => status === 'ACTIVE');
  if (open !== undefined) {
    say(`wallet     ${open.paymentInstrumentId} is there`);
    return getInstrument(client, owner, open.paymentInstrumentId);
  }
  say(`wallet     creating one for ${owner.userId}`);
  const names = [
    'instrument',
    owner.paymentManagerArn,
    connectorId,
    owner.userId,
    ...[email, address].filter((each) => each !== undefined),
  ];
  const linkedAccounts = email === undefined ? [] : [{ email: { emailAddress: email } }];
  return createUnderName(names, (clientToken) =>
    createInstrument(client, owner, {
      clientToken,
      paymentConnectorId: connectorId,
      paymentInstrumentType: 'EMBEDDED_CRYPTO_WALLET',
      paymentInstrumentDetails: {
        embeddedCryptoWallet: {
          network,
          linkedAccounts,
          ...(address === undefined ? {} : { walletAddress: address }),
        },
      },
    }),
  );
}

interface Tenant {
  readonly paymentManagerArn: string;
  readonly paymentConnectorId: string;
}

/** Manager and connector. A caller that is not an operator gets those that the options or an earlier run name. */
async function findTenant({ deps, target, options }: Invocation, say: Say): Promise<Tenant> {
  const name = options.text('name') ?? MANAGER_NAME_DEFAULT;
  const connectorId = options.text('connector');
  if (!MANAGER_NAME.test(name)) {
    throw usageError(`--name must be a letter followed by at most 47 letters and digits. Received: ${name}`);
  }
  const type = connectorTypeOf(options.text('type') ?? CONNECTOR_TYPES[0]);
  const known = knownTenant(target, connectorId);
  const local = options.text('name') === undefined ? localTenant(target, { type, connectorId }) : null;
  if (local !== null) return local;
  if (target.access.kind === 'token') {
    if (known !== null) return known;
    throw usageError('a token cannot create managers and connectors', 'name them with --manager and --connector');
  }
  try {
    const client = clientOf(deps, target, 'controlPlane');
    const { paymentManagerArn, paymentManagerId } = await findManager(client, target, name, say);
    const connector = await findConnector(client, paymentManagerId, {
      type,
      connectorId,
      credentials: options.text('credentials'),
      signer: signerOf(options.text('signer'), options.text('function')),
      say,
    });
    return { paymentManagerArn, paymentConnectorId: connector.paymentConnectorId };
  } catch (error) {
    if (known === null || !isDenied(error)) throw error;
    say('manager    not checked: these credentials are not an operator’s');
    return known;
  }
}

/** The local stack has made its manager and connectors at its start; `npm start` plays its story with them. */
function localTenant(
  { access, local, managerArn }: Target,
  { type, connectorId }: { readonly type: ConnectorType; readonly connectorId: string | undefined },
): Tenant | null {
  if (access.kind !== 'local' || local === null || managerArn !== null || connectorId !== undefined) return null;
  if (type === 'ExternalSigner') return null;
  const paymentConnectorId = local.paymentConnectorIds[type];
  return typeof paymentConnectorId === 'string'
    ? { paymentManagerArn: local.paymentManagerArn, paymentConnectorId }
    : null;
}

function knownTenant({ managerArn, context }: Target, connectorId: string | undefined): Tenant | null {
  const paymentManagerArn = managerArn ?? context?.paymentManagerArn;
  const saved = context?.paymentManagerArn === paymentManagerArn ? context?.paymentConnectorId : undefined;
  const paymentConnectorId = connectorId ?? saved;
  if (paymentManagerArn === undefined || paymentConnectorId === undefined) return null;
  return { paymentManagerArn, paymentConnectorId };
}

function connectorTypeOf(text: string): ConnectorType {
  const type = CONNECTOR_TYPES.find((each) => each === text);
  if (type === undefined) throw usageError(`--type must be ${CONNECTOR_TYPES.join(' or ')}. Received: ${text}`);
  return type;
}

function isDenied(error: unknown): boolean {
  return error instanceof BursarError && error.status === 403;
}

async function runInit(invocation: Invocation): Promise<Outcome> {
  const { deps, target, options } = invocation;
  const say: Say = (line) => tell(deps.terminal, line, FACTS_INDENT);
  const network = chainOf(options, target.context);
  const tenant = await findTenant(invocation, say);
  const before = target.context;
  const sameOwner = before?.userId === target.userId && before.paymentManagerArn === tenant.paymentManagerArn;
  const context: CliContext = {
    kind: target.local === null ? 'deployed' : 'local',
    endpoint: target.endpoint,
    region: target.region,
    userId: target.userId,
    ...tenant,
    paymentInstrumentId: null,
    walletAddress: null,
    chain: network.chain,
    paymentSessionId: sameOwner ? before.paymentSessionId : null,
  };
  await writeContext(deps.state, target.contextName, context);
  const wallet = await openWallet(invocation, context, say);
  const address = wallet.paymentInstrumentDetails.embeddedCryptoWallet.walletAddress ?? null;
  const complete = { ...context, paymentInstrumentId: wallet.paymentInstrumentId, walletAddress: address };
  await writeContext(deps.state, target.contextName, complete);
  const fundingUri = address === null ? null : formatAddressUri(address, network);
  const nextSteps = nextStepsOf(target, complete, wallet, network.testnet ? 'test' : 'real');
  return done({ ...complete, fundingUri, nextSteps }, describe(invocation, { ...complete, fundingUri, nextSteps }));
}

async function openWallet(
  { deps, target, options }: Invocation,
  context: CliContext,
  say: Say,
): Promise<InstrumentView> {
  try {
    return await findWallet(clientOf(deps, target, 'management'), context, {
      connectorId: context.paymentConnectorId,
      network: 'ETHEREUM',
      email: options.text('email'),
      address: options.text('address'),
      say,
    });
  } catch (error) {
    if (!isDenied(error) || target.access.kind === 'local') throw error;
    throw new CliError(EXIT.failed, 'manager and connector are there, but these credentials may not make a wallet', {
      hint: `run bursar init again as ManagementRole (--role-arn or --profile); ${contextFile(target.contextName)} remembers what was made`,
      cause: error,
    });
  }
}

function nextStepsOf(
  target: Target,
  { walletAddress, chain }: CliContext,
  wallet: InstrumentView,
  money: 'test' | 'real',
): readonly string[] {
  const { redirectUrl } = wallet.paymentInstrumentDetails.embeddedCryptoWallet;
  const fund =
    target.local === null
      ? `send USDC on ${chain} to ${walletAddress ?? 'the wallet'}${money === 'test' ? ' (https://faucet.circle.com gives test USDC)' : ''}`
      : 'bursar faucet';
  return [
    ...(redirectUrl === undefined ? [] : [`let the wallet sign, as its user: ${redirectUrl}`]),
    fund,
    'bursar session create --budget 10.00 --minutes 60',
    `bursar pay ${target.local?.sellers?.find(({ name }) => name === 'weather')?.url ?? 'URL'}`,
  ];
}

function describe(
  { deps: { terminal }, target }: Invocation,
  made: CliContext & { readonly fundingUri: string | null; readonly nextSteps: readonly string[] },
): string {
  const facts = formatFacts(
    {
      manager: made.paymentManagerArn,
      connector: made.paymentConnectorId,
      wallet: made.paymentInstrumentId,
      user: target.access.kind === 'token' ? 'the token’s' : made.userId,
      address: made.walletAddress,
      chain: `${made.chain} (USDC)`,
    },
    terminal.columns,
  );
  const code = terminal.screen && made.fundingUri !== null ? ['', formatQrCode(terminal, made.fundingUri)] : [];
  const steps = made.nextSteps.map((step, index) => wrap(`  ${index + 1}. ${step}`, terminal.columns, STEP_INDENT));
  return [facts, ...code, made.fundingUri ?? '', '', paint(terminal, 'bold', 'next'), ...steps].join('\n');
}

export const init: Command = {
  name: 'init',
  context: 'made',
  summary: 'finds or makes manager, connector and wallet, and shows where to send its money',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    name: { value: 'NAME', help: `of the payment manager (default ${MANAGER_NAME_DEFAULT})` },
    type: {
      value: 'TYPE',
      help: 'of the connector: SeedVault (default), AwsKms, CoinbaseCDP, StripePrivy or ExternalSigner',
    },
    credentials: { value: 'ARN', help: 'credential provider of a new connector of CoinbaseCDP or StripePrivy' },
    email: { value: 'ADDRESS', help: 'whose wallet of CoinbaseCDP or StripePrivy it is (default: the project’s own)' },
    signer: { value: 'URL', help: 'of a new connector of ExternalSigner: where your signer is asked' },
    function: { value: 'ARN', help: 'of the Lambda function that is your signer, with its alias or version' },
    address: { value: 'ADDRESS', help: 'of the wallet whose key that signer has' },
    connector: { value: 'ID', help: 'a connector that is there already' },
    chain: { value: 'CHAIN', help: 'BASE_SEPOLIA (default, test money), BASE or ETHEREUM' },
  },
  role: 'ControlPlaneRole for manager and connector, ManagementRole for the wallet; with a token, the management scope',
  examples: [
    ['bursar init', 'against the local stack'],
    ['bursar init --endpoint https://ID.execute-api.us-east-1.amazonaws.com/v1 --profile ops', 'a deployed one'],
    ['bursar init --role-arn arn:aws:iam::111122223333:role/ManagementRole', 'the wallet, as the backend'],
    ['bursar init --type AwsKms --user alice', 'a wallet in KMS for alice'],
    ['bursar init --type CoinbaseCDP --email ada@example.com', 'a wallet of Coinbase, which Ada lets sign'],
  ],
  notes: [
    `It can be run again at any time: what is there is found, and nothing is made twice. ${CONTEXT_FILE} remembers the ids (no secret) for the other commands.`,
  ],
  run: runInit,
};
