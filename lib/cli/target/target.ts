import { createBursarClient, type BursarClient } from '../../client/index.ts';
import { isSecureUrl } from '../../domain/loopback.ts';
import { isUserId, USER_ID_RULE } from '../../domain/tenants/user-id.ts';
import type { ChainRequest, CredentialSource } from './aws.ts';
import type { FileStore } from '../terminal/files.ts';
import type { Options } from '../terminal/options.ts';
import {
  checkContextName,
  contextFile,
  DEFAULT_CONTEXT,
  listContexts,
  LOCAL_FILE,
  readContext,
  readCurrentContext,
  readLocalFile,
  type CliContext,
  type LocalStackFile,
} from './context.ts';
import { suggest } from '../program/suggestion.ts';
import { usageError } from '../terminal/outcome.ts';

/** The roles of a deployment that commands act in; the local stack has keys of each. */
export type CallerRole = 'controlPlane' | 'management' | 'processPayment' | 'treasury';

export type Access =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'local'; readonly local: LocalStackFile }
  | { readonly kind: 'aws'; readonly source: CredentialSource; readonly described: string };

export interface TargetDeps {
  /** Of the directory that has `.bursar`. */
  readonly state: FileStore;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user of calls where none is named. */
  readonly userName: string;
  readonly fetch: typeof fetch;
  readonly awsCredentials: (request: ChainRequest) => CredentialSource;
}

/** Which deployment a command talks to, as whom, and what is known of it. */
export interface Target {
  /** With its stage, without a slash at the end; empty where none is known and the command does without. */
  readonly endpoint: string;
  /** Where the endpoint was found, for people. */
  readonly foundIn: string;
  readonly region: string;
  readonly access: Access;
  readonly userId: string;
  /** The name of the context that was chosen, be it there or not. */
  readonly contextName: string;
  /** The context file, where it is of this endpoint; its ids are of `context.userId`. */
  readonly context: CliContext | null;
  readonly local: LocalStackFile | null;
  /** Given by hand or by the environment. */
  readonly managerArn: string | null;
}

const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d$/;
const GATEWAY_HOST = /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;
const MANAGER_ARN = /^arn:aws[a-z-]*:bedrock-agentcore:[a-z0-9-]+:\d{12}:payment-manager\/[0-9a-z-]{12,211}$/;

/** What a command needs to know of a deployment. A `named` context must be there; `init` makes it. */
export interface TargetNeed {
  readonly endpoint: 'required' | 'optional';
  readonly context: 'found' | 'made';
}

/** Finds out where the command goes: option, environment, context, local stack, in this order. Throws `CliError`. */
export async function resolveTarget(
  deps: TargetDeps,
  options: Options,
  need: TargetNeed = { endpoint: 'required', context: 'found' },
): Promise<Target> {
  const { name: contextName, isNamed } = await chooseContext(deps, options);
  const saved = await readContext(deps.state, contextName);
  if (saved === null && isNamed && need.context === 'found') await refuseContext(deps, contextName);
  const local = await readLocalFile(deps.state);
  const { endpoint, foundIn } = findEndpoint({ deps, options, need: need.endpoint, contextName }, saved, local);
  const context = saved !== null && isOf(saved, endpoint, local) ? saved : null;
  const isLocal = local !== null && sameEndpoint(local.endpoint, endpoint);
  const region = findRegion(deps, options, endpoint, context ?? (isLocal ? local : null));
  const userId = options.text('user') ?? deps.env['BURSAR_USER'] ?? context?.userId ?? deps.userName;
  if (!isUserId(userId)) throw usageError(`--user must be ${USER_ID_RULE}. Received: ${userId}`);
  const managerArn = options.text('manager') ?? deps.env['BURSAR_MANAGER'] ?? null;
  if (managerArn !== null && !MANAGER_ARN.test(managerArn)) {
    throw usageError(`--manager must be the ARN of a payment manager. Received: ${managerArn}`);
  }
  const access = findAccess(deps, options, { region, userId, local: isLocal ? local : null });
  const where = { endpoint, foundIn, region, contextName };
  return { ...where, access, userId, context, local: isLocal ? local : null, managerArn };
}

function noCredentials(): never {
  throw new Error('a command that asks no deployment has no credentials');
}

/** The target of a command that asks no deployment. */
export async function nowhere(deps: Pick<TargetDeps, 'env' | 'state' | 'userName'>, options: Options): Promise<Target> {
  const { name: contextName } = await chooseContext(deps, options);
  const access: Access = { kind: 'aws', source: noCredentials, described: 'none' };
  const place = { endpoint: '', foundIn: 'nowhere', region: '', contextName, context: null, local: null };
  return { ...place, access, userId: deps.userName, managerArn: null };
}

/** Whose name is in the option, in the environment or in what `bursar context use` wrote. */
export async function chooseContext(
  deps: Pick<TargetDeps, 'env' | 'state'>,
  options: Options,
): Promise<{ readonly name: string; readonly isNamed: boolean }> {
  const given = options.text('context') ?? deps.env['BURSAR_CONTEXT'];
  if (given) return { name: checkContextName(given), isNamed: given !== DEFAULT_CONTEXT };
  const name = await readCurrentContext(deps.state);
  return { name, isNamed: name !== DEFAULT_CONTEXT };
}

async function refuseContext({ state }: Pick<TargetDeps, 'state'>, name: string): Promise<never> {
  const names = await listContexts(state);
  const meant = suggest(name, names);
  throw usageError(
    `there is no context ${name}${meant === null ? '' : `: did you mean ${meant}?`}`,
    names.length === 0 ? `\`bursar init --context ${name}\` makes it` : `there are: ${names.join(', ')}`,
  );
}

interface EndpointSearch {
  readonly deps: TargetDeps;
  readonly options: Options;
  readonly need: TargetNeed['endpoint'];
  readonly contextName: string;
}

function findEndpoint(
  { deps, options, need, contextName }: EndpointSearch,
  saved: CliContext | null,
  local: LocalStackFile | null,
) {
  const given = options.text('endpoint');
  if (given !== undefined) return { endpoint: parseEndpoint(given, '--endpoint'), foundIn: '--endpoint' };
  const fromEnv = deps.env['BURSAR_ENDPOINT'];
  // A context named on the command line counts more than variables of the shell.
  const isMeant = saved !== null && options.text('context') !== undefined;
  if (fromEnv && !isMeant) return { endpoint: parseEndpoint(fromEnv, 'BURSAR_ENDPOINT'), foundIn: 'BURSAR_ENDPOINT' };
  // The local stack may have moved to another port since init: its own file knows.
  if (saved !== null && !(saved.kind === 'local' && local !== null)) {
    const file = contextFile(contextName);
    return { endpoint: parseEndpoint(saved.endpoint, file), foundIn: file };
  }
  if (local !== null) return { endpoint: parseEndpoint(local.endpoint, LOCAL_FILE), foundIn: LOCAL_FILE };
  if (need === 'optional') return { endpoint: '', foundIn: 'nowhere' };
  throw usageError(
    `there is no endpoint: neither --endpoint nor BURSAR_ENDPOINT, no ${contextFile(contextName)}, no ${LOCAL_FILE}`,
    'start a local one with `npm run local`, or name a deployed one: bursar init --endpoint https://ID.execute-api.REGION.amazonaws.com/v1',
  );
}

function parseEndpoint(text: string, from: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (
    url === null ||
    !isSecureUrl(url) ||
    url.search !== '' ||
    url.hash !== '' ||
    url.username !== '' ||
    url.password !== ''
  ) {
    throw usageError(
      `${from} must be an https URL with its stage, such as https://ID.execute-api.us-east-1.amazonaws.com/v1 (http on loopback only)`,
    );
  }
  return url.href.replace(/\/+$/, '');
}

function isOf(saved: CliContext, endpoint: string, local: LocalStackFile | null): boolean {
  if (sameEndpoint(saved.endpoint, endpoint)) return true;
  return saved.kind === 'local' && local !== null && sameEndpoint(local.endpoint, endpoint);
}

function sameEndpoint(a: string, b: string): boolean {
  return plainEndpoint(a) === plainEndpoint(b);
}

function plainEndpoint(text: string): string {
  return text.replace(/\/+$/, '').replace(/\/oauth$/, '');
}

function findRegion(
  deps: TargetDeps,
  options: Options,
  endpoint: string,
  known: { readonly region: string } | null,
): string {
  const region =
    options.text('region') ??
    (endpoint === '' ? undefined : GATEWAY_HOST.exec(new URL(endpoint).hostname)?.[1]) ??
    known?.region ??
    deps.env['AWS_REGION'] ??
    deps.env['AWS_DEFAULT_REGION'];
  if (region === undefined) throw usageError('there is no region: name one with --region or AWS_REGION');
  if (!REGION.test(region)) throw usageError(`--region must be a region such as us-east-1. Received: ${region}`);
  return region;
}

const ROLE_ARN = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/;

function findAccess(
  deps: TargetDeps,
  options: Options,
  {
    region,
    userId,
    local,
  }: { readonly region: string; readonly userId: string; readonly local: LocalStackFile | null },
): Access {
  const token = deps.env['BURSAR_TOKEN'];
  if (token) return { kind: 'token', token };
  const profile = options.text('profile') ?? null;
  const roleArn = options.text('role-arn');
  if (local !== null && profile === null && roleArn === undefined) return { kind: 'local', local };
  if (roleArn !== undefined && !ROLE_ARN.test(roleArn)) {
    throw usageError(`--role-arn must be the ARN of an IAM role. Received: ${roleArn}`);
  }
  const assume = roleArn === undefined ? null : { roleArn, sessionName: sessionNameOf(options, userId) };
  const described = [
    profile === null ? 'the credential chain' : `profile ${profile}`,
    ...(assume === null ? [] : [`role ${assume.roleArn}`]),
  ];
  return { kind: 'aws', source: deps.awsCredentials({ region, profile, assume }), described: described.join(', ') };
}

/** A deployment that binds users to callers reads the user here. */
function sessionNameOf(options: Options, userId: string): string {
  const name = options.text('user') === undefined ? 'bursar-cli' : userId;
  return /^[\w+=,.@-]{2,64}$/.test(name) ? name : 'bursar-cli';
}

/** A client of the deployment in one role. Without local keys the role is whatever the credentials have. */
export function clientOf(deps: TargetDeps, target: Target, role: CallerRole): BursarClient {
  const { access, region } = target;
  switch (access.kind) {
    case 'token': {
      const endpoint = target.endpoint.endsWith('/oauth') ? target.endpoint : `${target.endpoint}/oauth`;
      return createBursarClient({ endpoint, fetch: deps.fetch, token: () => access.token });
    }
    case 'local': {
      const credentials = access.local.credentials[role];
      if (credentials === undefined)
        throw usageError(`${LOCAL_FILE} has no key of ${role}: start the local stack again`);
      return createBursarClient({ endpoint: target.endpoint, region, fetch: deps.fetch, credentials });
    }
    case 'aws':
      return createBursarClient({ endpoint: target.endpoint, region, fetch: deps.fetch, credentials: access.source });
  }
}
